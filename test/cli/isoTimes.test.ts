import { expect, it } from 'vitest';
import { withIsoTimes } from '../../src/cli/isoTimes.js';

it('every time of a document stands in one form: beside one in milliseconds, the same in ISO 8601', () => {
  const document = {
    workflow: { startedAt: 1_795_257_600_000 },
    steps: [{ step: 'schema', endedAt: 1_795_257_600_900 }],
    hold: { since: 1_795_257_601_000 },
    opensAt: '2026-11-21T10:45:12.000Z',
    silentForMs: 7,
  };
  expect(withIsoTimes(document)).toEqual({
    workflow: { startedAt: 1_795_257_600_000, startedAtIso: '2026-11-21T10:40:00.000Z' },
    steps: [{ step: 'schema', endedAt: 1_795_257_600_900, endedAtIso: '2026-11-21T10:40:00.900Z' }],
    hold: { since: 1_795_257_601_000, sinceIso: '2026-11-21T10:40:01.000Z' },
    opensAt: '2026-11-21T10:45:12.000Z',
    silentForMs: 7,
  });
});

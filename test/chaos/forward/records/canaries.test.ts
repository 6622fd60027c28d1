import { describe, expect, it } from 'vitest';
import { type Accepted, canariesOf } from '../../../../chaos/forward/records/canaries.js';

const MAPPING = { id: 'set', version: 2 };
const LAKE_LATENCY_MS = 1_000;
const FIRST: Accepted = { eventId: 'first', kind: 1, mapping: MAPPING, atMs: 100, landedAtMs: 400 };

function overtaken(accepted: readonly Partial<Accepted>[], lostCommits: { fromMs: number; toMs: number }[] = []) {
  return canariesOf({
    accepted: accepted.map((one) => ({ eventId: 'second', kind: 1, mapping: MAPPING, atMs: 300, ...one })),
    updatedTo: [MAPPING],
    lakeLatencyMs: LAKE_LATENCY_MS,
    lostCommits,
  }).differences.map(({ wrong, eventId }) => `${wrong}: ${eventId}`);
}

describe('after an update the second event of a kind', () => {
  it.each([
    ['when the first one is in the lake', { atMs: 400 }],
    ['of another kind', { kind: 2 }],
    ['under a mapping that no update has made', { mapping: { id: 'set', version: 0 } }],
    ['that is the first one again, which others count', { eventId: 'first' }],
  ])('may be accepted: %s', (_, second) => {
    expect(overtaken([FIRST, second])).toEqual([]);
  });

  it('may not before', () => {
    expect(overtaken([FIRST, { atMs: 399 }, { eventId: 'third', atMs: 399 }])).toEqual(['before its canary: second']);
  });

  it('may when the lake has had its time, though the first one is not there', () => {
    const { landedAtMs: _, ...never } = FIRST;
    expect(overtaken([never, { atMs: 1_100 }])).toEqual([]);
    expect(overtaken([never, { atMs: 1_099 }])).toHaveLength(1);
  });

  it('may where the database has forgotten the first one meanwhile', () => {
    expect(overtaken([FIRST, {}], [{ fromMs: 150, toMs: 250 }])).toEqual([]);
    expect(overtaken([FIRST, {}], [{ fromMs: 0, toMs: 50 }])).toHaveLength(1);
  });
});

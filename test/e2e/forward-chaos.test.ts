/** A small, seeded part of `npm run chaos:forward`, which tries the whole of it. */
import { describe, expect, it } from 'vitest';
import { runForwardChaos } from '../../chaos/forward/chaosRun.js';
import { onOfTests } from '../support/on.js';

const TIMEOUT_MS = 600_000;

describe('forwarding while processes are killed and the inlet fails', () => {
  it(
    'brings each event to the lake once, or tells why not',
    async () => {
      const run = await runForwardChaos({
        seed: 20_261_121,
        events: 600,
        kills: 6,
        on: onOfTests(),
        log: () => undefined,
      });
      expect(run.comparison.differences).toEqual([]);
      expect(run.audit).toEqual([]);
      expect(run.stuck).toBeUndefined();
      expect(run.holds).toEqual([]);
      expect(run.unexpectedEnds).toEqual([]);
      expect(run.disrupted.failures).toEqual([]);
      expect(run.comparison.delivered).toBeGreaterThan(0);
      // What was taken in the form of 0.1.x before the source was updated, and what came afterwards.
      const sent = [...run.sent.keys()];
      expect(sent).toContainEqual(expect.stringMatching(/^cut, /));
      expect(sent).toContainEqual(expect.stringMatching(/^whole, version [12] /));
      // First events alone, of each kind, after an update.
      expect(run.canaries).toBeGreaterThan(0);
      expect(run.faultHits).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

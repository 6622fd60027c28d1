import { describe, expect, it } from 'vitest';
import type { DrainEnd, ForwarderState, LookUpsAhead } from '../../src/domain/forwarder.js';
import { describeForwarder } from '../../src/domain/forwarderDetails.js';
import {
  drainEnded,
  drainStarted,
  initialForwarderState,
  lookedUp,
  lookUpFailed,
  nextSurvey,
  nextTimer,
  phaseOf,
  planningPauseMs,
  probeFailed,
  surveyed,
  withDue,
  woken,
} from '../../src/domain/forwarderState.js';
import { DELIVERY } from '../forwarder/bench.js';

const NO_PARTS = {
  waiting: 0,
  sending: 0,
  accepted: 0,
  lookedFor: 0,
  held: 0,
  abandoned: 0,
  replaced: 0,
  markedDelivered: 0,
};
const COUNTERS = { taken: 0, accepted: 0, waiting: 0, exceptions: {} };
const first = initialForwarderState({ v: 1, uid: 'u', name: 'n', delivery: DELIVERY });
const known = surveyed(first, { partitions: [0, 1], counters: COUNTERS }, 1);
const draining = drainStarted(drainStarted(known, 0), 1);

const PACE = { firstProbeMs: 100, probesHolds: true };

function ended(state: ForwarderState, end: DrainEnd, dueInMs?: number): ForwarderState {
  return drainEnded(state, { v: 1, partition: 0, accepted: 0, notAccepted: 0, end, dueInMs }, 1_000, 100);
}

describe('forwarder state', () => {
  it('wants every partition at first, and none when all have reported an empty log', () => {
    expect([first.wanted, known.wanted, draining.wanted]).toEqual(['all', [0, 1], []]);
    expect(phaseOf(draining)).toBe('forwarding');
    expect(ended(draining, { kind: 'idle' })).toMatchObject({ wanted: [], draining: [1] });
  });

  it.each<[DrainEnd, Partial<ForwarderState>, string]>([
    [{ kind: 'slice' }, { wanted: [0] }, 'forwarding'],
    [{ kind: 'stopped' }, { wanted: [0] }, 'forwarding'],
    [{ kind: 'gate', gate: { open: false, reason: 'paused' } }, { gate: { reason: 'paused' } }, 'paused'],
    [
      { kind: 'gate', gate: { open: true, opensInMs: 50, reason: '' } },
      { gate: { reason: '', opensAt: 1_050 } },
      'settling',
    ],
    [
      { kind: 'fault', fault: { stops: 'outage', detail: 'HTTP 429', retryAfterMs: 900 } },
      { lastError: 'HTTP 429' },
      'outage',
    ],
  ])('after %j', (end, expected, phase) => {
    const state = ended(draining, end);
    expect(state).toMatchObject(expected);
    expect(phaseOf(state)).toBe(phase);
  });

  it('honours what the destination says about when to come back', () => {
    const away = ended(draining, { kind: 'fault', fault: { stops: 'outage', detail: '', retryAfterMs: 900 } });
    expect(nextTimer(away)).toBe(1_900);
  });

  it('probes at growing intervals, up to a quarter of an hour', () => {
    let state = ended(draining, { kind: 'fault', fault: { stops: 'outage', detail: 'x' } });
    const intervals = Array.from({ length: 20 }, () => {
      state = probeFailed(state, { detail: 'x', stops: 'outage' }, 0, PACE);
      return state.outage?.nextProbeAt ?? 0;
    });
    expect(intervals.slice(0, 3)).toEqual([200, 400, 800]);
    expect(intervals.at(-1)).toBe(900_000);
  });

  it('asks a person when an inlet turns down three probes in a row, and goes on probing, slowly', () => {
    const turnedDown = { detail: 'HTTP 404', stops: 'held' } as const;
    let state = ended(draining, { kind: 'fault', fault: turnedDown });
    state = probeFailed(probeFailed(state, turnedDown, 0, PACE), turnedDown, 0, PACE);
    state = probeFailed(state, { detail: 'no answer', stops: 'outage' }, 0, PACE);
    for (let n = 0; n < 3; n += 1) {
      expect(phaseOf(state)).toBe('outage');
      state = probeFailed(state, turnedDown, 1_000, PACE);
    }
    expect([phaseOf(state), nextTimer(state)]).toEqual(['held', 19_000]);
    const details = describeForwarder({ ...state, phase: 'held' }, 'n', 'forwarder:n');
    expect(details).toContain('--name resume');
    expect(details).toContain('since 1970-01-01T00:00:01.000Z');
    expect(details).toContain('Probed at 1970-01-01T00:00:19.000Z');
    state = probeFailed(state, turnedDown, 19_000, PACE);
    expect(state.hold).toMatchObject({ since: 1_000, probes: 1, nextProbeAt: 37_000 });
    const probed = { kind: 'probed', accepted: true, detail: '' } as const;
    expect(phaseOf(ended(state, probed))).toBe('forwarding');
  });

  it('does not probe what a run of 0.1.0 holds', () => {
    const pace = { firstProbeMs: 100, probesHolds: false };
    const fault = { stops: 'outage', detail: 'no answer' } as const;
    let state = ended(draining, { kind: 'fault', fault });
    state = probeFailed(probeFailed(state, fault, 0, pace), fault, 0, pace);
    state = probeFailed(state, { stops: 'held', detail: 'HTTP 404' }, 0, pace);
    expect([phaseOf(state), nextTimer(state)]).toEqual(['held', undefined]);
  });

  it('remembers when something went wrong, until an event is accepted after it', () => {
    const report = { v: 1, partition: 0, notAccepted: 0 } as const;
    const fault = { stops: 'outage', detail: 'HTTP 503' } as const;
    const away = drainEnded(draining, { ...report, accepted: 3, end: { kind: 'fault', fault } }, 1_000, 100);
    expect(away).toMatchObject({ lastError: 'HTTP 503', lastErrorAt: 1_000 });
    const nothing = drainEnded(away, { ...report, accepted: 0, end: { kind: 'idle' } }, 2_000, 100);
    expect(nothing).toMatchObject({ lastError: 'HTTP 503', lastErrorAt: 1_000 });
    const well = drainEnded(nothing, { ...report, accepted: 1, end: { kind: 'idle' } }, 3_000, 100);
    expect([well.lastError, well.lastErrorAt]).toEqual([undefined, undefined]);
    const probed = drainEnded(
      away,
      { ...report, accepted: 0, end: { kind: 'probed', accepted: true, detail: '' } },
      2,
      1,
    );
    expect(probed.lastError).toBeUndefined();
  });

  it('counts again at a standstill after as long as nothing has changed, and not while it is idle', () => {
    const counted = (state: typeof first, taken: number, now: number) =>
      surveyed(state, { partitions: [0], counters: { ...COUNTERS, taken } }, now);
    const paused = { ...first, gate: { reason: 'paused' } };
    const changed = counted(paused, 8, 100_000);
    expect(nextSurvey(changed, 15_000)).toBe(115_000);
    expect(nextSurvey(counted(changed, 8, 140_000), 15_000)).toBe(180_000);
    expect(nextSurvey(counted(changed, 8, 9_000_000), 15_000)).toBe(9_300_000);
    expect(nextSurvey(counted(counted(changed, 8, 9_000_000), 9, 9_300_000), 15_000)).toBe(9_315_000);
    expect(nextSurvey(counted(first, 8, 100_000), 15_000)).toBeUndefined();
  });

  it('tells in the Temporal UI as of when the numbers are, in points of time and not in ages', () => {
    const now = Date.parse('2026-11-21T10:40:00Z');
    const parts = { ...NO_PARTS, waiting: 1, held: 2, accepted: 4 };
    const counters = { taken: 7, accepted: 4, waiting: 1, oldestWaitingMs: 60_000, exceptions: { unknown: 2 }, parts };
    const state = { ...surveyed(first, { partitions: [0], counters }, now), lastError: 'HTTP 503', lastErrorAt: now };
    expect(describeForwarder(state, 'n', 'forwarder:n')).toMatchInlineSnapshot(`
      "Delivery of the events of **n** is **idle**

      Last error, at 2026-11-21T10:40:00.000Z: HTTP 503

      Events as of 2026-11-21T10:40:00.000Z (\`chatlio-aep status n\` counts anew):

      | Taken | Waiting | Accepted | Held | Confirmed in the lake |
      | --- | --- | --- | --- | --- |
      | 7 | 1 | 4 | 2 | not known |

      The oldest that is waiting: since 2026-11-21T10:39:00.000Z.

      | Exception | Events | Means |
      | --- | --- | --- |
      | unknown | 2 | sent, and the inlet may or may not have it |

      \`chatlio-aep held list n\` shows them.


       "
    `);
  });

  it('wakes for exceptions that come due', () => {
    const idle = ended(drainStarted({ ...known, wanted: [] }, 0), { kind: 'idle' }, 500);
    expect(nextTimer(idle)).toBe(1_500);
    expect(withDue(idle, 1_499).wanted).toEqual([]);
    expect(withDue(idle, 1_500)).toMatchObject({ wanted: [0], due: [] });
  });

  it('looks at a closed gate again when it is woken', () => {
    const paused = ended(draining, { kind: 'gate', gate: { open: false, reason: 'paused' } });
    expect(woken(paused, [1])).toMatchObject({ gate: undefined, wanted: [0, 1] });
    expect(woken(paused, undefined).wanted).toBe('all');
  });
});

describe('looks in the lake', () => {
  const { lakeLatencyMs } = first.delivery;
  const survey = (lookUps: LookUpsAhead) => ({ partitions: [0], counters: COUNTERS, lookUps });
  const report = (lookUps: LookUpsAhead) => ({ v: 1, lake: { state: 'readable' }, lookUps }) as const;

  it('are timed only when there is something to look for', () => {
    expect(surveyed(first, survey({ unplanned: false }), 5).lookUpAt).toBeUndefined();
    expect(surveyed(first, survey({ dueInMs: 700, unplanned: false }), lakeLatencyMs).lookUpAt).toBe(
      lakeLatencyMs + 700,
    );
  });

  it('gather delivered events for a part of the latency, from the second round on', () => {
    const planned = surveyed(first, survey({ unplanned: true }), lakeLatencyMs);
    expect(planned.lookUpAt).toBe(lakeLatencyMs);
    const after = lookedUp(planned, report({ unplanned: true }), lakeLatencyMs);
    expect(after.lookUpAt).toBe(lakeLatencyMs + planningPauseMs(lakeLatencyMs));
    expect(lookedUp(planned, report({ unplanned: false }), lakeLatencyMs).lookUpAt).toBeUndefined();
  });

  it('move forward, and not for less than a second', () => {
    const timed = { ...first, lookUpAt: 100_000 };
    expect(surveyed(timed, survey({ dueInMs: 99_500, unplanned: false }), 0).lookUpAt).toBe(100_000);
    expect(surveyed(timed, survey({ dueInMs: 90_000, unplanned: false }), 0).lookUpAt).toBe(90_000);
    expect(surveyed(timed, survey({ dueInMs: 200_000, unplanned: false }), 0).lookUpAt).toBe(100_000);
  });

  it('come again after one that failed', () => {
    expect(lookUpFailed(first, 'no', 10)).toMatchObject({
      lake: { state: 'away', detail: 'no' },
      lookUpAt: expect.any(Number),
    });
  });
});

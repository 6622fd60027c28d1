import { describe, expect, it } from 'vitest';
import type { DrainEnd, ForwarderState, LookUpsAhead } from '../../../src/domain/delivery/forwarder.js';
import { describeForwarder } from '../../../src/domain/delivery/forwarderDetails.js';
import {
  drainEnded,
  drainLost,
  drainStarted,
  held,
  initialForwarderState,
  knownPosition,
  lookedUp,
  lookUpFailed,
  nextSurvey,
  nextTimer,
  phaseOf,
  planningPauseMs,
  probeFailed,
  surveyed,
  surveyedBeside,
  withAllNamed,
  withDue,
  woken,
} from '../../../src/domain/delivery/forwarderState.js';
import { DELIVERY } from '../../support/delivery.js';

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
    expect(details).toContain('The next try is at 1970-01-01T00:00:19.000Z');
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
    expect(phaseOf(probeFailed(state, fault, 0, pace))).toBe('outage');
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
      "Delivery of **n**: **idle**

      Last error, at 2026-11-21T10:40:00.000Z: HTTP 503

      Events as of 2026-11-21T10:40:00.000Z (\`chatlio-aep status n\` counts again):

      | Taken | Waiting | Accepted | Held | Confirmed in the lake |
      | --- | --- | --- | --- | --- |
      | 7 | 1 | 4 | 2 | not known |

      The oldest waiting event: since 2026-11-21T10:39:00.000Z.

      | Exception | Events | Means |
      | --- | --- | --- |
      | unknown | 2 | sent, but it is not known whether the inlet has it |

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

  it('tells of events that wait for the first of their kind, until a drain has left none', () => {
    const report = { v: 1, partition: 0, accepted: 1, notAccepted: 0, end: { kind: 'idle' }, dueInMs: 500 } as const;
    const awaiting = drainEnded(draining, { ...report, awaitsCanary: true }, 1_000, 100);
    expect(awaiting.awaitingCanary).toEqual([0]);
    const told = (state: ForwarderState) =>
      describeForwarder({ ...state, phase: 'idle' }, 'n', 'forwarder:n').includes('until it is seen in the lake');
    expect([told(draining), told(awaiting)]).toEqual([false, true]);
    const sent = drainEnded(drainStarted(awaiting, 0), report, 2_000, 100);
    expect([sent.awaitingCanary, told(sent)]).toEqual([[], false]);
    // As releases before have written it.
    expect(drainEnded(draining, report, 1_000, 100)).not.toHaveProperty('awaitingCanary');
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

describe('a forwarder that begins', () => {
  it('wants everything, and has counted, sent and waited for nothing', () => {
    expect(first).toMatchObject({ wanted: 'all', wakes: 0, draining: [], due: [], partitions: [], surveyedAt: 0 });
    expect(first.counters).toEqual({ taken: 0, accepted: 0, waiting: 0, exceptions: {} });
    expect([phaseOf(first), nextTimer(first)]).toEqual(['forwarding', undefined]);
  });
});

describe('the phase', () => {
  const gate = { reason: 'paused' };
  const outage = { detail: 'x', stops: 'outage', since: 0, probes: 0, nextProbeAt: 20 } as const;
  const hold = { reason: 'x', since: 0, nextProbeAt: 10 };
  const quiet = { ...known, wanted: [] };

  it('is what stops sending for longest', () => {
    expect(phaseOf({ ...draining, gate, outage, hold })).toBe('held');
    expect(phaseOf({ ...draining, gate, outage })).toBe('outage');
    expect(phaseOf({ ...draining, gate })).toBe('paused');
    expect(phaseOf({ ...draining, gate: { ...gate, opensAt: 5 } })).toBe('settling');
  });

  it('is idle only when nothing runs and nothing is wanted', () => {
    expect(phaseOf(quiet)).toBe('idle');
    expect(phaseOf({ ...quiet, wanted: [1] })).toBe('forwarding');
    expect(phaseOf({ ...quiet, draining: [1] })).toBe('forwarding');
  });

  it('decides what is waited for', () => {
    const due = [
      { partition: 0, at: 40 },
      { partition: 1, at: 30 },
    ];
    expect(nextTimer({ ...quiet, due, gate: { ...gate, opensAt: 5 }, outage, hold })).toBe(10);
    expect(nextTimer({ ...quiet, due, gate: { ...gate, opensAt: 5 }, outage })).toBe(20);
    expect(nextTimer({ ...quiet, due, gate: { ...gate, opensAt: 5 } })).toBe(5);
    expect(nextTimer({ ...quiet, due, gate })).toBeUndefined();
    expect(nextTimer({ ...quiet, due })).toBe(30);
  });
});

describe('a wake', () => {
  it('adds the partitions that it names, each once and in order, and is counted', () => {
    const woke = woken({ ...known, wanted: [3] }, [11, 2, 3]);
    expect([woke.wanted, woke.wakes]).toEqual([[2, 3, 11], 1]);
    expect(woken({ ...known, wanted: 'all' }, [1]).wanted).toBe('all');
  });

  it('during a drain wants its partition again afterwards', () => {
    const running = drainStarted({ ...known, wanted: [0, 1] }, 0);
    expect([running.wanted, running.draining]).toEqual([[1], [0]]);
    expect(ended(woken(running, [0]), { kind: 'idle' }).wanted).toEqual([0, 1]);
    expect(drainStarted(first, 0).wanted).toBe('all');
  });
});

describe('partitions', () => {
  const two = { ...first, delivery: { ...first.delivery, partitions: 2 } };
  const survey = (...partitions: number[]) => ({ partitions, counters: COUNTERS });

  it('that a survey finds are wanted when all were, and known from then on', () => {
    expect(surveyed(first, survey(0, 5), 1)).toMatchObject({ wanted: [0, 5], partitions: [0, 5], surveyedAt: 1 });
    expect(surveyed({ ...known, wanted: [1] }, survey(0, 5), 1).wanted).toEqual([1]);
  });

  it('that only a survey beside the drains finds are wanted as well', () => {
    const beside = surveyedBeside({ ...two, wanted: [], partitions: [4] }, survey(0, 1, 4, 7), 1);
    expect(beside.wanted).toEqual([7]);
    expect(surveyedBeside({ ...two, wanted: [0] }, survey(7), 1).wanted).toEqual([0, 7]);
  });

  it('are named without a survey: those of the settings and those of an earlier, larger number', () => {
    expect(withAllNamed({ ...two, partitions: [1, 5] }).wanted).toEqual([0, 1, 5]);
    expect(withAllNamed({ ...two, wanted: [1] }).wanted).toEqual([1]);
  });
});

describe('counts', () => {
  const counted = (state: ForwarderState, counters: ForwarderState['counters'], now: number) =>
    surveyed(state, { partitions: [0], counters }, now);
  const older = { ...COUNTERS, oldestWaitingMs: 5, oldestExceptionMs: 6, oldestHeldMs: 7 };

  it('have changed when a number has, not when all have only become older', () => {
    const before = counted(first, { ...COUNTERS, taken: 1 }, 10);
    expect(before.countsChangedAt).toBe(10);
    expect(counted(before, { ...older, taken: 1 }, 20)).toMatchObject({ countsChangedAt: 10, surveyedAt: 20 });
    expect(counted(before, { ...older, taken: 2 }, 20).countsChangedAt).toBe(20);
  });

  it.each([
    ['held', { hold: { reason: 'x', since: 0 } }],
    ['away', { outage: { detail: 'x', stops: 'outage', since: 0, probes: 0, nextProbeAt: 9 } }],
    ['closed', { gate: { reason: 'paused' } }],
  ] as const)('are made again while the destination is %s', (_how, stopped) => {
    expect(nextSurvey({ ...counted(first, COUNTERS, 1_000), ...stopped }, 15_000)).toBe(16_000);
  });
});

describe('a drain that has ended', () => {
  const fault = { stops: 'outage', detail: 'HTTP 503' } as const;

  it('is wanted again when exceptions of its partition come due, and only after an empty log', () => {
    const before = { ...draining, due: [{ partition: 1, at: 7 }] };
    expect(ended(before, { kind: 'idle' }, 500).due).toEqual([
      { partition: 1, at: 7 },
      { partition: 0, at: 1_500 },
    ]);
    expect(ended(before, { kind: 'slice' }, 500).due).toEqual([{ partition: 1, at: 7 }]);
    expect(drainStarted({ ...before, due: [{ partition: 0, at: 3 }, ...before.due] }, 0).due).toEqual(before.due);
  });

  it('runs no more, also when nobody reported', () => {
    expect(drainLost(draining, 0, true)).toMatchObject({ draining: [1], wanted: [0] });
    expect(drainLost(draining, 0, false)).toMatchObject({ draining: [1], wanted: [] });
    expect(drainLost({ ...draining, wanted: 'all' }, 0, true).wanted).toBe('all');
  });

  it('leaves the last position of its partition, by which the next one knows a database that was set back', () => {
    const report = { v: 1, accepted: 0, notAccepted: 0, end: { kind: 'idle' } } as const;
    const at = (state: ForwarderState, partition: number, intended: number) =>
      drainEnded(state, { ...report, partition, position: { fence: 3, intended } }, 1, 1);
    const both = at(at(at(draining, 0, 10), 1, 20), 0, 30);
    expect([0, 1, 2].map((partition) => knownPosition(both, partition))).toEqual([
      { fence: 3, intended: 30 },
      { fence: 3, intended: 20 },
      undefined,
    ]);
    expect(knownPosition(ended(both, { kind: 'idle' }), 0)).toEqual({ fence: 3, intended: 30 });
  });

  it('does not begin anew the outage that another one has begun', () => {
    const away = ended(draining, { kind: 'fault', fault });
    expect(away.outage).toEqual({ detail: 'HTTP 503', stops: 'outage', since: 1_000, probes: 0, nextProbeAt: 1_100 });
    const probed = probeFailed(away, fault, 2_000, PACE);
    expect(ended(probed, { kind: 'fault', fault: { ...fault, detail: 'HTTP 502' } })).toMatchObject({
      outage: probed.outage,
      lastError: 'HTTP 502',
    });
  });

  it('comes back no later than in a quarter of an hour, however long the destination asks for', () => {
    const long = ended(draining, { kind: 'fault', fault: { ...fault, retryAfterMs: 86_400_000 } });
    expect(nextTimer(long)).toBe(1_000 + 900_000);
  });

  it('was a probe: an accepted one ends outage and hold, another one is told of', () => {
    const away = { ...ended(draining, { kind: 'fault', fault }), hold: { reason: 'x', since: 1 } };
    const well = ended(away, { kind: 'probed', accepted: true, detail: '' });
    expect([well.outage, well.hold, phaseOf(well)]).toEqual([undefined, undefined, 'forwarding']);
    expect(ended(away, { kind: 'probed', accepted: false, detail: 'HTTP 404' })).toMatchObject({
      outage: away.outage,
      hold: away.hold,
      lastError: 'HTTP 404',
      lastErrorAt: 1_000,
    });
  });

  it('found the gate closed by our own look, which opens it again', () => {
    const gate = { open: false, reason: 'the flow is disabled', opensByItself: true } as const;
    expect(ended(draining, { kind: 'gate', gate }).gate).toMatchObject({ opensByItself: true });
  });
});

describe('exceptions that come due', () => {
  it('have their partitions drained, each once, and the others wait', () => {
    const due = [
      { partition: 1, at: 5 },
      { partition: 1, at: 10 },
      { partition: 0, at: 11 },
    ];
    expect(withDue({ ...known, wanted: [], due }, 10)).toMatchObject({ wanted: [1], due: [{ partition: 0, at: 11 }] });
    expect(withDue({ ...known, wanted: 'all', due }, 10).wanted).toBe('all');
    const quiet = { ...known, wanted: [], due };
    expect(withDue(quiet, 4)).toBe(quiet);
  });
});

describe('what is held', () => {
  it('is held since the first time for the same reason, and tells the reason as the last error', () => {
    const once = held(known, 'the flow is gone', 1_000, PACE);
    expect(once).toMatchObject({ lastError: 'the flow is gone', lastErrorAt: 1_000, outage: undefined });
    expect(once.hold).toEqual({ reason: 'the flow is gone', since: 1_000, probes: 0, nextProbeAt: 19_000 });
    expect(held(once, 'the flow is gone', 2_000, PACE).hold).toMatchObject({ since: 1_000, probes: 1 });
    expect(held(once, 'the dataset is gone', 2_000, PACE).hold).toMatchObject({ since: 2_000 });
  });

  it('by a run of 0.1.0 is probed from the first probe of a later one on', () => {
    const old = held(known, 'x', 1_000, { firstProbeMs: 100, probesHolds: false });
    expect(old.hold).toEqual({ reason: 'x', since: 1_000 });
    expect(held(old, 'x', 2_000, PACE).hold).toMatchObject({ probes: 1, nextProbeAt: 20_000 });
  });

  it('says which answer it was that turned everything down', () => {
    const turnedDown = { detail: 'HTTP 404', stops: 'held' } as const;
    let state = ended(draining, { kind: 'fault', fault: turnedDown });
    for (let n = 0; n < 3; n += 1) state = probeFailed(state, turnedDown, 1_000, PACE);
    expect(state).toMatchObject({
      hold: { reason: expect.stringContaining('(HTTP 404)') },
      outage: undefined,
      lastError: 'HTTP 404',
    });
    expect(probeFailed(state, { ...turnedDown, detail: 'HTTP 403' }, 2_000, PACE)).toMatchObject({
      hold: { reason: expect.stringContaining('(HTTP 404)'), since: 1_000 },
      lastError: 'HTTP 403',
      lastErrorAt: 2_000,
    });
  });

  it('is nothing that a late probe could still change, once all is well again', () => {
    expect(probeFailed(known, { detail: 'x', stops: 'held' }, 1_000, PACE)).toBe(known);
  });

  it('an outage tells of the last probe, and how many have failed', () => {
    const away = ended(draining, { kind: 'fault', fault: { stops: 'outage', detail: 'HTTP 503' } });
    expect(probeFailed(away, { detail: 'no answer', stops: 'outage' }, 2_000, PACE)).toMatchObject({
      outage: { detail: 'no answer', since: 1_000, probes: 1, turnedDown: 0, nextProbeAt: 2_200 },
      lastError: 'no answer',
      lastErrorAt: 2_000,
    });
  });
});

describe('rounds of looks in the lake', () => {
  const slow = { ...first, delivery: { ...first.delivery, lakeLatencyMs: 10_800_000 } };
  const looked = (dueInMs: number | undefined, unplanned: boolean, state: ForwarderState = slow, now = 0) =>
    lookedUp(state, { v: 1, lake: { state: 'readable' }, lookUps: { dueInMs, unplanned } }, now).lookUpAt;

  it('keep ten seconds apart, and less where the lake is fast', () => {
    expect(looked(1, false)).toBe(10_000);
    expect(looked(1, false, { ...first, delivery: { ...first.delivery, lakeLatencyMs: 64_000 } })).toBe(2_000);
    expect(looked(60_000, false)).toBe(60_000);
  });

  it('come when the first of both is due, at a whole millisecond', () => {
    expect(looked(2_000_000, true)).toBe(1_350_000);
    expect(looked(500_000.5, true)).toBe(500_001);
  });

  it('keep what is known of the lake when a look fails and nobody can say why', () => {
    const refused = { ...slow, lake: { state: 'refused', detail: 'HTTP 403' } } as const;
    expect(lookUpFailed(refused, undefined, 5)).toMatchObject({
      lake: refused.lake,
      lookedUpAt: 5,
      lookUpAt: 1_350_005,
    });
  });

  it('are kept in mind with what they saw', () => {
    const report = { v: 1, lake: { state: 'refused', detail: 'HTTP 403' }, lookUps: { unplanned: false } } as const;
    expect(lookedUp(slow, report, 7)).toMatchObject({ lake: report.lake, lookedUpAt: 7, lookUpAt: undefined });
  });
});

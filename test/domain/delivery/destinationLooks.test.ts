import { describe, expect, it } from 'vitest';
import type { ForwarderState } from '../../../src/domain/delivery/forwarder.js';
import {
  destinationLooked,
  destinationSeen,
  nextDestinationLook,
} from '../../../src/domain/delivery/destinationLooks.js';
import { initialForwarderState } from '../../../src/domain/delivery/forwarderState.js';
import { DELIVERY } from '../../support/delivery.js';

const delivery = { ...DELIVERY, lakeLatencyMs: 3 * 3_600_000 };
const QUARTER_HOUR_MS = 900_000;

function accepting(accepted: number, more: Partial<ForwarderState> = {}): ForwarderState {
  const first = initialForwarderState({ v: 1, uid: 'u', name: 'n', delivery });
  return { ...first, counters: { ...first.counters, accepted }, ...more };
}

const destination = { lookedAt: 1_000, accepted: 5 };
const next = (state: ForwarderState) => nextDestinationLook(state, { closedToo: true });

describe('the flow and the dataset', () => {
  it('are looked at from the first count on, which later counts do not move', () => {
    const seen = destinationSeen(accepting(5), 1_000);
    expect(seen.destination).toEqual({ lookedAt: 1_000, accepted: 5 });
    expect(destinationSeen({ ...seen, counters: accepting(9).counters }, 2_000).destination).toEqual(seen.destination);
  });

  it('are looked at a twelfth of the lake latency after the last look, if events were accepted since', () => {
    expect(next(accepting(6, { destination }))).toBe(1_000 + QUARTER_HOUR_MS);
  });

  it('are not looked at while nothing was accepted, or nothing counted: an idle source costs nothing', () => {
    expect(next(accepting(5, { destination }))).toBeUndefined();
    expect(next(accepting(5))).toBeUndefined();
  });

  it('are looked at while nothing is accepted when that opens the gate again, but in runs that left it to a person', () => {
    const closed = accepting(5, { destination, gate: { reason: 'the flow is disabled', opensByItself: true } });
    expect(next(closed)).toBe(1_000 + QUARTER_HOUR_MS);
    expect(nextDestinationLook(closed, { closedToo: false })).toBeUndefined();
    expect(next(accepting(5, { destination, gate: { reason: 'paused' } }))).toBeUndefined();
  });

  it('are looked at on a whole millisecond, however odd the latency', () => {
    const odd = accepting(6, { destination: { lookedAt: 0, accepted: 5 } });
    expect(next({ ...odd, delivery: { ...delivery, lakeLatencyMs: 100 } })).toBe(9);
  });
});

describe('after a look', () => {
  const before = accepting(8, { destination });
  const now = { now: 5_000, outdated: false };

  it('that saw both well, the next one waits for more accepted events', () => {
    const after = destinationLooked(before, { v: 1, looked: true }, now);
    expect(after).toMatchObject({ destination: { lookedAt: 5_000, accepted: 8 } });
    expect([after.gate, next(after)]).toEqual([undefined, undefined]);
  });

  it('that Adobe did not answer, the next one comes a quarter of an hour later', () => {
    const after = destinationLooked(before, { v: 1, looked: false }, now);
    expect(after.destination).toEqual({ lookedAt: 5_000, accepted: 5 });
    expect(next(after)).toBe(5_000 + QUARTER_HOUR_MS);
  });

  it('that nobody had counted before, every accepted event is still to be looked for', () => {
    expect(destinationLooked(accepting(8), { v: 1, looked: false }, now).destination?.accepted).toBe(0);
  });

  it('of the flow’s runs is kept until a later look has seen them', () => {
    const flowRuns = { lookedAt: '2026-01-01T00:00:00.000Z', failedRecords: 2 };
    const seen = destinationLooked(before, { v: 1, looked: true, flowRuns }, now);
    expect(seen.flowRuns).toEqual(flowRuns);
    expect(destinationLooked(seen, { v: 1, looked: false }, now).flowRuns).toEqual(flowRuns);
  });

  it('that closed the gate, sending stops with its reason, unless somebody has opened it since', () => {
    const closed = { v: 1, looked: true, closedFor: 'the dataset is gone', opensByItself: true } as const;
    expect(destinationLooked(before, closed, now).gate).toEqual({ reason: 'the dataset is gone', opensByItself: true });
    expect(destinationLooked(before, closed, { ...now, outdated: true }).gate).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { TakenAs, TakingLog } from '../../src/receiver/intake.js';
import { createObservedLog, type TakenFacts } from '../../src/receiver/observedLog.js';
import type { HeldEvent } from '../../src/store/exceptions/heldOnArrival.js';
import type { NoPlace } from '../../src/store/log/arrival.js';
import { takenEvent } from '../support/store.js';

const heldEvent = (name: string): HeldEvent => {
  const { kind, eventId, receivedAtMs, bodyMac, sealed } = takenEvent(name);
  return { kind, eventId, receivedAtMs, bodyMac, sealed, reason: 'unreadable', facts: [] };
};

function observed(log: Partial<TakingLog>) {
  const told: TakenFacts[] = [];
  const notCalled = () => Promise.reject(new Error('not in this test'));
  return { told, log: createObservedLog({ append: notCalled, hold: notCalled, ...log }, (facts) => told.push(facts)) };
}

describe('who observes the log', () => {
  it('is told of a group with what became of each event, and the caller gets the same', async () => {
    const events = [takenEvent('a'), takenEvent('b')];
    const arrivals: TakenAs[] = ['redelivered', 'spooled'];
    const calls: unknown[] = [];
    const { told, log } = observed({
      append: (...call) => {
        calls.push(call);
        return Promise.resolve(arrivals);
      },
    });
    expect(await log.append(7, 3, events)).toEqual(arrivals);
    expect(calls).toEqual([[7, 3, events]]);
    expect(told).toEqual([{ sourceId: 7, events, taken: arrivals }]);
  });

  it('is not told of events that found no place, and each of the others is told with its own arrival', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => takenEvent(name)) as [never, never, never, never];
    const arrivals: (TakenAs | NoPlace)[] = ['no-place', 'conflict', 'no-place', 'logged'];
    const { told, log } = observed({ append: () => Promise.resolve(arrivals) });
    expect(await log.append(7, 3, [a, b, c, d])).toEqual(arrivals);
    expect(told).toEqual([{ sourceId: 7, events: [b, d], taken: ['conflict', 'logged'] }]);
  });

  it('is told nothing where nothing was taken', async () => {
    const { told, log } = observed({
      append: () => Promise.resolve(['no-place', 'no-place']),
      hold: () => Promise.resolve('no-place'),
    });
    expect(await log.append(7, 3, [takenEvent('a'), takenEvent('b')])).toEqual(['no-place', 'no-place']);
    expect(await log.hold(7, 3, heldEvent('c'))).toBe('no-place');
    expect(told).toEqual([]);
  });

  it('is told of a held event as of any other', async () => {
    const event = heldEvent('a');
    const { told, log } = observed({ hold: () => Promise.resolve('held') });
    expect(await log.hold(7, 3, event)).toBe('held');
    expect(told).toEqual([{ sourceId: 7, events: [event], taken: ['held'] }]);
  });

  it('is told only after the log has taken it', async () => {
    let take: (arrivals: TakenAs[]) => void = () => undefined;
    const { told, log } = observed({ append: () => new Promise((resolve) => (take = resolve)) });
    const taking = log.append(7, 3, [takenEvent('a')]);
    expect(told).toEqual([]);
    take(['logged']);
    await taking;
    expect(told).toHaveLength(1);
  });

  it('is told nothing of what the log has failed to take; the caller gets the failure', async () => {
    const away = () => Promise.reject(new Error('away'));
    const { told, log } = observed({ append: away, hold: away });
    await expect(log.append(7, 3, [takenEvent('a')])).rejects.toThrow('away');
    await expect(log.hold(7, 3, heldEvent('b'))).rejects.toThrow('away');
    expect(told).toEqual([]);
  });
});

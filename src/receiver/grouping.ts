/**
 * Many small requests, few commits: one flush in flight for each partition, and what arrives meanwhile makes the next group,
 * with all that the event loop reads in the same turn. It waits for no others: alone, an event is flushed at once; under load,
 * groups grow with the time that a commit takes.
 *
 * How much can wait is bounded by the receiver's budget of bytes, for each waiting event has an unanswered request.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import { countWithin } from '../domain/countWithin.js';
import type { NoPlace } from '../store/log/arrival.js';
import type { TakenEvent } from '../store/log/takenEvent.js';
import type { Intake, TakenAs, TakingLog } from './intake.js';

interface GroupingOptions {
  readonly eventLog: TakingLog;
  readonly onFlushFailed: (error: unknown, events: number) => void;
  /** Measured on two cores: above 64 events a larger group makes nothing faster; above some hundreds, answers wait. */
  readonly maxGroupEvents?: number;
  /** Of sealed bodies: one statement holds them several times. A single larger one makes a group of its own. */
  readonly maxGroupBytes?: number;
}

interface Waiting {
  readonly event: TakenEvent;
  readonly resolve: (arrival: TakenAs | NoPlace) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly sourceId: number;
  readonly partition: number;
  waiting: Waiting[];
  isFlushing: boolean;
}

export function createGrouping({
  eventLog,
  onFlushFailed,
  maxGroupEvents = 256,
  maxGroupBytes = 4 * 1024 * 1024,
}: GroupingOptions): Intake {
  const lanes = new Map<string, Lane>();

  function laneOf(sourceId: number, partition: number): Lane {
    const key = `${sourceId}/${partition}`;
    let lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, (lane = { sourceId, partition, waiting: [], isFlushing: false }));
    return lane;
  }

  async function flushAll(lane: Lane): Promise<void> {
    lane.isFlushing = true;
    while (lane.waiting.length > 0) {
      await immediate();
      await flush(lane, nextGroup(lane));
    }
    lane.isFlushing = false;
  }

  function nextGroup({ waiting }: Lane): readonly Waiting[] {
    const fitting = countWithin(waiting.slice(0, maxGroupEvents), ({ event }) => event.sealed.length, maxGroupBytes);
    return waiting.splice(0, Math.max(1, fitting));
  }

  async function flush(lane: Lane, group: readonly Waiting[]): Promise<void> {
    try {
      const events = group.map(({ event }) => event);
      const arrivals = await eventLog.append(lane.sourceId, lane.partition, events);
      for (const [index, { resolve }] of group.entries()) resolve(arrivals[index] as TakenAs | NoPlace);
    } catch (error) {
      onFlushFailed(error, group.length);
      for (const { reject } of group) reject(error);
    }
  }

  return {
    take(arriving) {
      const { sourceId, partition } = arriving;
      if (arriving.outcome === 'held') return eventLog.hold(sourceId, partition, arriving.event);
      const { event } = arriving;
      return new Promise((resolve, reject) => {
        const lane = laneOf(sourceId, partition);
        lane.waiting.push({ event, resolve, reject });
        if (!lane.isFlushing) void flushAll(lane);
      });
    },
  };
}

/** The event log with somebody who is told what it has taken, after it is durable and before it is answered. */
import type { NoPlace } from '../store/log/arrival.js';
import type { HeldEvent } from '../store/exceptions/heldOnArrival.js';
import type { TakenEvent } from '../store/log/takenEvent.js';
import type { TakenAs, TakingLog } from './intake.js';

export interface TakenFacts {
  readonly sourceId: number;
  readonly events: readonly Pick<TakenEvent | HeldEvent, 'eventId' | 'kind' | 'receivedAtMs'>[];
  /** What became of each event, in their order. */
  readonly taken: readonly TakenAs[];
}

export function createObservedLog(log: TakingLog, onTaken: (facts: TakenFacts) => void): TakingLog {
  function tell(sourceId: number, events: TakenFacts['events'], arrivals: readonly (TakenAs | NoPlace)[]): void {
    const taken = arrivals.flatMap((arrival, index) => {
      const event = events[index];
      return arrival === 'no-place' || event === undefined ? [] : [{ event, arrival }];
    });
    if (taken.length === 0) return;
    onTaken({ sourceId, events: taken.map(({ event }) => event), taken: taken.map(({ arrival }) => arrival) });
  }

  return {
    async append(sourceId, partition, events) {
      const arrivals = await log.append(sourceId, partition, events);
      tell(sourceId, events, arrivals);
      return arrivals;
    },
    async hold(sourceId, partition, event) {
      const arrival = await log.hold(sourceId, partition, event);
      tell(sourceId, [event], [arrival]);
      return arrival;
    },
  };
}

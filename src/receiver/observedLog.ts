/** The event log with somebody who is told what it has taken, after it is durable and before it is answered. */
import type { HeldEvent } from '../store/heldOnArrival.js';
import type { TakenEvent } from '../store/takenEvent.js';
import type { Taken, TakingLog } from './intake.js';

export interface TakenFacts {
  readonly sourceId: number;
  readonly events: readonly Pick<TakenEvent | HeldEvent, 'eventId' | 'kind' | 'receivedAtMs'>[];
  /** What became of each event, in their order. */
  readonly taken: readonly Taken[];
}

export function createObservedLog(log: TakingLog, onTaken: (facts: TakenFacts) => void): TakingLog {
  return {
    async append(sourceId, partition, events) {
      const taken = await log.append(sourceId, partition, events);
      onTaken({ sourceId, events, taken });
      return taken;
    },
    async hold(sourceId, partition, event) {
      const taken = await log.hold(sourceId, partition, event);
      onTaken({ sourceId, events: [event], taken: [taken] });
      return taken;
    },
  };
}

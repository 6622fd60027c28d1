/** Where a request goes once it is read: the seams between HTTP and what makes it durable. */
import type { Arrival, NoPlace } from '../store/log/arrival.js';
import type { HeldEvent } from '../store/exceptions/heldOnArrival.js';
import type { TakenEvent } from '../store/log/takenEvent.js';

export type IntakeEvent = { readonly sourceId: number; readonly partition: number } & (
  | { readonly outcome: 'event'; readonly event: TakenEvent }
  | { readonly outcome: 'held'; readonly event: HeldEvent }
);

/** `spooled`: on this receiver's disk; what it is among the events of the log shows when it gets there. */
export type TakenAs = Arrival | 'spooled';

export interface Intake {
  /** Resolves when the event is durable; rejects when that is not known. Taking it again then does no harm. */
  take(event: IntakeEvent): Promise<TakenAs | NoPlace>;
}

/** The event log, or what stands before it. */
export interface TakingLog {
  append(sourceId: number, partition: number, events: readonly TakenEvent[]): Promise<readonly (TakenAs | NoPlace)[]>;
  hold(sourceId: number, partition: number, event: HeldEvent): Promise<TakenAs | NoPlace>;
}

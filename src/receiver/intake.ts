/** Where a request goes once it is read: the seam between HTTP and what makes it durable. */
import type { Arrival } from '../store/arrival.js';
import type { HeldEvent } from '../store/heldOnArrival.js';
import type { TakenEvent } from '../store/takenEvent.js';

export type IntakeEvent = { readonly sourceId: number; readonly partition: number } & (
  | { readonly outcome: 'event'; readonly event: TakenEvent }
  | { readonly outcome: 'held'; readonly event: HeldEvent }
);

export interface Intake {
  /** Resolves when the event is durable; rejects when that is not known. Taking it again then does no harm. */
  take(event: IntakeEvent): Promise<Arrival>;
}

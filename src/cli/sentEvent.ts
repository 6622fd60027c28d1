import type { Kind } from '../domain/events/kinds.js';

/** An event that `send` has posted, and how the receiver answered. */
export interface SentEvent {
  readonly eventId: string;
  readonly kind: Kind;
  readonly widget: string;
  readonly seed: number;
  readonly httpStatus: number;
}

/** The receiver answers 2xx once an event is in the event log. */
export function isTaken(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus < 300;
}

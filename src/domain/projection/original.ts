import type { Kind } from '../events/kinds.js';

/** What is known of a webhook's body beside its bytes. */
export interface OriginalFacts {
  readonly eventId: string;
  readonly kind: Kind;
  readonly widget: string;
  /** Of the first delivery, milliseconds since the epoch. */
  readonly receivedAtMs: number;
  /** Where it cannot be told from the bytes, for not all are kept. */
  readonly occurredAtMs?: number;
  /** The recipe of its id, where it is not the one of Chatlio's events. */
  readonly identityVersion?: string;
}

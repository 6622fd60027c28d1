/** What an event is that has arrived before: decided from what is stored of the first arrival. */
import type { Kind } from '../../domain/events/kinds.js';

/**
 * - `logged`: the first arrival.
 * - `redelivered`: the same body again.
 * - `drifted`: the same event, rendered anew (visitor's page, names, texts of a transcript). The first body stays.
 * - `conflict`: perhaps another event with the same id; kept with its body, for a person to decide.
 * - `held`: a body that the log cannot carry, for a person to decide; until then the same body again is `redelivered`.
 */
export type Arrival = 'logged' | 'redelivered' | 'drifted' | 'conflict' | 'held';

/** Not taken: its route has no place left for bodies that wait for a decision. */
export type NoPlace = 'no-place';

export interface SecondArrival {
  readonly kind: Kind;
  readonly sameBody: boolean;
  /** Same content, volatile fields left out. */
  readonly sameContent: boolean;
  /** Known to be of another visitor. */
  readonly otherVisitor?: boolean;
  readonly sinceFirstMs: number;
}

/** Chatlio documents no retries; no sender is known that goes on trying for an hour. */
const LATE_ARRIVAL_MS = 3_600_000;

/**
 * Kinds whose id is made of a text: the same visitor can write the same twice. A new conversation and a transcript carry
 * Chatlio's own identity (conversation UUID, message timestamps); of them a copy is a copy at any time.
 */
const REPEATABLE: ReadonlySet<Kind> = new Set(['unanswered', 'feedback', 'offline-message']);

export function judgeSecondArrival(arrival: SecondArrival): Exclude<Arrival, 'logged' | 'held'> {
  if (!arrival.sameContent || arrival.otherVisitor === true) return 'conflict';
  if (REPEATABLE.has(arrival.kind) && arrival.sinceFirstMs > LATE_ARRIVAL_MS) return 'conflict';
  return arrival.sameBody ? 'redelivered' : 'drifted';
}

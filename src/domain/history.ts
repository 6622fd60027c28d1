/** Who did what to a source, when, and with which result: kept for ever, whatever becomes of its workflow. Plain JSON. */
import type { ErrorCode } from './errors.js';
import type { Kind } from './events/kinds.js';

/** `unchanged`: it was so already. `begun`: it goes on in its own time, and how it ended is a record of its own. `held`: it waits for a person; how it ended is a record of its own. */
type RecordedResult = 'done' | 'unchanged' | 'begun' | 'held' | 'refused' | 'aborted' | 'cancelled';

/** What was asked for, in short: names, never values. */
export interface RecordedInput {
  /** Paths of the manifest that differ from the one before. */
  readonly changed?: readonly string[];
  readonly adopt?: boolean;
  readonly disableFlow?: boolean;
  readonly discard?: boolean;
  readonly noWait?: boolean;
  readonly deleteData?: boolean;
  readonly includeAdopted?: boolean;
  readonly withoutReceivers?: readonly string[];
  /** Whose URLs were rotated; absent: of all. */
  readonly widget?: string;
  readonly kind?: Kind;
  /** The state to which the database was set back, ISO 8601. */
  readonly since?: string;
  /** Steps of which an object was to be made anew. */
  readonly recreate?: readonly string[];
  /** `flow` or `dataset`: made anew. */
  readonly replace?: string;
  /** What was replaced before is removed at once. */
  readonly now?: boolean;
}

/** One fact of a source's history. */
export interface RecordedOperation {
  /** The same when it is written again after a lost answer. */
  readonly id: string;
  /** An operation; `resume` or `abort`, which answer a hold; `teardown`; `urls --rotate` and `doctor --restored`, which no workflow does. */
  readonly kind: string;
  /** Milliseconds since the epoch, workflow time. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** What the caller says; it is not checked. */
  readonly by?: string;
  readonly why?: string;
  readonly input?: RecordedInput;
  readonly result: RecordedResult;
  /** Of the error that it was refused with, or is held by. */
  readonly code?: ErrorCode;
  /** At which it is held. */
  readonly step?: string;
}

export interface RecordInput {
  readonly name: string;
  readonly uid: string;
  readonly operation: RecordedOperation;
}

export interface RecordActivities {
  /** May be done again after its answer was lost. */
  recordOperation(input: RecordInput): Promise<void>;
}

/** Decisions about held events that came in one request. */
interface DecidedTogether {
  readonly decision: string;
  /** Why the events were held. */
  readonly reasons: readonly string[];
  readonly events: number;
}

/** A line of `history`: an operation, or decisions. Times: ISO 8601. */
export interface HistoryEntry extends Partial<Pick<RecordedOperation, 'by' | 'why' | 'code' | 'step'>> {
  readonly at: string;
  /** A {@link RecordedOperation.kind}; `decide` with {@link HistoryEntry.decided}. */
  readonly what: string;
  readonly result: string;
  readonly tookMs: number;
  readonly input?: RecordedInput;
  readonly decided?: DecidedTogether;
}

export interface HistoryPage {
  readonly v: 1;
  /** False: the database has never heard of it. */
  readonly known: boolean;
  /** The newest, oldest first. */
  readonly entries: readonly HistoryEntry[];
  /** There are older ones. */
  readonly more: boolean;
}

/** What one answer of Temporal holds. */
export const MAX_HISTORY = 1_000;

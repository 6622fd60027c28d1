/** The audit: what receivers took, what the log says of it, and what the lake holds, compared by event id. */
import type { Kind } from './events/kinds.js';
import type { AttemptVersions } from './exceptions/heldEvents.js';

/** What the log, its cursors and the exceptions say of an event. */
export type Standing =
  /** The inlet said that it has it. */
  | 'accepted'
  /** Not sent yet, being sent, or to be sent again. */
  | 'waiting'
  /** Of unknown outcome, or held for a person. */
  | 'undecided'
  /** A person decided that it is never sent. */
  | 'abandoned'
  /** Delivered as another event. */
  | 'replaced'
  /** A person said that it is delivered: their word stands, whatever the lake shows. */
  | 'marked-delivered';

export interface AuditedEvent {
  /** 64 hexadecimal digits; of a row in the lake that is none of ours, as it stands there. */
  readonly eventId: string;
  readonly kind?: Kind;
  readonly standing?: Standing;
  /** ISO 8601. */
  readonly loggedAt?: string;
  readonly copies?: number;
  /** Of one that was sent again: under which version of what is sent of an event each attempt was made. Null: not known. */
  readonly versions?: AttemptVersions;
  /** What is wrong, in words. */
  readonly what: string;
}

/** Of what was taken longer ago, the intake journals say nothing. */
export const JOURNAL_KEPT_DAYS = 35;

export const AUDIT_LISTS = ['lost', 'repeated', 'invented', 'undecided'] as const;

export type AuditList = (typeof AUDIT_LISTS)[number];

/** One list, from an id on: a report holds as much as Temporal takes, and the next page has what comes then. */
export interface AuditPage {
  readonly list: AuditList;
  /** The last id of the page before. */
  readonly after?: string;
}

/** Events of a page: some 1.2 MB of the 2 MB that Temporal takes. */
export const AUDIT_PAGE = 4_000;

export interface AuditCounts {
  /** By the receivers' journals where they could be read, else by the log. */
  readonly taken: number;
  readonly accepted: number;
  /** Of the accepted: in the lake exactly once. */
  readonly confirmed: number;
  /** Of the accepted: not in the lake, and not due to be. */
  readonly notYetVisible: number;
  /** Of the accepted: their bodies and rows are older than what is kept, or their dataset could not be read. */
  readonly notCompared: number;
  /** Of the accepted: sent under a mapping that does not tell events apart in the lake. 0.2 does not know such. */
  readonly unproven?: number;
  /** Rows in the lake with an `_id` that is not of our form, where some of ours have none: whose they are cannot be told. */
  readonly unrecognised?: number;
  readonly waiting: number;
  /** Taken by a receiver that has not yet brought them to the log. */
  readonly spooled: number;
  readonly abandoned: number;
  readonly replaced: number;
  readonly markedDelivered: number;
  readonly lost: number;
  readonly repeated: number;
  readonly invented: number;
  readonly undecided: number;
}

export interface AuditReport {
  readonly v: 1;
  readonly name: string;
  /** By the time of the log, ISO 8601. */
  readonly since: string;
  readonly until: string;
  readonly counts: AuditCounts;
  /** The first of each by id, or a page of the one that was asked for; the counts say how many there are. */
  readonly lists: Readonly<Record<AuditList, readonly AuditedEvent[]>>;
  /** Of a page: whether there is another one. 0.1.1 knows no pages. */
  readonly hasMore?: boolean;
  /** No event can be looked for in the lake: what was accepted is all that is known. */
  readonly proof?: 'none';
  readonly lake: { readonly read: true; readonly table: string; readonly rows: number } | { readonly read: false };
  /** What could not be compared, and why: a receiver, an hour, the lake. */
  readonly notKnown: readonly string[];
}

/** Undecided is no difference: it says of itself that it is open. */
export function hasDifferences({ counts }: Pick<AuditReport, 'counts'>): boolean {
  return counts.lost + counts.repeated + counts.invented > 0;
}

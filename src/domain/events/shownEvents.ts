/** Events and receivers as `events tail` and `status` show them. JSON only, never chat text. */
import type { ClockDifference } from '../clocks.js';
import type { ExceptionReason } from '../exceptions/exceptions.js';
import type { ExceptionSummary } from '../exceptions/heldEvents.js';
import type { FlowRunsView } from '../delivery/flowRuns.js';
import type { ForwarderCounters, GateReport } from '../delivery/forwarder.js';
import type { Contents } from '../projection/projection.js';
import type { BudgetStanding } from '../source/requestBudget.js';
import type { Kind } from './kinds.js';

export interface ShownEvent {
  /** 64 hexadecimal digits. */
  readonly eventId: string;
  /** Absent for a kind of a later release. */
  readonly kind?: Kind;
  /** ISO 8601: when it entered the log, and its own time. */
  readonly loggedAt: string;
  readonly occurredAt: string;
  readonly partition: number;
  /** 0: held when it came, never in the log. */
  readonly seq: number;
  /** At the time of asking. */
  readonly state: EventState;
  /** Of an event among the exceptions, until it is done with; by its number `held show` tells more. */
  readonly reason?: ExceptionReason;
  readonly exceptionId?: number;
}

/** The parts of `eventParts.ts`, as they are spelt in JSON of events. */
export type EventState =
  | 'waiting'
  | 'sending'
  | 'accepted'
  | 'looked-for'
  | 'held'
  | 'abandoned'
  | 'replaced'
  | 'marked-delivered';

/** After these nothing more happens to an event by itself. */
export function isFinal(state: EventState): boolean {
  return state !== 'waiting' && state !== 'sending' && state !== 'looked-for' && state !== 'held';
}

/** Of an id, the least that a person has to type: enough to tell the events of years apart. */
export const SHORTEST_EVENT_ID = 12;

/** What is known of one event, from its webhook to what Adobe has answered. Never chat text. */
export interface EventDetails extends Pick<ShownEvent, 'eventId' | 'kind' | 'partition' | 'seq' | 'state'> {
  readonly v: 1;
  /** How often it came, and when: ISO 8601. */
  readonly arrivals: number;
  readonly firstArrivalAt: string;
  readonly lastArrivalAt: string;
  /** Of the attempts that were accepted. They are kept for 30 days. */
  readonly receipts: readonly EventReceipt[];
  /** Newest first. */
  readonly exceptions: readonly ExceptionSummary[];
}

interface EventReceipt {
  /** Adobe's id of the request. */
  readonly xactionId: string;
  /** ISO 8601, by Adobe's clock. */
  readonly receivedAt: string;
}

/** An event that was shown, and how it stood then. */
export type WatchedEvent = Pick<ShownEvent, 'partition' | 'seq' | 'exceptionId' | 'state'>;

/** Who asks knows the events by their place in what was asked. */
export interface ChangedEvent extends Pick<ShownEvent, 'state' | 'reason' | 'exceptionId'> {
  readonly index: number;
}

/** A question stands in Temporal's history. */
export const MAX_WATCHED = 200;

/** The last number seen, by partition; of arrivals that were held, under `held`, that of the exception. */
export type LogPosition = Readonly<Record<string, number>>;

export interface EventPage {
  readonly v: 1;
  readonly events: readonly ShownEvent[];
  readonly position: LogPosition;
  /** Of the newest: there are older ones that the limit has left out. */
  readonly older?: boolean;
  /** Of the watched: those that stand elsewhere now. */
  readonly changed?: readonly ChangedEvent[];
  /**
   * For the one who asked to see them: a text for each event, in their order, as sealed JSON. Cut so that together they take
   * {@link MAX_REVEALED_PAGE_BYTES}.
   */
  readonly sealedBodies?: string;
  /** Of these texts, those of which it is only the beginning; `contents` answers with the whole. Absent from a worker before 0.2.0. */
  readonly cut?: readonly number[];
}

/** Quoted and sealed it grows to less than three times as much: an answer stays below the 2 MB that Temporal takes. */
export const MAX_REVEALED_PAGE_BYTES = 512 * 1024;

/** What each of the events of a page may take of it. */
export function revealedShare(events: number): number {
  return Math.floor(MAX_REVEALED_PAGE_BYTES / events);
}

/** Where the content of an event is kept: by its place in the log, or by its number among the exceptions. */
export type ContentPlace = Pick<ShownEvent, 'eventId' | 'kind'> &
  (Pick<ShownEvent, 'partition' | 'seq' | 'loggedAt'> | { readonly exceptionId: number });

/** So much of contents in one answer, before it is deflated and sealed. */
export const MAX_PIECE_BYTES = 4 * 1024 * 1024;

export interface ContentsPiece {
  readonly v: 1;
  /** One or several contents, or parts of them, from where the question has begun; see `temporal/sealedContents.ts`. */
  readonly sealedContents: string;
}

/** A receiver's own last word. */
export interface ReceiverView {
  readonly id: string;
  readonly startedAt: string;
  readonly reportedAt: string;
  readonly silentForMs: number;
  readonly spooled: number;
  /** Records of its spool, or runs of them, whose bytes have changed on the disk. Absent: none. */
  readonly unreadable?: number;
  /** Acknowledged events whose files vanished from its spool. Absent: none. */
  readonly vanished?: number;
  /** Since its start, where there were any in the last day: it had too many. */
  readonly refusedConnections?: number;
  /** Of the database's clock to its own. Absent where a receiver has not measured it, as one of 0.1.1 does not. */
  readonly clock?: ClockDifference;
}

/** A kind that used to come and has been silent for longer than the source's `delivery.quietWarning`. */
interface SilentKind {
  readonly kind: Kind;
  readonly lastAt: string;
  readonly silentForMs: number;
}

/** Events as they are counted when somebody asks. */
export interface CountedEvents {
  /** ISO 8601, by the database's clock. */
  readonly asOf: string;
  readonly counters: ForwarderCounters;
  /** The same while nothing but ages has changed. */
  readonly mark: string;
}

/** Webhooks that came to the URL of a widget and a kind with a wrong or ended secret, since the receivers were started. */
export interface NearMissView {
  readonly widget: string;
  readonly kind: Kind;
  readonly count: number;
  readonly lastAt: string;
}

/** A field that Chatlio sends, that it does not document, and that the mapping does not read. Its value is in the log alone. */
export interface UnmappedFieldView {
  readonly kind: Kind;
  /** As a mapping writes it. */
  readonly name: string;
  readonly events: number;
  readonly lastAt: string;
}

/** Second arrivals that were taken for copies, and differed from the first body in some fields. */
export interface DifferingCopiesView {
  readonly kind: Kind;
  readonly copies: number;
  readonly lastAt: string;
  /** The most frequent first, as a mapping writes them; in how many copies each differed. */
  readonly fields: readonly { readonly name: string; readonly copies: number }[];
}

/** An event that was sent first of its kind after a change of what leaves; the others of the kind wait for it. */
export interface CanaryView {
  readonly kind: Kind;
  readonly eventId: string;
  /** Since it was seen to be accepted. Absent: it is not yet. */
  readonly acceptedForMs?: number;
  /** For so long after that the others wait at most. */
  readonly atMostMs: number;
}

export interface IntakeReport {
  readonly v: 1;
  /** As the store knows the name: the live source, else the one that was torn down last. */
  readonly source?: {
    readonly uid: string;
    readonly retired: boolean;
    /** Absent for one that keeps no originals, and from a worker before 0.2.0. */
    readonly contents?: Contents;
  };
  /** Of the source that was asked about. Absent while the store does not have it, and from a worker of 0.1.0. */
  readonly counted?: CountedEvents;
  /** Of the source that was asked about, as it stands. Absent while it has none. */
  readonly gate?: GateReport;
  readonly receivers: readonly ReceiverView[];
  /** Of the source that was asked about. */
  readonly silent: readonly SilentKind[];
  /** Of the source that was asked about. Absent from a worker of 0.1.0. */
  readonly nearMisses?: readonly NearMissView[];
  /** Of the source that was asked about, the most frequent first. Absent from a worker before 0.2.0. */
  readonly unmapped?: readonly UnmappedFieldView[];
  /** Likewise. At least so many: not every copy is compared. */
  readonly differingCopies?: readonly DifferingCopiesView[];
  /** Likewise: those that are waited for. */
  readonly canaries?: readonly CanaryView[];
  /** Likewise. Absent while nobody has looked yet. */
  readonly flowRuns?: FlowRunsView;
}

/** A receiver reports every few seconds; one that has said nothing for longer may be gone, with what it has spooled. */
export const RECEIVER_SILENCE_MS = 60_000;

export interface RestoredSource {
  readonly name: string;
  /** In the log and not delivered, as far as the restored database knows. */
  readonly events: number;
  /** Exceptions that were to be sent again, or were being sent. */
  readonly exceptions: number;
}

export interface RestoredReport {
  readonly v: 1;
  readonly since: string;
  readonly applied: boolean;
  readonly sources: readonly RestoredSource[];
}

/** Of a source that needs a person. */
export interface SourceNeeds {
  readonly name: string;
  /** It was torn down; its held events are still there. */
  readonly retired: boolean;
  /** Events that are held for a decision. */
  readonly held: number;
  /** Nothing is sent until somebody unpauses it. */
  readonly closedBecause?: string;
  /** Fields and objects that others have changed or deleted in Adobe, by the last look. */
  readonly drifted?: number;
}

export interface NeedsReport {
  readonly v: 1;
  readonly sources: readonly SourceNeeds[];
  /** Requests to Adobe wait for it, or did a moment ago. */
  readonly budget?: BudgetStanding;
}

/** Events as they pass, and who takes them: what `events tail` and `status` show. JSON only, never chat text. */
import type { ExceptionReason } from './exceptions.js';
import type { ForwarderCounters, GateReport } from './forwarder.js';
import type { Kind } from './kinds.js';

export interface PassingEvent {
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

/** An event that was shown, and how it stood then. */
export type WatchedEvent = Pick<PassingEvent, 'partition' | 'seq' | 'exceptionId' | 'state'>;

/** Who asks knows the events by their place in what was asked. */
export interface ChangedEvent extends Pick<PassingEvent, 'state' | 'reason' | 'exceptionId'> {
  readonly index: number;
}

/** A question stands in Temporal's history. */
export const MAX_WATCHED = 200;

/** The last number seen, by partition; of arrivals that were held, under `held`, that of the exception. */
export type LogPosition = Readonly<Record<string, number>>;

export interface EventPage {
  readonly v: 1;
  readonly events: readonly PassingEvent[];
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
}

/** Quoted and sealed it grows to less than twice as much: an answer stays below the 2 MB that Temporal takes. */
export const MAX_REVEALED_PAGE_BYTES = 512 * 1024;

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

export interface IntakeReport {
  readonly v: 1;
  /** As the store knows the name: the live source, else the one that was torn down last. */
  readonly source?: { readonly uid: string; readonly retired: boolean };
  /** Of the source that was asked about. Absent while the store does not have it, and from a worker of 0.1.0. */
  readonly counted?: CountedEvents;
  /** Of the source that was asked about, as it stands. Absent while it has none. */
  readonly gate?: GateReport;
  readonly receivers: readonly ReceiverView[];
  /** Of the source that was asked about. */
  readonly silent: readonly SilentKind[];
  /** Of the source that was asked about. Absent from a worker of 0.1.0. */
  readonly nearMisses?: readonly NearMissView[];
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

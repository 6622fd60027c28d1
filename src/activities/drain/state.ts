/**
 * What a drain knows: one value, changed in place. What to do next is decided from it (`decide.ts`).
 *
 * Four roles change it, each its own part:
 *
 * | role | has | changed by |
 * | --- | --- | --- |
 * | reading | events of the log that may be intended next | `reading.ts` |
 * | sending | committed intents whose request waits, runs, or is slow to be answered | `sending.ts` |
 * | recording | the partition's window, and what became known and is not in PostgreSQL yet | `recording.ts`, `flushes.ts` |
 * | chores | what is looked at now and then, one thing at a time | `chores.ts` |
 *
 * An event that was read is in exactly one place: `reading.queue`, `recording.intending`, `sending.ready`, `.running`,
 * `.slow`, or with its outcome in `recording.booked`, `.beingRecorded` or `.late`; after that it is recorded. Two kinds of
 * note stand in the books of an event that is elsewhere: that its intent was taken back (it is in the queue), and that it
 * is slow.
 */
import type { Canaries } from '../../domain/delivery/canary.js';
import { type CursorWindow, sequencesIn } from '../../domain/delivery/cursor.js';
import type { DrainEnd } from '../../domain/delivery/forwarder.js';
import type { DestinationFault, Verdict } from '../../domain/delivery/outcomeAccounting.js';
import type { Claim, LoggedAt } from '../../store/delivery/claim.js';
import type { Resend } from '../../store/exceptions/exceptions.js';
import type { LogEvent } from '../../store/bodies/bodies.js';
import type { Moment } from './lease.js';
import type { UnsignedVerdict } from './store.js';

export interface DrainState {
  readonly terms: DrainTerms;
  readonly startedMs: number;
  /** When the renewal was asked for that was confirmed last. */
  leasedAt: Moment;
  /** What the world wants of the drain; looked at on each turn. */
  wishes: Wishes;
  readonly reading: Reading;
  readonly sending: Sending;
  readonly recording: Recording;
  readonly chores: Chores;
  /** Planned; until it is reached, what is under way goes on. */
  ending?: { readonly planned: PlannedEnd; readonly sinceMs: number };
  /** The first failure of anything beside the loop; the drain ends in order, and throws it. */
  failure?: Error;
}

/** What does not change while the drain runs. */
export interface DrainTerms {
  /** `probe`: sends one event, to see what the destination says. */
  readonly mode: 'slice' | 'probe';
  readonly concurrency: number;
  /** By the source's settings; there may be more, of earlier ones. */
  readonly partitions: number;
  readonly leaseMs: number;
  /** After its end was planned: how long a statement that fails in passing is made again. */
  readonly graceMs: number;
  /** How long an answer to a request may come after the request was begun. */
  readonly answerWithinMs: number;
  /** Of the server that the drain began with: another one may know less. */
  readonly serverSince: string;
  /** Under which the drain began; with another one the flow may be another. */
  readonly gateEpoch: number;
  /** Of the whole source, shared by its drains. */
  readonly sourceRequestsPerSecond: number;
}

export interface Wishes {
  readonly stop: boolean;
  readonly sliceMs: number;
  /** How long an empty log is watched. */
  readonly lingerMs: number;
}

export interface PlannedEnd {
  readonly end: DrainEnd;
  /** Intents that were not begun are taken back. */
  readonly takeBack: boolean;
  /** What is left waits for a canary. */
  readonly awaitsCanary?: true;
}

export interface Reading {
  /** Those that were taken back come first. */
  queue: LogEvent[];
  /** Numbers among them that no event has. */
  absent: number[];
  /** As far as it is known. */
  canaries: Canaries;
  /** Numbers that the drain before has taken back; their events are read first. */
  takenBack: number[];
  readUpTo: number;
  /** The log had nothing after `readUpTo` when it was read last. */
  atEnd: boolean;
  underWay: boolean;
  /** Ascending; the last one at or before the cursor is kept. */
  marks: { readonly seq: number; readonly loggedAt: LoggedAt }[];
}

export type Sendable =
  | { readonly first: LogEvent; readonly resend?: undefined }
  | { readonly resend: Resend; readonly first?: undefined };

/** A request that was begun. */
export interface Request {
  readonly sendable: Sendable;
  /** When the first byte left. */
  begunMs?: number;
  /** Since when. */
  slowMs?: number;
  /** Slow, while the destination takes others: says nothing about it. */
  overtaken: boolean;
  /** Not begun, or not told, by a fault of ours: says nothing about the destination. */
  byUs: boolean;
}

export interface Sending {
  /** Committed intents whose request has not begun. */
  ready: Sendable[];
  /** In the order in which they were begun; not the slow ones. */
  readonly running: Set<Request>;
  readonly slow: Set<Request>;
  /** Slow ones that are not overtaken, in the order in which they have become slow. */
  readonly holdingSlots: Set<Request>;
  /** A single request tells whether only those that hold all slots are slow. */
  probing: boolean;
  /** Outcomes other than accepted since the last accepted one. */
  streak: number;
  fault?: DestinationFault;
  accepted: number;
  notAccepted: number;
  /** Of those not accepted: never sent, as they could not be read. They say nothing of the destination. */
  unreadable: number;
  /** What the last outcome other than accepted said. */
  lastFact?: string;
  /** Tokens that grow with time, one per request. */
  rate: { readonly perSecond: number; tokens: number; atMs: number };
}

/** The outcome of a first attempt, or a note on an event that is elsewhere: `in-flight` is slow, `not-accepted` in the queue. */
export interface Booking {
  readonly event: LogEvent;
  readonly entry: Verdict | { readonly kind: 'in-flight' };
}

/** Events that a flush intends, and numbers up to the last one that no event has. */
export interface Batch {
  readonly events: readonly LogEvent[];
  readonly absent: readonly number[];
}

export interface Recording {
  window: CursorWindow;
  flushNumber: number;
  /** False once another drain has taken the fence. */
  fenceHeld: boolean;
  /** The database was found behind the drain's own fence; what the drain may have sent since is accounted for. */
  wasSetBack: boolean;
  booked: Map<number, Booking>;
  /** Of the flush under way. */
  beingRecorded: readonly Booking[];
  /** When the first outcome came since nothing was booked. */
  bookedSinceMs: number;
  /** Outcomes of slow first attempts, and of resends: of events that the cursor has passed. */
  late: UnsignedVerdict[];
  lateUnderWay: boolean;
  /** Under way, or waiting for their turn. */
  flushes: number;
  /** Stays after a flush that failed: it may have been committed, and these are not touched again. */
  intending: Batch;
  /** The log could not be marked idle under our claim: the next flush tells why. */
  claimDoubted: boolean;
  /** Of all flushes that were granted. */
  intendedEvents: number;
}

interface Chores {
  /** One at a time. */
  underWay: boolean;
  hasLookedForResends: boolean;
  /** The last claim took as many as it might, or a look has found some: as soon as there is room, the next ones are claimed. */
  moreResendsDue: boolean;
  lookedAtShareMs: number;
  lookedAtCanariesMs: number;
  /** False once it is known that the source has no other partition. */
  sharesRate: boolean;
  /** Since when the log is marked idle, and watched. */
  idleSinceMs?: number;
  /** An event was inserted since the log was marked idle. */
  insertHeard: boolean;
  /** A flush was not granted: whether the gate is closed is to be looked at. */
  gateDoubted: boolean;
  /** Up to where all was sent when the log was read again. */
  readAgainAt?: number;
}

export const NOTHING: Batch = { events: [], absent: [] };

export interface DrainBeginning {
  readonly terms: DrainTerms;
  readonly claim: Pick<Claim, 'window' | 'cursorLoggedAt'>;
  readonly canaries: Canaries;
  readonly leasedAt: Moment;
  readonly wishes: Wishes;
  readonly requestsPerSecond: number;
  readonly nowMs: number;
}

export function newDrainState({
  terms,
  claim,
  canaries,
  leasedAt,
  wishes,
  requestsPerSecond,
  nowMs,
}: DrainBeginning): DrainState {
  const { window, cursorLoggedAt } = claim;
  return {
    terms,
    startedMs: nowMs,
    leasedAt,
    wishes,
    reading: {
      queue: [],
      canaries,
      absent: [],
      takenBack: sequencesIn(window, 'withdrawn'),
      readUpTo: window.intended,
      atEnd: false,
      underWay: false,
      marks: [{ seq: window.cursor, loggedAt: cursorLoggedAt }],
    },
    sending: {
      ready: [],
      running: new Set(),
      slow: new Set(),
      holdingSlots: new Set(),
      probing: false,
      streak: 0,
      accepted: 0,
      notAccepted: 0,
      unreadable: 0,
      // As many as are allowed at once.
      rate: { perSecond: requestsPerSecond, tokens: Number.POSITIVE_INFINITY, atMs: nowMs },
    },
    recording: {
      window,
      flushNumber: 0,
      fenceHeld: true,
      wasSetBack: false,
      booked: new Map(),
      beingRecorded: [],
      bookedSinceMs: 0,
      late: [],
      lateUnderWay: false,
      flushes: 0,
      intending: NOTHING,
      claimDoubted: false,
      intendedEvents: 0,
    },
    chores: {
      underWay: false,
      hasLookedForResends: false,
      moreResendsDue: false,
      // It begins with the share that all partitions have.
      lookedAtShareMs: nowMs,
      lookedAtCanariesMs: nowMs,
      sharesRate: true,
      insertHeard: false,
      gateDoubted: false,
    },
  };
}

/** All that a drain asks of PostgreSQL, about its own partition and under its own claim. */
import {
  answerWake,
  countOthers,
  type Holding,
  type IdleAnswer,
  type LoggedAt,
  markIdle,
  type OtherPartitions,
  releaseClaim,
} from '../../store/delivery/claim.js';
import type { Canaries } from '../../domain/delivery/canary.js';
import { type Candidate, chooseCanaries, readCanaries } from '../../store/delivery/canaries.js';
import type { Database } from '../../store/connection/database.js';
import { findFlush, type Flush, flush, type FlushAnswer } from '../../store/delivery/flush.js';
import { readGate } from '../../store/delivery/gate.js';
import { recordSetBack } from '../../store/delivery/setBack.js';
import {
  claimResends,
  expireUnanswered,
  type LateVerdict,
  type Resend,
  recordLate,
} from '../../store/exceptions/exceptions.js';
import type { OrganisationRate } from './organisationRate.js';
import { type LogEvent, type PageRequest, readEvents, readPage } from '../../store/bodies/bodies.js';

export interface DrainStore {
  readPage(page: Omit<PageRequest, 'sourceId' | 'partition'>): Promise<LogEvent[]>;
  readEvents(events: { readonly seqs: readonly number[]; readonly fromLoggedAt: LoggedAt }): Promise<LogEvent[]>;
  flush(request: UnsignedFlush): Promise<FlushAnswer | undefined>;
  /** What became of a flush whose answer was lost. */
  findFlush(request: UnsignedFlush): Promise<FlushAnswer | undefined>;
  /** Noting the same facts twice is harmless. */
  recordLate(verdicts: readonly UnsignedVerdict[]): Promise<void>;
  /** The database does not know of the drain: everything up to `intended` may have been sent. */
  recordSetBack(intended: number): Promise<unknown>;
  isGateOpen(): Promise<boolean>;
  /** @returns all, as they are now */
  chooseCanaries(candidates: readonly Candidate[]): Promise<Canaries>;
  readCanaries(): Promise<Canaries>;
  /** Attempts whose answer can come no more: what they did is unknown. */
  expireUnanswered(): Promise<unknown>;
  claimResends(claim: { readonly limit: number; readonly answerWithinMs: number }): Promise<Resend[]>;
  countOthers(): Promise<OtherPartitions & RateLimit>;
  markIdle(idle: {
    readonly intended: number;
    readonly cursorLoggedAt: LoggedAt;
    readonly release: boolean;
  }): Promise<IdleAnswer>;
  /** The insert was seen: nobody needs to be woken. */
  answerWake(): Promise<void>;
  /** Gives the lease back. */
  release(): Promise<void>;
}

/** The claim under which they are made is not theirs to say. */
export type UnsignedFlush = Omit<Flush, keyof Holding>;
export type UnsignedVerdict = Omit<LateVerdict, 'sourceId' | 'partition' | 'fence'>;

/** Of the organisation's rate. */
interface RateLimit {
  readonly atMostPerSecond?: number;
}

/** Grows with each claim that is known to be committed. */
export interface ResendClaims {
  count: number;
}

/**
 * @param claimed of all drains of the partition, ever
 * @param canaryPauseMs between two looks for a canary
 */
export function createDrainStore(
  database: Database,
  holding: Holding,
  {
    claimed,
    canaryPauseMs,
    organisation,
  }: {
    readonly claimed: ResendClaims;
    readonly canaryPauseMs: number;
    readonly organisation?: OrganisationRate;
  },
): DrainStore {
  const { sourceId, partition, fence } = holding;
  return {
    readPage: (page) => readPage(database, { sourceId, partition, ...page }),
    readEvents: (events) => readEvents(database, { sourceId, partition, ...events }),
    flush: (request) => flush(database, { ...holding, ...request }),
    findFlush: (request) => findFlush(database, { ...holding, ...request }),
    recordLate: (verdicts) =>
      recordLate(
        database,
        verdicts.map((one) => ({ sourceId, partition, fence, ...one })),
      ),
    recordSetBack: (intended) => recordSetBack(database, holding, { fence, intended, resendClaims: claimed.count }),
    isGateOpen: async () => (await readGate(database, sourceId))?.opensInMs === 0,
    chooseCanaries: (candidates) => chooseCanaries(database, holding, candidates, canaryPauseMs),
    readCanaries: () => readCanaries(database, sourceId),
    expireUnanswered: () => expireUnanswered(database, sourceId),
    async claimResends(claim) {
      const resends = await claimResends(database, { ...holding, ...claim, claimedBefore: claimed.count });
      claimed.count += resends.length;
      return resends;
    },
    async countOthers() {
      const others = await countOthers(database, holding);
      return organisation === undefined ? others : { ...others, atMostPerSecond: await organisation.share() };
    },
    markIdle: (idle) => markIdle(database, { ...holding, ...idle }),
    answerWake: () => answerWake(database, holding),
    release: () => releaseClaim(database, holding),
  };
}

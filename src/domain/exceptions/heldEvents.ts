/** How people see and decide held events: what the command line and the Temporal UI say to the worker, and its answers. JSON only. */
import type { CatalogueError } from '../errors.js';
import { DECISIONS, type Decision, type ExceptionReason, isExceptionReason } from './exceptions.js';
import { isKind, type Kind } from '../events/kinds.js';

/** Which of a source's exceptions; absent fields mean any. */
export interface ExceptionFilter {
  readonly reason?: ExceptionReason;
  readonly kind?: Kind;
  /** ISO 8601: only those that became exceptions earlier. */
  readonly before?: string;
}

export type ExceptionState = 'waiting' | 'sending' | 'held' | 'resolved';

/** By the number of the attempt; null where it is not known. Attempts under one version have sent the same bytes. */
export type AttemptVersions = readonly (number | null)[];

/** An exception in a list. Never chat text. */
export interface ExceptionSummary {
  readonly id: number;
  /** Counts up with every change: a decision may name the one that it has seen. */
  readonly version: number;
  /** Absent for a kind of a later release. */
  readonly kind?: Kind;
  /** 64 hexadecimal digits. */
  readonly eventId: string;
  readonly reason: ExceptionReason;
  readonly state: ExceptionState;
  readonly attempts: number;
  readonly arrivals: number;
  /** Times: ISO 8601. */
  readonly since: string;
  readonly nextAt?: string;
  readonly resolution?: string;
  readonly lastFact?: string;
}

export interface ExceptionPage {
  readonly v: 1;
  readonly exceptions: readonly ExceptionSummary[];
  /** Of all pages. */
  readonly total: number;
  /** `afterId` of the next page; absent on the last. */
  readonly next?: number;
  /** The source was torn down: what would have to be sent cannot be decided. */
  readonly retired?: boolean;
}

export interface RecordedDecision {
  readonly decision: Decision;
  readonly by: string;
  readonly why: string;
  readonly at: string;
  /** The reason for which the event was held then. */
  readonly reason: ExceptionReason;
}

export interface ExceptionDetails {
  readonly v: 1;
  readonly exception: ExceptionSummary;
  readonly allowed: readonly Decision[];
  /** The source was torn down: what would have to be sent cannot be decided. */
  readonly retired?: boolean;
  /** What is known, oldest first; of very many the newest. */
  readonly evidence: readonly { readonly at: string; readonly fact: string }[];
  readonly decisions: readonly RecordedDecision[];
  /** Under which version of what is sent of an event each attempt was made, by its number; absent for a source that keeps no originals. */
  readonly versions?: AttemptVersions;
  /** Absent when the log does not have it any more. */
  readonly bodyBytes?: number;
  /** The body for the one who asked, when asked to reveal it: {@link SealedAnswer.sealed}. Cut after {@link MAX_REVEALED_BYTES}: `contents` answers with the whole. */
  readonly sealedBody?: string;
  /** What the inlet said of the event, as JSON `[{at, text}]`, sealed likewise. */
  readonly sealedAnswers?: string;
}

/** So that an answer stays well below the 2 MB that Temporal takes. */
export const MAX_REVEALED_BYTES = 256 * 1024;

export const MAX_PAGE = 200;

/** Update `decide` of the forwarder: events by number, or all that a filter selects, oldest first. */
export interface DecideInput extends ExceptionFilter {
  readonly decision: Decision;
  /** Kept for ever, like `why`. */
  readonly by: string;
  readonly why: string;
  readonly ids?: readonly number[];
  /** With one id: only if it has not changed since. */
  readonly version?: number;
  /** Of a filter: at most so many. */
  readonly limit?: number;
  /** Only say what would be decided. */
  readonly dryRun?: boolean;
}

export interface DecideResult {
  readonly v: 1;
  readonly decision: Decision;
  readonly dryRun: boolean;
  /** With a dry run: that would be. */
  readonly decided: number;
  /** Of the first of them. */
  readonly ids: readonly number[];
  /** Not decided, and why; the first of them. */
  readonly left: readonly { readonly id: number; readonly error: CatalogueError }[];
  /** Held events that the filter selects and that are not decided. */
  readonly remaining: number;
}

export const DEFAULT_DECIDE_LIMIT = 1_000;
export const MAX_DECIDE_LIMIT = 100_000;
/** Numbers in one update, and in its answer. */
export const MAX_DECIDE_IDS = 1_000;

/**
 * What is wrong with the shape of a decision, in words that follow "…: "; undefined when nothing is.
 *
 * @param input as it came, perhaps typed by hand in the Temporal UI
 */
export function faultOfDecision(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return 'expected an object with decision, by and why';
  const { decision, by, why, ids, version, limit, reason, kind, before, dryRun, ...others } = input as Record<
    string,
    unknown
  >;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `${unknown.slice(0, 40)} is unknown`;
  if (dryRun !== undefined && typeof dryRun !== 'boolean') return 'dryRun must be true or false';
  if (!(DECISIONS as readonly unknown[]).includes(decision)) return `decision must be one of ${DECISIONS.join(', ')}`;
  if (!isText(by)) return 'by must name the person who decides';
  if (!isText(why)) return 'why must say why';
  if (reason !== undefined && !(typeof reason === 'string' && isExceptionReason(reason))) return 'reason is unknown';
  if (kind !== undefined && !(typeof kind === 'string' && isKind(kind))) return 'kind is unknown';
  if (before !== undefined && !(typeof before === 'string' && !Number.isNaN(Date.parse(before)))) {
    return 'before must be a time, ISO 8601';
  }
  const isFiltered = reason !== undefined || kind !== undefined || before !== undefined;
  if (ids !== undefined) {
    if (!Array.isArray(ids) || ids.length === 0 || !ids.every(isCount)) return 'ids must be a list of numbers';
    if (ids.length > MAX_DECIDE_IDS) return `at most ${MAX_DECIDE_IDS} ids at once`;
    if (isFiltered) return 'give ids or a filter (reason, kind, before), not both';
  } else if (!isFiltered) {
    return 'give ids, or a filter: reason, kind, before';
  }
  if (version !== undefined && !(isCount(version) && (ids as unknown[] | undefined)?.length === 1)) {
    return 'version is a number and goes with one id';
  }
  if (limit !== undefined && !(isCount(limit) && limit <= MAX_DECIDE_LIMIT)) {
    return `limit must be a number from 1 to ${MAX_DECIDE_LIMIT}`;
  }
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** An id that a person decided to deliver as an event of its own: its pre-image begins with this. */
export const AS_NEW_VERSION = 'as-new/1';

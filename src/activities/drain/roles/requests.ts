/** One request: from a committed intent to its outcome in the books. */
import type { Attempt } from '../../../domain/delivery/outcomes.js';
import type { Kind } from '../../../domain/events/kinds.js';
import type { KeyRing } from '../../../store/keys/keyRing.js';
import { openEvent } from '../../../store/bodies/originals.js';
import type { Opened } from '../../../store/keys/opened.js';
import type { Project } from '../../../projection/project.js';
import { type Drain, nowOf } from './context.js';
import { noteFailure } from './ending.js';
import { recordLate } from './flushes.js';
import { leaseHolds } from '../lease.js';
import { bookOutcome } from './recording.js';
import {
  answered,
  beginNext,
  canBegin,
  type Result,
  resultOf,
  resultOfFailure,
  resultOfUnreadable,
} from './sending.js';
import type { Request, Sendable } from '../state.js';

/** As many as may begin now, without waiting for them. */
export function beginRequests(drain: Drain): void {
  const now = nowOf(drain);
  while (canBegin(drain.state, now)) {
    const request = beginNext(drain.state, now.monotonicMs);
    if (request !== undefined) void make(drain, request);
  }
}

async function make(drain: Drain, request: Request): Promise<void> {
  const { state } = drain;
  let result: Result;
  try {
    const opened = drain.open(request.sendable);
    result = 'fault' in opened ? resultOfUnreadable(opened.fault) : resultOf(await post(drain, request, opened.body));
  } catch (error) {
    // Neither could the next one be made: the drain has to end.
    noteFailure(state, error);
    result = resultOfFailure(request);
  }
  answered(state, request, result);
  bookOutcome(state, request, result.verdict, drain.clock.monotonicMs());
  recordLate(drain);
  drain.changed();
}

async function post(drain: Drain, request: Request, body: Buffer): Promise<Attempt> {
  const attempt = await drain.post(body, {
    // Asked right before the first byte.
    mayStart() {
      const now = nowOf(drain);
      request.byUs = !leaseHolds(drain.state, now);
      if (!request.byUs) request.begunMs = now.monotonicMs;
      return !request.byUs;
    },
  });
  if ('said' in attempt && attempt.said !== undefined) drain.heard(request.sendable, attempt.said);
  return attempt;
}

/** What leaves of originals. */
export interface Leaving {
  /** Of the gate's epoch, under which the drain sends; undefined for a source that keeps no originals. */
  readonly project?: Project;
  /** Told of fields that nobody reads. */
  readonly unmapped: (kind: Kind, names: readonly string[]) => void;
}

/**
 * The bytes that are posted: of an original what leaves of it, of an event that was cut when it was taken the event as it is.
 *
 * @returns `fault`: why this event cannot be sent. Others can: it is held by itself
 */
export function openBody(
  keyRing: Pick<KeyRing, 'open'>,
  sourceId: number,
  { project, unmapped }: Leaving,
  { first, resend }: Sendable,
): Opened {
  const { eventId, kind, form, sealed } = first ?? resend;
  if (sealed === undefined) return { fault: 'its body was damaged on disk, or is gone' };
  const opened = openEvent(keyRing, { sourceId, eventId, kind, form, sealed });
  if ('fault' in opened || opened.form === 'cut') return opened;
  if (project === undefined) throw new Error('the gate is open, and nothing says what leaves of an original');
  const projected = project(opened.original, opened.facts);
  if ('unmapped' in projected) unmapped(kind, projected.unmapped);
  return projected;
}

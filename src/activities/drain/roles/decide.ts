/**
 * What a drain does next, from what it knows: nothing is done or changed here.
 *
 * The loop asks again after each thing done, until there is nothing more to do for now. So everything that is decided must,
 * once it is begun, not be decided again from the same moment.
 */
import { countWithin } from '../../../domain/countWithin.js';
import { leaseAgeMs, type Moment } from '../lease.js';
import { mayFinish, outranks, reasonToEnd } from './ending.js';
import { available, bytesOf, canaryCandidates, isReadOut, isWaiting, sendable, wantsPage } from './reading.js';
import { canBegin, hasSlow, undecided, undecidedBytes } from './sending.js';
import type { DrainState, PlannedEnd } from '../state.js';

export type Decision =
  | { readonly do: 'plan-end'; readonly planned: PlannedEnd }
  /** Requests have become slow: they are kept apart, and their events noted in the books. */
  | { readonly do: 'set-slow-aside' }
  /** Intents whose request has not begun. */
  | { readonly do: 'take-back' }
  | { readonly do: 'read' }
  | { readonly do: 'chore'; readonly chore: Chore }
  /** Records what is booked, and intends so many events. */
  | { readonly do: 'flush'; readonly events: number }
  /** As many requests as may begin. */
  | { readonly do: 'begin' }
  | { readonly do: 'read-again' }
  /** Until something changes. */
  | { readonly do: 'wait' }
  | { readonly do: 'finish' };

export type Chore =
  /** In the beginning: attempts that nobody will answer any more, then resends that are due. Later looks are shared. */
  | 'look-for-resends'
  | 'claim-resends'
  | 'look-at-share'
  | 'look-at-gate'
  /** Of kinds that were sent as nothing yet since what leaves was changed, the first events. */
  | 'choose-canaries'
  | 'look-at-canaries'
  /** Marks the log idle: from then on an insert asks for a wake, and is heard here too. */
  | 'mark-idle'
  /** The same once more, and the claim is given back. */
  | 'end-idle'
  | 'answer-insert';

/** Of the share: so long the rate may be exceeded by a drain that has just begun. */
const LOOK_EVERY_MS = 2_000;
/** Of sealed bodies, which stay in memory until their events are decided. A larger one is intended alone. */
const MAX_UNDECIDED_BYTES = 32 * 1024 * 1024;
/** An outcome is recorded after this long at the latest, so that a crash leaves little unknown. */
const RECORD_WITHIN_MS = 100;

/** @param state is not changed */
export function decide(state: DrainState, now: Moment): Decision {
  const nowMs = now.monotonicMs;
  const { ending, failure, reading, sending, chores } = state;
  const planned = reasonToEnd(state, nowMs);
  if (planned !== undefined && outranks(planned, state)) return { do: 'plan-end', planned };
  if (hasSlow(sending, nowMs)) return { do: 'set-slow-aside' };
  if (ending?.planned.takeBack === true && sending.ready.length > 0) return { do: 'take-back' };
  if (ending === undefined && wantsPage(reading)) return { do: 'read' };
  const chore = ending === undefined && !chores.underWay ? dueChore(state, nowMs) : undefined;
  if (chore !== undefined) return { do: 'chore', chore };
  if (failure === undefined && state.recording.flushes === 0) {
    const events = roomToIntend(state);
    if (isFlushDue(state, events, now)) return { do: 'flush', events };
  }
  if (canBegin(state, now)) return { do: 'begin' };
  if (mayLookAtEmptyLog(state)) return whenEmpty(state, nowMs);
  if (awaitsCanary(state)) return { do: 'plan-end', planned: AWAITS_CANARY };
  return mayFinish(state, isBusy(state), nowMs) ? { do: 'finish' } : { do: 'wait' };
}

function dueChore({ terms, reading, sending, chores }: DrainState, nowMs: number): Chore | undefined {
  if (chores.gateDoubted) return 'look-at-gate';
  if (canaryCandidates(reading).length > 0) return 'choose-canaries';
  if (terms.mode === 'probe') return undefined;
  if (!chores.hasLookedForResends) return 'look-for-resends';
  if (chores.moreResendsDue && undecided(sending) < terms.concurrency && undecidedBytes(sending) < MAX_UNDECIDED_BYTES)
    return 'claim-resends';
  if (reading.canaries.size > 0 && nowMs - chores.lookedAtCanariesMs >= LOOK_EVERY_MS) return 'look-at-canaries';
  return chores.sharesRate && nowMs - chores.lookedAtShareMs >= LOOK_EVERY_MS ? 'look-at-share' : undefined;
}

/** How many events the next flush may intend: those that are undecided are bounded to twice the concurrency, and in bytes. */
export function roomToIntend({ ending, terms, reading, sending, recording }: DrainState): number {
  if (ending !== undefined) return 0;
  // A probe sends one event in all; one that cannot be read is not sent.
  const { cursor } = recording.window;
  const left = terms.mode === 'probe' ? 1 + sending.unreadable - recording.intendedEvents : Number.POSITIVE_INFINITY;
  const room = Math.min(2 * terms.concurrency - undecided(sending), left, available(reading, cursor));
  if (room <= 0) return 0;
  // Numbers without an event weigh nothing.
  if (reading.queue.length === 0) return room;
  const fitting = countWithin(
    sendable(reading, cursor).slice(0, room),
    bytesOf,
    MAX_UNDECIDED_BYTES - undecidedBytes(sending),
  );
  return fitting === 0 && undecided(sending) === 0 ? 1 : fitting;
}

/** When a flush is worth its commit. */
function isFlushDue(state: DrainState, room: number, now: Moment): boolean {
  const { terms, sending, recording } = state;
  const unrecorded = recording.booked.size;
  const runsDry = room > 0 && sending.ready.length <= terms.concurrency / 4;
  const nothingElseRuns = undecided(sending) === 0;
  const waitsLong = nothingElseRuns || now.monotonicMs - recording.bookedSinceMs > RECORD_WITHIN_MS;
  const leaseAges = recording.fenceHeld && leaseAgeMs(state, now) > terms.leaseMs / 3;
  return (
    runsDry ||
    unrecorded >= terms.concurrency ||
    (unrecorded > 0 && waitsLong) ||
    leaseAges ||
    // Its answer tells whose the partition is.
    recording.claimDoubted
  );
}

function mayLookAtEmptyLog({ ending, chores, recording, reading, sending }: DrainState): boolean {
  if (ending !== undefined || chores.underWay || recording.flushes > 0) return false;
  if (chores.insertHeard && chores.idleSinceMs !== undefined) return true;
  const { cursor, intended } = recording.window;
  return isReadOut(reading) && cursor === intended && undecided(sending) + recording.booked.size === 0;
}

/**
 * The log is empty: it is read again, marked idle, watched for a while, and left. Under load reading again finds more, and
 * costs less than marking it idle.
 */
function whenEmpty({ terms, wishes, recording, chores }: DrainState, nowMs: number): Decision {
  const { idleSinceMs, insertHeard, readAgainAt } = chores;
  if (insertHeard && idleSinceMs !== undefined) return { do: 'chore', chore: 'answer-insert' };
  if (terms.mode === 'probe') return { do: 'plan-end', planned: { end: { kind: 'idle' }, takeBack: false } };
  if (idleSinceMs !== undefined) {
    return nowMs - idleSinceMs >= wishes.lingerMs ? { do: 'chore', chore: 'end-idle' } : { do: 'wait' };
  }
  return readAgainAt === recording.window.intended ? { do: 'chore', chore: 'mark-idle' } : { do: 'read-again' };
}

const AWAITS_CANARY = { end: { kind: 'idle' }, takeBack: false, awaitsCanary: true } as const satisfies PlannedEnd;

/** All that is left waits for a canary, here or in another partition: a later drain looks again. */
function awaitsCanary(state: DrainState): boolean {
  const { ending, reading, sending, recording } = state;
  if (ending !== undefined || isBusy(state) || recording.booked.size > 0 || sending.ready.length > 0) return false;
  return isWaiting(reading, recording.window.cursor);
}

function isBusy({ chores, recording, sending }: DrainState): boolean {
  return chores.underWay || recording.flushes > 0 || undecided(sending) > 0;
}

/** The drain's loop: decides, does it, waits for a change, until there is a reason to end. */
import { setImmediate as immediate } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { DrainEnd } from '../../domain/delivery/forwarder.js';
import { startChore } from './roles/chores.js';
import { beside, type Drain, nowOf, untilDone } from './roles/context.js';
import { type Decision, decide } from './roles/decide.js';
import { planEnd } from './roles/ending.js';
import { flush, recordLate, startFlush } from './roles/flushes.js';
import { readNext } from './roles/reading.js';
import { bookTakenBack, noteSlow } from './roles/recording.js';
import { beginRequests } from './roles/requests.js';
import { setSlowAside, takeBackReady, unanswered, undecided } from './roles/sending.js';
import { type DrainBeginning, newDrainState, NOTHING, type PlannedEnd, type Wishes } from './state.js';

/** The loop looks at its clocks at least this often. */
const TICK_MS = 25;

export interface LoopDependencies extends Omit<Drain, 'changed' | 'state' | 'inTurn'> {
  /** @returns ends the subscription */
  readonly onInsert: (heard: () => void) => () => void;
  /** Resends are to be claimed. @returns ends the subscription */
  readonly onDue: (heard: () => void) => () => void;
  /** At each turn. Everything up to this number may have been sent. */
  readonly heartbeat: (intended: number) => void;
  /** Asked at each turn. */
  readonly wishes: () => Wishes;
  /** The drain ends, and so many requests are answered later. @param recorded resolves when they have been, and are recorded */
  readonly leaves: (requests: number, recorded: Promise<void>) => void;
}

/** Wishes are asked for. */
type Beginning = Omit<DrainBeginning, 'wishes' | 'nowMs'>;

export interface DrainResult {
  readonly end: DrainEnd;
  readonly accepted: number;
  readonly notAccepted: number;
  /** Everything up to this number may have been sent. */
  readonly intended: number;
  /** The database was found behind the drain's own fence. */
  readonly wasSetBack: boolean;
  /** What is left waits for a canary. */
  readonly awaitsCanary: boolean;
}

export async function runDrain(deps: LoopDependencies, beginning: Beginning): Promise<DrainResult> {
  const change = createChange();
  const drain = newDrain(deps, beginning, change.happened);
  const { state } = drain;
  const subscriptions = [
    deps.onInsert(() => {
      state.chores.insertHeard = true;
      change.happened();
    }),
    deps.onDue(() => {
      state.chores.moreResendsDue = true;
      change.happened();
    }),
  ];
  const tick = setInterval(change.happened, TICK_MS);
  try {
    for (;;) {
      deps.heartbeat(state.recording.window.intended);
      state.wishes = deps.wishes();
      if (takeTurn(drain) === 'finish') break;
      await change.next();
    }
    return await finish(drain);
  } finally {
    clearInterval(tick);
    for (const unsubscribe of subscriptions) unsubscribe();
    const left = unanswered(state.sending);
    if (left > 0) deps.leaves(left, untilRecorded(drain, change));
  }
}

/** Does all that is to be done now, without waiting for any of it. */
export function takeTurn(drain: Drain): 'wait' | 'finish' {
  for (;;) {
    const decision = decide(drain.state, nowOf(drain));
    if (decision.do === 'wait' || decision.do === 'finish') return decision.do;
    carryOut(drain, decision);
  }
}

function carryOut(drain: Drain, decision: Exclude<Decision, { readonly do: 'wait' | 'finish' }>): void {
  const { state, clock } = drain;
  switch (decision.do) {
    case 'plan-end':
      return planEnd(state, decision.planned, clock.monotonicMs());
    case 'set-slow-aside':
      return noteSlow(state.recording, setSlowAside(state.sending, clock.monotonicMs()));
    case 'take-back':
      bookTakenBack(state, takeBackReady(state.sending), clock.monotonicMs());
      return recordLate(drain);
    case 'read':
      return startReading(drain);
    case 'chore':
      return startChore(drain, decision.chore);
    case 'flush':
      return startFlush(drain, decision.events);
    case 'begin':
      return beginRequests(drain);
    case 'read-again':
      state.chores.readAgainAt = state.recording.window.intended;
      state.reading.atEnd = false;
      return;
    default:
      decision satisfies never;
  }
}

function startReading(drain: Drain): void {
  const { reading } = drain.state;
  reading.underWay = true;
  beside(
    drain,
    untilDone(drain, () => readNext(reading, drain.store)),
    () => {
      reading.underWay = false;
    },
  );
}

async function untilRecorded(drain: Drain, change: Change): Promise<void> {
  while (unanswered(drain.state.sending) > 0) await change.next();
  await drain.inTurn(() => undefined);
}

/** The loop is over: what is known is recorded, and the claim given back. */
export async function finish(drain: Drain): Promise<DrainResult> {
  const { state, store } = drain;
  const { sending, recording } = state;
  if (state.failure !== undefined) {
    await recordWhatIsKnown(drain).catch(drain.databaseFailed);
    drain.leaveBehind(recording.window.intended);
    throw state.failure;
  }
  await drain.inTurn(() => undefined);
  const planned: PlannedEnd = state.ending?.planned ?? { end: { kind: 'slice' }, takeBack: false };
  const { end } = planned;
  const awaitsCanary = planned.awaitsCanary === true;
  if (end.kind !== 'idle' || awaitsCanary) await store.release();
  return {
    end,
    accepted: sending.accepted,
    notAccepted: sending.notAccepted,
    intended: recording.window.intended,
    wasSetBack: recording.wasSetBack,
    awaitsCanary,
  };
}

/** After a failure: what was answered is not to be unknown to the drain that comes next. */
async function recordWhatIsKnown(drain: Drain): Promise<void> {
  if (drain.state.recording.booked.size > 0) await flush(drain, NOTHING);
  await drain.inTurn(() => undefined);
  if (undecided(drain.state.sending) === 0) await drain.store.release();
}

export function newDrain(deps: LoopDependencies, beginning: Beginning, changed: () => void): Drain {
  const nowMs = deps.clock.monotonicMs();
  return {
    ...deps,
    state: newDrainState({ ...beginning, wishes: deps.wishes(), nowMs }),
    changed,
    inTurn: pLimit(1),
  };
}

interface Change {
  readonly happened: () => void;
  readonly next: () => Promise<void>;
}

/** Lets the loop sleep until something has changed. Changes while it runs are not lost and count once. */
function createChange(): Change {
  let pending = false;
  let wake: (() => void) | undefined;
  return {
    happened() {
      if (pending) return;
      pending = true;
      wake?.();
    },
    async next() {
      if (!pending) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
      // What else arrives in this turn of the event loop is looked at together with it.
      await immediate();
      pending = false;
    },
  };
}

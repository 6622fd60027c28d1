/** Chores: what is looked at now and then, and the end of the log. One at a time, beside everything else; each may be done twice. */
import { beside, type Drain, untilDone } from './context.js';
import type { Chore } from './decide.js';
import { endAtGate, planEnd } from './ending.js';
import { canaryCandidates, loggedAtBefore, skipTo } from './reading.js';
import { changeRate, undecided } from './sending.js';

/** Of one claim, whose bodies are in memory. */
const RESENDS_AT_ONCE = 16;

/** Without waiting for it. */
export function startChore(drain: Drain, chore: Chore): void {
  const { state, clock } = drain;
  state.chores.underWay = true;
  if (chore === 'look-for-resends') state.chores.hasLookedForResends = true;
  if (chore === 'look-at-share') state.chores.lookedAtShareMs = clock.monotonicMs();
  if (chore === 'look-at-canaries') state.chores.lookedAtCanariesMs = clock.monotonicMs();
  if (chore === 'look-at-gate') state.chores.gateDoubted = false;
  if (chore === 'mark-idle') state.chores.insertHeard = false;
  if (chore === 'answer-insert') readOn(drain);
  beside(
    drain,
    untilDone(drain, () => CHORES[chore](drain)),
    () => {
      state.chores.underWay = false;
    },
  );
}

const CHORES: Readonly<Record<Chore, (drain: Drain) => Promise<unknown>>> = {
  'look-for-resends': async (drain) => {
    await drain.store.expireUnanswered();
    await claimResends(drain);
  },
  'claim-resends': claimResends,
  'look-at-share': lookAtShare,
  'look-at-gate': lookAtGate,
  'choose-canaries': chooseCanaries,
  'look-at-canaries': lookAtCanaries,
  'mark-idle': (drain) => markIdle(drain, false),
  'end-idle': (drain) => markIdle(drain, true),
  'answer-insert': ({ store }) => store.answerWake(),
};

async function claimResends(drain: Drain): Promise<void> {
  const { state, store } = drain;
  const { sending, chores, terms } = state;
  // One that is due may be the first of its kind.
  if (state.reading.canaries.size > 0) await chooseCanaries(drain);
  const limit = Math.min(RESENDS_AT_ONCE, 2 * terms.concurrency - undecided(sending));
  if (limit <= 0) return;
  const resends = await store.claimResends({ limit, answerWithinMs: terms.answerWithinMs });
  sending.ready.push(...resends.map((resend) => ({ resend })));
  chores.moreResendsDue = resends.length === limit;
}

async function chooseCanaries({ state, store }: Drain): Promise<void> {
  state.reading.canaries = await store.chooseCanaries(canaryCandidates(state.reading));
}

async function lookAtCanaries({ state, store }: Drain): Promise<void> {
  state.reading.canaries = await store.readCanaries();
}

/** The whole of the source's rate, and of the organisation's, each shared by the drains that have something to send. */
async function lookAtShare({ state, store, clock }: Drain): Promise<void> {
  const { terms, chores } = state;
  const { partitions, busy, atMostPerSecond = Number.POSITIVE_INFINITY } = await store.countOthers();
  const share = Math.min(terms.sourceRequestsPerSecond / (busy + 1), atMostPerSecond);
  changeRate(state.sending, share, clock.monotonicMs());
  // With other settings another drain begins.
  chores.sharesRate = terms.partitions > 1 || partitions > 0 || Number.isFinite(atMostPerSecond);
}

async function lookAtGate({ state, store, clock }: Drain): Promise<void> {
  if (!(await store.isGateOpen())) endAtGate(state, clock.monotonicMs());
}

function readOn({ state }: Drain): void {
  state.chores.idleSinceMs = undefined;
  state.reading.atEnd = false;
}

/** Meanwhile an insert notifies this drain instead of waking the forwarder. */
async function markIdle({ state, store, clock }: Drain, release: boolean): Promise<void> {
  const { chores, reading, recording } = state;
  const { cursor, intended } = recording.window;
  const answer = await store.markIdle({ intended, cursorLoggedAt: loggedAtBefore(reading, cursor), release });
  if (!answer.idle) {
    chores.idleSinceMs = undefined;
    if (answer.lost === true) recording.claimDoubted = true;
    else if (answer.absentThrough === undefined) reading.atEnd = false;
    else skipTo(reading, answer.absentThrough);
  } else if (release) planEnd(state, { end: { kind: 'idle' }, takeBack: false }, clock.monotonicMs());
  else chores.idleSinceMs = clock.monotonicMs();
}

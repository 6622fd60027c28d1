/**
 * The one state machine of exceptions, as data: what an exception begins as, what may happen to it where it is, and what that writes.
 *
 * ```
 *                 begun                 accepted            confirmed
 *   to-resend ───────────▶ sending ─────────────▶ delivered ─────────▶ closed
 *     ▲   ▲ not found         │ unknown, overdue      │                  ▲
 *     │   └────────────── to-look-up ─────────────────┼──── found ───────┤
 *     │                       │ cannot tell           │ not there        │
 *     └────── decided ────── held ◀───────────────────┘     decided ─────┘
 * ```
 *
 * `move.ts` says what an entry means for one exception; `store/exceptions/writing.ts` makes its statements of the same entries, for
 * many rows at a time.
 */
import type { Decision, ExceptionReason } from './exceptions.js';

export type Place =
  | 'to-resend'
  | 'to-look-up'
  | 'sending'
  /** For a person. */
  | 'held'
  /** The same, and not an event of the log: an arrival that the log cannot carry, or a note that an event came to the lake twice. */
  | 'held-apart'
  /** By an attempt, and not looked for since. */
  | 'delivered'
  /** Found in the lake, or decided by a person. */
  | 'closed';

export type Resolution = 'delivered' | 'abandoned' | 'replaced';

/** What is true of an exception beside its place. */
export type Condition = 'accepted-before' | 'not-accepted-before' | 'awaits-lake' | 'in-flight';

/** What an entry writes beside place and version. `given`: by whoever makes it happen. */
export interface Writes {
  readonly reason?: ExceptionReason | 'given';
  /** Of the next action, or of the answer that is waited for. */
  readonly due?: 'now' | 'given';
  /** Counted, with its time, the drain's fence and the gate's epoch. */
  readonly attempt?: 'begun';
  readonly fence?: 'given';
  readonly epoch?: 'given';
  /** An attempt that nobody has recorded may have been made, now at the latest. */
  readonly lostAttempt?: true;
  readonly automaticResends?: 'one more' | 'none' | 'given';
  readonly acceptedAttempt?: 'none' | 'given';
  /** Held until the lake can be read, and no longer than nothing else happens to it. */
  readonly awaitsLake?: 'given';
  readonly resolution?: 'given';
  readonly confirmed?: true;
  readonly decision?: 'given';
  readonly decidedBy?: 'given';
  readonly decisionReason?: 'given';
  /** Where it was kept: with the exception, or in the log. */
  readonly body?: 'erased' | 'erased in the log';
  /** Nothing that a person could decide about has changed: a decision that was made of the version before still fits. */
  readonly sameVersion?: true;
}

export interface Transition {
  readonly from: readonly Place[];
  readonly when?: Condition;
  /** `gone`: there is nothing to keep. */
  readonly to: Place | 'same' | 'gone';
  readonly writes: Writes;
}

const UNDECIDED = ['to-resend', 'to-look-up', 'sending', 'held'] as const;
const DECISION = { decision: 'given', decidedBy: 'given', decisionReason: 'given', automaticResends: 'none' } as const;

export const TRANSITIONS = {
  /** A drain sends it again. What an earlier attempt said about being accepted was not so, and says nothing of this one. */
  begun: {
    from: ['to-resend'],
    to: 'sending',
    writes: {
      due: 'given',
      attempt: 'begun',
      fence: 'given',
      epoch: 'given',
      automaticResends: 'one more',
      acceptedAttempt: 'none',
    },
  },

  /** Answers. They are facts, and count wherever the exception has come to meanwhile. */
  'slow-accepted': { from: UNDECIDED, when: 'in-flight', to: 'gone', writes: {} },
  accepted: { from: UNDECIDED, to: 'delivered', writes: { acceptedAttempt: 'given' } },
  'turned-down': {
    from: UNDECIDED,
    to: 'to-resend',
    writes: { reason: 'given', automaticResends: 'given', due: 'given' },
  },
  refused: { from: UNDECIDED, to: 'held', writes: { reason: 'given' } },
  unanswered: { from: UNDECIDED, to: 'to-look-up', writes: { reason: 'unknown', due: 'now' } },
  /** An earlier attempt was accepted while a later one runs, which decides. */
  'accepted-meanwhile': { from: ['sending'], to: 'same', writes: { acceptedAttempt: 'given' } },
  /** It comes too late to change anything. */
  noted: { from: [...UNDECIDED, 'held-apart', 'delivered', 'closed'], to: 'same', writes: {} },
  overdue: {
    from: ['sending'],
    when: 'not-accepted-before',
    to: 'to-look-up',
    writes: { reason: 'unknown', due: 'now' },
  },
  'overdue-accepted': { from: ['sending'], when: 'accepted-before', to: 'delivered', writes: { reason: 'unknown' } },

  /** Looks into the lake. */
  'not-seen': { from: ['to-look-up'], to: 'same', writes: { due: 'given' } },
  'not-looked': { from: ['to-look-up'], to: 'same', writes: { due: 'given', sameVersion: true } },
  'not-found': { from: ['to-look-up'], to: 'to-resend', writes: { due: 'now' } },
  'cannot-tell': { from: ['to-look-up'], to: 'held', writes: { reason: 'given', awaitsLake: 'given' } },
  found: { from: ['to-look-up'], to: 'closed', writes: { confirmed: true } },
  'lake-back': { from: ['held'], when: 'awaits-lake', to: 'to-look-up', writes: { due: 'now' } },
  confirmed: { from: ['delivered'], to: 'closed', writes: { confirmed: true, sameVersion: true } },
  absent: { from: ['delivered'], to: 'held', writes: { reason: 'given' } },
  /** Adobe has refused it in the form that was sent, and what leaves has another form now. */
  reshaped: { from: ['delivered'], to: 'to-resend', writes: { reason: 'invalid', due: 'now' } },

  /** People. */
  'decided-resend': { from: ['held'], to: 'to-resend', writes: { ...DECISION, due: 'now' } },
  decided: { from: ['held', 'held-apart'], to: 'closed', writes: { ...DECISION, resolution: 'given' } },
  'body-erased': { from: ['closed'], to: 'same', writes: { body: 'erased' } },
  'log-body-erased': { from: ['closed'], to: 'same', writes: { body: 'erased in the log' } },

  /** What happens around them. */
  'set-back': {
    from: ['to-resend', 'to-look-up', 'sending'],
    to: 'to-look-up',
    writes: { reason: 'unknown', due: 'now', lostAttempt: true },
  },
  'torn-down': { from: ['to-resend', 'to-look-up'], to: 'held', writes: {} },
} as const satisfies Readonly<Record<string, Transition>>;

export type TransitionName = keyof typeof TRANSITIONS;

export interface Origin {
  readonly to: Place;
  readonly reason: ExceptionReason | 'given';
  /** Attempts that were made, or may have been. */
  readonly attempts: 0 | 1 | 'given';
  readonly due?: 'now' | 'given';
}

/** How an event becomes an exception. */
export const ORIGINS = {
  /** The cursor passes an attempt that runs on. */
  slow: { to: 'sending', reason: 'in-flight', attempts: 1, due: 'given' },
  unanswered: { to: 'to-look-up', reason: 'unknown', attempts: 1, due: 'now' },
  refused: { to: 'held', reason: 'given', attempts: 1 },
  /** A drain ended before it could tell. */
  undecided: { to: 'to-look-up', reason: 'unknown', attempts: 1, due: 'now' },
  /** In a log that was set back. */
  'perhaps-sent': { to: 'to-look-up', reason: 'unknown', attempts: 1, due: 'now' },
  /** Its source was torn down. */
  unsent: { to: 'held', reason: 'unsent', attempts: 0 },
  /** The log cannot carry it. */
  arrival: { to: 'held-apart', reason: 'given', attempts: 0 },
  /** Accepted, and not in the lake. */
  absent: { to: 'held', reason: 'given', attempts: 1 },
  /** Accepted, then refused in the form that was sent: what leaves has another form now. */
  reshaped: { to: 'to-resend', reason: 'invalid', attempts: 1, due: 'now' },
  repeated: { to: 'held-apart', reason: 'repeated', attempts: 'given' },
} as const satisfies Readonly<Record<string, Origin>>;

export type OriginName = keyof typeof ORIGINS;

export interface GivenValues {
  readonly reason: ExceptionReason;
  /** In so many milliseconds. */
  readonly due: number;
  readonly fence: number;
  readonly epoch: number;
  readonly automaticResends: number;
  readonly acceptedAttempt: number;
  readonly awaitsLake: boolean;
  readonly resolution: Resolution;
  readonly decision: Decision;
  readonly decidedBy: string;
  readonly decisionReason: string;
  readonly attempts: number;
}

type Written<E extends TransitionName> = (typeof TRANSITIONS)[E]['writes'];
type GivenIn<W> = { [K in keyof W]: W[K] extends 'given' ? K : never }[keyof W] & keyof GivenValues;

/** Names of what a transition has to be given. */
export type GivenTo<E extends TransitionName> = GivenIn<Written<E>>;
export type GivenToOrigin<O extends OriginName> = GivenIn<(typeof ORIGINS)[O]>;
export type Given<E extends TransitionName> = Pick<GivenValues, GivenTo<E>>;

/** A transition, with what it has to be given. */
export type GivenTransition<E extends TransitionName = TransitionName> = {
  readonly [N in E]: { readonly transition: N; readonly given: Given<N> };
}[E];

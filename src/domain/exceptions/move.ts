/** What a transition makes of an exception: pure, and of the same table that the store's statements are made of. */
import type { Decision, ExceptionReason } from './exceptions.js';
import {
  type Condition,
  type Given,
  type GivenValues,
  type Place,
  type Resolution,
  type Transition,
  type TransitionName,
  TRANSITIONS,
  type Writes,
} from './transitions.js';

/** An exception, as far as its transitions go. */
export interface ExceptionIn<P extends Place = Place> {
  readonly place: P;
  readonly reason: ExceptionReason;
  readonly attempts: number;
  /** Of the drain that made the last one. */
  readonly fence?: number;
  /** Of the gate, under which the last one was made. */
  readonly epoch?: number;
  readonly automaticResends: number;
  readonly acceptedAttempt?: number;
  readonly awaitsLake: boolean;
  readonly version: number;
  readonly due?: number | 'now';
  readonly resolution?: Resolution;
  readonly confirmed: boolean;
  readonly decision?: Decision;
}

type From<E extends TransitionName> = (typeof TRANSITIONS)[E]['from'][number];
type To<E extends TransitionName> = (typeof TRANSITIONS)[E]['to'];
type Moved<E extends TransitionName, P extends Place> =
  To<E> extends 'gone' ? undefined : ExceptionIn<To<E> extends 'same' ? P : Extract<To<E>, Place>>;

/** Whether it can happen to this one. */
export function canMove<E extends TransitionName>(exception: ExceptionIn, name: E): exception is ExceptionIn<From<E>> {
  const { from, when }: Transition = TRANSITIONS[name];
  return from.includes(exception.place) && (when === undefined || isTrue(when, exception));
}

function isTrue(condition: Condition, { acceptedAttempt, awaitsLake, reason }: ExceptionIn): boolean {
  switch (condition) {
    case 'accepted-before':
      return acceptedAttempt !== undefined;
    case 'not-accepted-before':
      return acceptedAttempt === undefined;
    case 'awaits-lake':
      return awaitsLake && reason === 'unknown';
    case 'in-flight':
      return reason === 'in-flight';
    default:
      return condition satisfies never;
  }
}

/** What becomes of it. Another place than those that the transition begins from does not compile. @returns undefined: nothing is kept */
export function move<E extends TransitionName, P extends From<E>>(
  exception: ExceptionIn<P>,
  name: E,
  given: Given<E>,
): Moved<E, P> {
  return moved(exception, TRANSITIONS[name], takenOf(TRANSITIONS[name], given)) as Moved<E, P>;
}

/** Of what is given only what the transition writes. */
function takenOf({ writes }: Transition, given: Partial<GivenValues>): Partial<GivenValues> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => writes[name as keyof Writes] === 'given'));
}

function moved(
  exception: ExceptionIn,
  { to, writes }: Transition,
  given: Partial<GivenValues>,
): ExceptionIn | undefined {
  if (to === 'gone') return undefined;
  const place = to === 'same' ? exception.place : to;
  const { resolution, due, acceptedAttempt, ...kept } = exception;
  return {
    ...kept,
    place,
    version: exception.version + (writes.sameVersion === true ? 0 : 1),
    // A change that does not say so ends the waiting for the lake.
    awaitsLake:
      writes.sameVersion === true ? exception.awaitsLake : writes.awaitsLake === 'given' && given.awaitsLake === true,
    reason: writes.reason === 'given' ? (given.reason ?? exception.reason) : (writes.reason ?? exception.reason),
    attempts: attemptsAfter(exception, writes),
    automaticResends: automaticResendsAfter(exception, writes, given),
    confirmed: exception.confirmed || writes.confirmed === true,
    ...optional('fence', given.fence ?? exception.fence),
    ...optional('epoch', given.epoch ?? exception.epoch),
    ...optional('decision', given.decision ?? exception.decision),
    ...optional('resolution', resolutionIn(place, given.resolution ?? resolution)),
    ...optional('due', isAwaited(place) ? dueAfter(due, writes, given) : undefined),
    ...optional(
      'acceptedAttempt',
      writes.acceptedAttempt === 'none' ? undefined : (given.acceptedAttempt ?? acceptedAttempt),
    ),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]?: V });
}

function attemptsAfter({ attempts }: ExceptionIn, writes: Writes): number {
  if (writes.attempt === 'begun') return attempts + 1;
  return writes.lostAttempt === true ? Math.max(attempts, 1) : attempts;
}

function automaticResendsAfter({ automaticResends }: ExceptionIn, writes: Writes, given: Partial<GivenValues>): number {
  switch (writes.automaticResends) {
    case 'one more':
      return automaticResends + 1;
    case 'none':
      return 0;
    case 'given':
      return given.automaticResends ?? automaticResends;
    default:
      return automaticResends;
  }
}

function dueAfter(due: number | 'now' | undefined, writes: Writes, given: Partial<GivenValues>) {
  return writes.due === 'now' ? 'now' : (given.due ?? due);
}

/** Where something is to happen, at a time. */
export function isAwaited(place: Place): boolean {
  return place === 'to-resend' || place === 'to-look-up' || place === 'sending';
}

function resolutionIn(place: Place, resolution: Resolution | undefined): Resolution | undefined {
  if (place === 'delivered') return 'delivered';
  return place === 'closed' ? (resolution ?? 'delivered') : undefined;
}

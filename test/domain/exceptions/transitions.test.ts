/** The table of transitions, as what each does to an exception. */
import { describe, expect, it } from 'vitest';
import { canMove, type ExceptionIn, isAwaited, move } from '../../../src/domain/exceptions/move.js';
import {
  type GivenValues,
  type OriginName,
  type Place,
  type TransitionName,
  TRANSITIONS,
} from '../../../src/domain/exceptions/transitions.js';
import { NAMES, opened, ORIGIN_NAMES } from './walk.js';

const GIVEN: GivenValues = {
  reason: 'refused',
  due: 500,
  fence: 9,
  epoch: 3,
  automaticResends: 2,
  acceptedAttempt: 1,
  awaitsLake: true,
  resolution: 'abandoned',
  decision: 'abandon',
  decidedBy: 'ana',
  decisionReason: 'looked',
  attempts: 3,
};

/** Of unknown outcome, sent once by drain 5; may be anywhere. */
function at<P extends Place>(place: P, more: Partial<ExceptionIn> = {}): ExceptionIn<P> {
  return {
    reason: 'unknown',
    attempts: 1,
    fence: 5,
    automaticResends: 1,
    awaitsLake: false,
    version: 4,
    confirmed: false,
    ...more,
    place,
  };
}

function after(name: TransitionName, before: ExceptionIn): ExceptionIn | undefined {
  const isPossible: boolean = canMove(before, name);
  if (!isPossible) throw new Error(`${name} cannot happen to what is ${before.place}`);
  const moved: ExceptionIn | undefined = move(before, name, GIVEN);
  return moved;
}

/** What a transition has changed, beside the version that each change has. */
function changes(name: TransitionName, before: ExceptionIn): Partial<ExceptionIn> {
  const next = after(name, before);
  if (next === undefined) throw new Error('nothing is left');
  const { version: _version, ...rest } = next;
  return Object.fromEntries(Object.entries(rest).filter(([key, value]) => before[key as keyof ExceptionIn] !== value));
}

describe('what may happen to an exception', () => {
  it('to be sent again: only after a verdict that it was not accepted or not found, or when a person says so', () => {
    const leadsToResend = NAMES.filter((name) => TRANSITIONS[name].to === 'to-resend');
    expect(new Set(leadsToResend)).toEqual(new Set(['turned-down', 'not-found', 'reshaped', 'decided-resend']));
    const origins: readonly OriginName[] = ORIGIN_NAMES.filter((name) => opened(name, GIVEN).place === 'to-resend');
    expect(origins).toEqual(['reshaped']);
  });

  const ANSWERS = ['accepted', 'noted', 'refused', 'turned-down', 'unanswered'] as const;

  it.each<[string, ExceptionIn, readonly TransitionName[]]>([
    ['that waits to be sent again', at('to-resend'), [...ANSWERS, 'begun', 'set-back', 'torn-down']],
    [
      'that is looked for',
      at('to-look-up'),
      [...ANSWERS, 'cannot-tell', 'found', 'not-found', 'not-looked', 'not-seen', 'set-back', 'torn-down'],
    ],
    ['that is being sent', at('sending'), [...ANSWERS, 'accepted-meanwhile', 'overdue', 'set-back']],
    [
      'that is being sent, and an earlier attempt was accepted',
      at('sending', { acceptedAttempt: 1 }),
      [...ANSWERS, 'accepted-meanwhile', 'overdue-accepted', 'set-back'],
    ],
    [
      'whose first answer is slow',
      at('sending', { reason: 'in-flight' }),
      [...ANSWERS, 'accepted-meanwhile', 'overdue', 'set-back', 'slow-accepted'],
    ],
    ['that is held', at('held'), [...ANSWERS, 'decided', 'decided-resend']],
    [
      'that is held until the lake is back',
      at('held', { awaitsLake: true }),
      [...ANSWERS, 'decided', 'decided-resend', 'lake-back'],
    ],
    [
      'that is held until the lake is back, for another reason',
      at('held', { awaitsLake: true, reason: 'refused' }),
      [...ANSWERS, 'decided', 'decided-resend'],
    ],
    ['that the log cannot carry', at('held-apart'), ['decided', 'noted']],
    ['that was delivered', at('delivered'), ['absent', 'confirmed', 'noted', 'reshaped']],
    ['that is closed', at('closed'), ['body-erased', 'log-body-erased', 'noted']],
  ])('%s', (_which, exception, possible) => {
    expect(NAMES.filter((name) => canMove(exception, name)).sort()).toEqual([...possible].sort());
  });
});

describe('what comes of it', () => {
  it.each<[TransitionName, ExceptionIn, Partial<ExceptionIn>]>([
    [
      'begun',
      at('to-resend', { due: 'now' }),
      { place: 'sending', attempts: 2, fence: 9, epoch: 3, automaticResends: 2, due: 500 },
    ],
    ['accepted', at('held'), { place: 'delivered', acceptedAttempt: 1, resolution: 'delivered' }],
    ['turned-down', at('held'), { place: 'to-resend', reason: 'refused', automaticResends: 2, due: 500 }],
    ['refused', at('sending', { due: 500 }), { place: 'held', reason: 'refused' }],
    ['unanswered', at('held', { reason: 'refused' }), { place: 'to-look-up', reason: 'unknown', due: 'now' }],
    ['accepted-meanwhile', at('sending'), { acceptedAttempt: 1 }],
    ['noted', at('held'), {}],
    [
      'overdue',
      at('sending', { reason: 'in-flight', due: 500 }),
      { place: 'to-look-up', reason: 'unknown', due: 'now' },
    ],
    [
      'overdue-accepted',
      at('sending', { reason: 'in-flight', acceptedAttempt: 1 }),
      { place: 'delivered', reason: 'unknown', resolution: 'delivered' },
    ],
    ['not-seen', at('to-look-up', { due: 'now' }), { due: 500 }],
    ['not-looked', at('to-look-up', { due: 'now' }), { due: 500 }],
    ['not-found', at('to-look-up', { due: 500 }), { place: 'to-resend', due: 'now' }],
    ['cannot-tell', at('to-look-up'), { place: 'held', reason: 'refused', awaitsLake: true }],
    ['found', at('to-look-up'), { place: 'closed', confirmed: true, resolution: 'delivered' }],
    ['lake-back', at('held', { awaitsLake: true }), { place: 'to-look-up', awaitsLake: false, due: 'now' }],
    ['confirmed', at('delivered', { resolution: 'delivered' }), { place: 'closed', confirmed: true }],
    ['absent', at('delivered', { resolution: 'delivered' }), { place: 'held', reason: 'refused' }],
    ['reshaped', at('delivered', { resolution: 'delivered' }), { place: 'to-resend', reason: 'invalid', due: 'now' }],
    ['decided-resend', at('held'), { place: 'to-resend', decision: 'abandon', automaticResends: 0, due: 'now' }],
    ['decided', at('held'), { place: 'closed', decision: 'abandon', automaticResends: 0, resolution: 'abandoned' }],
    ['body-erased', at('closed', { resolution: 'abandoned' }), {}],
    ['log-body-erased', at('closed', { resolution: 'replaced' }), {}],
    ['set-back', at('sending', { attempts: 0 }), { place: 'to-look-up', attempts: 1, due: 'now' }],
    [
      'set-back',
      at('to-resend', { attempts: 3, reason: 'refused' }),
      { place: 'to-look-up', reason: 'unknown', due: 'now' },
    ],
    ['torn-down', at('to-resend', { due: 'now' }), { place: 'held' }],
  ])('%s', (name, before, expected) => {
    expect(changes(name, before)).toEqual(expected);
  });

  it('is nothing that is kept, when a slow answer says that the event was accepted', () => {
    expect(after('slow-accepted', at('sending', { reason: 'in-flight' }))).toBeUndefined();
  });
});

describe('nobody waits', () => {
  it('for what is held, delivered or closed: it comes due no more', () => {
    const places: readonly Place[] = [
      'to-resend',
      'to-look-up',
      'sending',
      'held',
      'held-apart',
      'delivered',
      'closed',
    ];
    expect(places.filter(isAwaited)).toEqual(['to-resend', 'to-look-up', 'sending']);
    expect(after('refused', at('sending', { due: 500 }))).not.toHaveProperty('due');
  });

  it('for the lake, where something else is why it cannot be told', () => {
    expect(move(at('to-look-up'), 'cannot-tell', { reason: 'unknown', awaitsLake: false })?.awaitsLake).toBe(false);
  });

  it('for an attempt that was never made', () => {
    expect(changes('noted', at('held', { attempts: 0, reason: 'unsent' }))).toEqual({});
  });
});

describe('a decision that was made of the version before', () => {
  it('does not fit any more once something has changed that a person would decide about', () => {
    const unchanged: readonly TransitionName[] = ['not-looked', 'confirmed'];
    for (const name of NAMES.filter((each) => each !== 'slow-accepted')) {
      const before = TRANSITIONS[name].from.map((place) => at(place, { awaitsLake: true }));
      const accepted = before.map((exception) => ({ ...exception, acceptedAttempt: 1 }));
      const [possible] = [...before, ...accepted].filter((exception) => canMove(exception, name));
      if (possible === undefined) throw new Error(`${name} happens to nothing`);
      expect([name, after(name, possible)?.version]).toEqual([name, unchanged.includes(name) ? 4 : 5]);
    }
  });
});

describe('for the record', () => {
  it.each(['decided', 'decided-resend'] as const)('%s is never without who and why', (name) => {
    expect(TRANSITIONS[name].writes).toMatchObject({ decision: 'given', decidedBy: 'given', decisionReason: 'given' });
  });

  it('bodies are erased where they are kept, of what is closed alone', () => {
    const erasing = NAMES.filter((name) => 'body' in TRANSITIONS[name].writes);
    expect(erasing.map((name) => TRANSITIONS[name])).toEqual([
      { from: ['closed'], to: 'same', writes: { body: 'erased' } },
      { from: ['closed'], to: 'same', writes: { body: 'erased in the log' } },
    ]);
  });
});

describe('an event becomes an exception', () => {
  it.each<[OriginName, Place, string, number]>([
    ['slow', 'sending', 'in-flight', 1],
    ['unanswered', 'to-look-up', 'unknown', 1],
    ['refused', 'held', 'too-large', 1],
    ['undecided', 'to-look-up', 'unknown', 1],
    ['perhaps-sent', 'to-look-up', 'unknown', 1],
    ['reshaped', 'to-resend', 'invalid', 1],
    ['unsent', 'held', 'unsent', 0],
    ['arrival', 'held-apart', 'too-large', 0],
    ['absent', 'held', 'too-large', 1],
    ['repeated', 'held-apart', 'repeated', 3],
  ])('when it is %s: %s, for the reason %s, after %i attempts', (origin, place, reason, attempts) => {
    const made = opened(origin, { reason: 'too-large', attempts: 3 });
    expect(made).toMatchObject({ place, reason, attempts });
  });

  it('in no other way', () => {
    expect(ORIGIN_NAMES.length).toBe(10);
  });
});

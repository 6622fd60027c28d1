import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canMove, type ExceptionIn, isAwaited, move } from '../../../src/domain/exceptions/move.js';
import type { Place, TransitionName } from '../../../src/domain/exceptions/transitions.js';
import { anyGiven, NAMES, opened, ORIGIN_NAMES } from './walk.js';

/** Written down once more, by hand: from where an exception may come to where. */
const LEADS_TO: Readonly<Record<Place, readonly (Place | 'gone')[]>> = {
  'to-resend': ['to-resend', 'sending', 'to-look-up', 'held', 'delivered', 'gone'],
  'to-look-up': ['to-resend', 'to-look-up', 'held', 'delivered', 'closed', 'gone'],
  sending: ['sending', 'to-resend', 'to-look-up', 'held', 'delivered', 'gone'],
  held: ['held', 'to-resend', 'to-look-up', 'delivered', 'closed', 'gone'],
  'held-apart': ['held-apart', 'closed'],
  delivered: ['delivered', 'to-resend', 'held', 'closed'],
  closed: ['closed'],
};

const IN_FLIGHT = opened('slow', { reason: 'refused', attempts: 1 });

describe('a walk through the transitions', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...NAMES), anyGiven), { maxLength: 30 });

  it('goes no other way than the model’s, and keeps what must be true everywhere', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ORIGIN_NAMES), anyGiven, steps, (origin, first, walk) => {
        let exception: ExceptionIn = opened(origin, first);
        for (const [name, given] of walk) {
          if (!canMove(exception, name)) continue;
          const next: ExceptionIn | undefined = move(exception, name, given);
          expect(LEADS_TO[exception.place]).toContain(next?.place ?? 'gone');
          if (next === undefined) return;
          expectSound(exception, next);
          exception = next;
        }
      }),
    );
  });
});

function expectSound(before: ExceptionIn, after: ExceptionIn): void {
  const isResolved = after.place === 'delivered' || after.place === 'closed';
  expect(after.due !== undefined).toBe(isAwaited(after.place));
  expect(after.resolution !== undefined).toBe(isResolved);
  expect(after.confirmed && after.place !== 'closed').toBe(false);
  expect(after.attempts).toBeGreaterThanOrEqual(before.attempts);
  expect(after.version).toBeGreaterThanOrEqual(before.version);
  // Attempts are begun from where an attempt is due, and nowhere else.
  expect(after.place === 'sending' ? ['to-resend', 'sending'] : [before.place]).toContain(before.place);
}

describe('what a transition makes of an exception', () => {
  it('begins an attempt, and counts it as one of those that nobody decided', () => {
    const waiting = { ...IN_FLIGHT, place: 'to-resend' as const };
    expect(move(waiting, 'begun', { due: 60_000, fence: 9, epoch: 4 })).toMatchObject({
      place: 'sending',
      attempts: 2,
      automaticResends: 1,
      fence: 9,
      epoch: 4,
      due: 60_000,
    });
  });

  it('keeps nothing of an event whose slow answer was that it is accepted', () => {
    expect(move({ ...IN_FLIGHT, place: 'sending' as const }, 'slow-accepted', {})).toBeUndefined();
    expect(canMove({ ...IN_FLIGHT, reason: 'unknown' }, 'slow-accepted')).toBe(false);
  });

  it('forgets with the next attempt that one before was accepted, which cannot have been so', () => {
    const delivered = {
      ...IN_FLIGHT,
      place: 'delivered' as const,
      resolution: 'delivered' as const,
      acceptedAttempt: 1,
    };
    const held = move(delivered, 'absent', { reason: 'missing' });
    expect(held).toMatchObject({ place: 'held', reason: 'missing' });
    const waiting = move(held, 'decided-resend', {
      decision: 'resend',
      decidedBy: 'ann',
      decisionReason: 'it is gone',
    });
    expect(move(waiting, 'begun', { due: 1, fence: 2, epoch: 4 })).not.toHaveProperty('acceptedAttempt');
  });

  it('waits for the lake only as long as nothing else has happened', () => {
    const due = { ...IN_FLIGHT, place: 'to-look-up' as const };
    const held = move(due, 'cannot-tell', { reason: 'unknown', awaitsLake: true });
    expect(canMove(held, 'lake-back')).toBe(true);
    expect(canMove(move(held, 'noted', {}), 'lake-back')).toBe(false);
  });

  it.each<[Place, readonly TransitionName[]]>([
    ['closed', ['noted', 'body-erased', 'log-body-erased']],
    ['delivered', ['noted', 'confirmed', 'absent', 'reshaped']],
    ['held-apart', ['noted', 'decided']],
  ])('of what is %s little can become', (place, possible) => {
    expect(NAMES.filter((name) => canMove({ ...IN_FLIGHT, place }, name)).sort()).toEqual([...possible].sort());
  });
});

/** Compiled, and never run: each line is an illegal one. */
export function illegal(
  held: ExceptionIn<'held'>,
  closed: ExceptionIn<'closed'>,
  waiting: ExceptionIn<'to-resend'>,
): void {
  // @ts-expect-error nothing is sent while it is held
  move(held, 'begun', { due: 1, fence: 1, epoch: 1 });
  // @ts-expect-error what is closed is not opened again
  move(closed, 'decided-resend', { decision: 'resend', decidedBy: 'ann', decisionReason: 'why not' });
  // @ts-expect-error an attempt has a drain
  move(waiting, 'begun', { due: 1 });
  // @ts-expect-error it is being sent, and not waiting any more
  move(move(waiting, 'begun', { due: 1, fence: 1, epoch: 1 }), 'begun', { due: 1, fence: 1, epoch: 1 });
}

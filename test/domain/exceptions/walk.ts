/** For random walks through the transitions of exceptions: names, values that transitions are given, exceptions to begin with. */
import * as fc from 'fast-check';
import { type ExceptionIn, isAwaited } from '../../../src/domain/exceptions/move.js';
import {
  type GivenValues,
  type Origin,
  type OriginName,
  ORIGINS,
  type TransitionName,
  TRANSITIONS,
} from '../../../src/domain/exceptions/transitions.js';

export const NAMES = Object.keys(TRANSITIONS) as TransitionName[];
export const ORIGIN_NAMES = Object.keys(ORIGINS) as OriginName[];

/** Each transition takes of these what it is given. */
export const anyGiven: fc.Arbitrary<GivenValues> = fc
  .record({
    reason: fc.constantFrom('unknown', 'refused', 'missing', 'invalid'),
    due: fc.integer({ min: 1, max: 60_000 }),
    fence: fc.integer({ min: 1, max: 9 }),
    epoch: fc.integer({ min: 1, max: 9 }),
    automaticResends: fc.integer({ min: 0, max: 2 }),
    acceptedAttempt: fc.integer({ min: 1, max: 3 }),
    awaitsLake: fc.boolean(),
    closing: fc.constantFrom(
      { decision: 'abandon', resolution: 'abandoned' } as const,
      { decision: 'mark-delivered', resolution: 'delivered' } as const,
      { decision: 'deliver-as-new', resolution: 'replaced' } as const,
    ),
    decidedBy: fc.constant('ann'),
    decisionReason: fc.constant('looked'),
    attempts: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ closing, ...rest }) => ({ ...rest, ...closing }));

/** What a person decides is either that it is sent again, or how it ends. */
export function fitting(name: TransitionName, given: GivenValues): GivenValues {
  return name === 'decided-resend' ? { ...given, decision: 'resend' } : given;
}

export function opened(name: OriginName, given: Pick<GivenValues, 'reason' | 'attempts'>): ExceptionIn {
  const { to, reason, attempts }: Origin = ORIGINS[name];
  return {
    place: to,
    reason: reason === 'given' ? given.reason : reason,
    attempts: attempts === 'given' ? given.attempts : attempts,
    automaticResends: 0,
    awaitsLake: false,
    version: 1,
    confirmed: false,
    ...(isAwaited(to) ? { due: 'now' } : {}),
  };
}

import { describe, expect, it } from 'vitest';
import {
  type Decision,
  DECISIONS,
  EXCEPTION_FACTS,
  EXCEPTION_REASONS,
  type ExceptionReason,
  isDecisionAllowed,
  isDecisionPossible,
  isExceptionReason,
} from '../../../src/domain/exceptions/exceptions.js';

describe('what a person may decide', () => {
  /** As docs and command line promise it. */
  it.each<[ExceptionReason, readonly Decision[]]>([
    ['in-flight', []],
    ['unknown', ['resend', 'abandon', 'mark-delivered']],
    ['refused', ['resend', 'abandon']],
    ['too-large', ['abandon']],
    ['unreadable', ['abandon', 'reparse']],
    ['conflict', ['abandon', 'deliver-as-new']],
    ['missing', ['resend', 'abandon', 'mark-delivered']],
    ['invalid', ['resend', 'abandon']],
    ['repeated', ['acknowledge']],
    ['unsent', ['resend', 'abandon']],
  ])('of an event that is %s: %s', (reason, allowed) => {
    expect(DECISIONS.filter((decision) => isDecisionAllowed(reason, decision))).toEqual(allowed);
    expect(EXCEPTION_FACTS[reason].meaning).not.toBe('');
  });
});

describe('of a source that was torn down', () => {
  it('nothing can be decided that would have to be sent', () => {
    const possible = DECISIONS.filter((decision) => isDecisionPossible(decision, { retired: true }));
    expect(possible).toEqual(['abandon', 'mark-delivered', 'acknowledge']);
    expect(DECISIONS.filter((decision) => !isDecisionPossible(decision, { retired: false }))).toEqual([]);
  });
});

it('a reason of a later release is none that this one knows', () => {
  expect(EXCEPTION_REASONS.filter((reason) => !isExceptionReason(reason))).toEqual([]);
  expect([isExceptionReason('stolen'), isExceptionReason('')]).toEqual([false, false]);
});

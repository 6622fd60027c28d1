/**
 * Events that the cursor has passed without `accepted`, or that Adobe did not keep exactly once: why, and what a person may
 * decide about each.
 */

export const EXCEPTION_REASONS = [
  'in-flight',
  'unknown',
  'refused',
  'too-large',
  'unreadable',
  'conflict',
  'missing',
  'invalid',
  'repeated',
  'unsent',
] as const;

export type ExceptionReason = (typeof EXCEPTION_REASONS)[number];

export function isExceptionReason(text: string): text is ExceptionReason {
  return (EXCEPTION_REASONS as readonly string[]).includes(text);
}

export const DECISIONS = ['resend', 'abandon', 'mark-delivered', 'reparse', 'deliver-as-new', 'acknowledge'] as const;

export type Decision = (typeof DECISIONS)[number];

interface ReasonFacts {
  readonly meaning: string;
  readonly decisions: readonly Decision[];
}

/** Which decision fits which reason: the only table of it. */
export const EXCEPTION_FACTS: Readonly<Record<ExceptionReason, ReasonFacts>> = {
  'in-flight': { meaning: 'sent, not answered yet', decisions: [] },
  unknown: {
    meaning: 'sent, and the inlet may or may not have it',
    decisions: ['resend', 'mark-delivered', 'abandon'],
  },
  refused: { meaning: 'the inlet refused this event', decisions: ['resend', 'abandon'] },
  'too-large': { meaning: 'the inlet says it is larger than it takes', decisions: ['abandon'] },
  unreadable: {
    meaning: 'not a body that Chatlio is known to send, or changed on disk',
    decisions: ['reparse', 'abandon'],
  },
  conflict: { meaning: 'same event id as an earlier event, other content', decisions: ['deliver-as-new', 'abandon'] },
  missing: {
    meaning: 'accepted by the inlet, not found in the lake',
    decisions: ['resend', 'mark-delivered', 'abandon'],
  },
  invalid: { meaning: 'accepted by the inlet, then found in a failed batch', decisions: ['resend', 'abandon'] },
  repeated: { meaning: 'in the lake more than once', decisions: ['acknowledge'] },
  unsent: { meaning: 'taken, and not sent before its source was torn down', decisions: ['resend', 'abandon'] },
};

export function isDecisionAllowed(reason: ExceptionReason, decision: Decision): boolean {
  return EXCEPTION_FACTS[reason].decisions.includes(decision);
}

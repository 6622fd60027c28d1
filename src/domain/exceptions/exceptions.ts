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
  'in-flight': { meaning: 'sent, but not answered yet', decisions: [] },
  unknown: {
    meaning: 'sent, but it is not known whether the inlet has it',
    decisions: ['resend', 'mark-delivered', 'abandon'],
  },
  refused: { meaning: 'the inlet refused this event', decisions: ['resend', 'abandon'] },
  'too-large': { meaning: 'too large for the inlet', decisions: ['abandon'] },
  unreadable: {
    meaning: 'not like anything Chatlio is known to send, or damaged on disk',
    decisions: ['reparse', 'abandon'],
  },
  conflict: {
    meaning: 'same event id as an earlier event, but different content',
    decisions: ['deliver-as-new', 'abandon'],
  },
  missing: {
    meaning: 'accepted by the inlet, but not found in the lake',
    decisions: ['resend', 'mark-delivered', 'abandon'],
  },
  invalid: { meaning: 'accepted by the inlet, then found in a failed batch', decisions: ['resend', 'abandon'] },
  repeated: { meaning: 'in the lake more than once', decisions: ['acknowledge'] },
  unsent: { meaning: 'taken, but not sent before its source was torn down', decisions: ['resend', 'abandon'] },
};

/** Begun attempts that were turned down and sent again by themselves, before a person is asked. */
export const MAX_AUTOMATIC_RESENDS = 2;

/** What these make of an event is to be sent, and nobody sends for a source that was torn down. */
const SENDING: ReadonlySet<Decision> = new Set(['resend', 'reparse', 'deliver-as-new']);

/** @param source retired: it was torn down */
export function isDecisionPossible(decision: Decision, { retired }: { readonly retired: boolean }): boolean {
  return !retired || !SENDING.has(decision);
}

export function isDecisionAllowed(reason: ExceptionReason, decision: Decision): boolean {
  return EXCEPTION_FACTS[reason].decisions.includes(decision);
}

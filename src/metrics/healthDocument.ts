/** What a process says of itself to those that watch it, at `/healthz` and `/readyz`. JSON. */
import { type CodedError, type ErrorCode, sentenceOf } from '../domain/errors.js';

/** What is looked at. */
export type Check =
  | 'database'
  | 'ending'
  | 'keys'
  | 'polls'
  | 'routes'
  | 'schema'
  | 'search-attributes'
  | 'spool'
  | 'temporal';

/** What speaks against a process, or for looking at it. */
export interface Concern {
  readonly check: Check;
  readonly code: ErrorCode;
  /** Not where the internet may ask. */
  readonly message?: string;
}

export interface HealthDocument {
  readonly v: 1;
  /** In a word or some, for people: the codes are for programs. */
  readonly status: string;
  /** Why it is not ready. */
  readonly reasons: readonly Concern[];
  /** What does not keep it from its work. */
  readonly warnings: readonly Concern[];
}

/** At `/healthz`: it answers, whatever else does not. */
export const ALIVE = { v: 1, status: 'alive' } as const;

export function concernOf(check: Check, { error }: CodedError): Required<Concern> {
  return { check, code: error.code, message: sentenceOf(error) };
}

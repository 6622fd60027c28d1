/** A body through the mapping, as Adobe's own preview answers. */
import type { Kind } from '../events/kinds.js';

/** A body on its way from a terminal, sealed to a worker: it is what a visitor wrote. */
export interface SealedSample {
  readonly ticket: string;
  /** JSON of {@link SampleFor}. */
  readonly sealed: string;
}

/** Bound to the source, so that nobody can have it mapped for another. */
export interface SampleFor {
  readonly name: string;
  /** Base64. */
  readonly body: string;
}

/** Of a longer one neither question nor answer would pass through Temporal. */
export const LONGEST_SAMPLE_BYTES = 256 * 1024;

export interface SampleRow {
  readonly source: string;
  readonly sourceType: 'ATTRIBUTE' | 'EXPRESSION';
  /** With the tenant's node filled in. */
  readonly destination: string;
  /** Absent: the row gives none. */
  readonly value?: unknown;
  /** In Adobe's words. */
  readonly errors?: readonly string[];
}

/** What the question `sample` answers, once opened. */
export interface SampleReport {
  readonly v: 1;
  readonly name: string;
  readonly kind: Kind;
  readonly eventId: string;
  readonly rows: readonly SampleRow[];
  /** The event as it would come out; absent where none would. */
  readonly xdm?: unknown;
  /** Of no single row. */
  readonly errors: readonly string[];
}

/** What `plan` and `doctor` answer. */
import type { CatalogueError } from '../errors.js';
import type { Contents, Redaction } from '../projection/projection.js';
import type { StepName } from './steps.js';

/** What a step would do. `blocked` needs a person first and says why. */
export type PlannedAction = 'create' | 'keep' | 'change' | 'blocked';

export interface PlannedStep {
  readonly step: StepName;
  readonly action: PlannedAction;
  /** Title or name that the object has or will have. */
  readonly label: string;
  readonly id?: string;
  readonly error?: CatalogueError;
}

export interface PlannedMapping {
  readonly source: string;
  readonly sourceType: 'ATTRIBUTE' | 'EXPRESSION';
  /** With the tenant's node filled in. */
  readonly destination: string;
  readonly type: string;
}

/** How a value leaves. */
export type LeavesAs = 'whole' | 'dropped' | 'hashed' | 'redacted';

/** How an attribute that the mapping reads leaves, after what the manifest says of privacy. */
export interface LeavingField {
  /** As the mapping reads it. */
  readonly field: string;
  /** Of what of it is in no `parts`. */
  readonly as: LeavesAs;
  /** What is replaced in its texts, where it is `redacted`. */
  readonly redactions?: readonly Redaction[];
  /** Of a list or an object: what leaves otherwise than the rest, as Chatlio calls it. */
  readonly parts?: readonly { readonly field: string; readonly as: 'dropped' | 'hashed' }[];
}

/** Something that is dropped, hashed or redacted, and can still be told from another field. */
export interface RemainingCopy {
  /** A path below `privacy.drop` or `privacy.hash`, or one of `privacy.redact`. */
  readonly of: string;
  /** The field that the mapping reads. */
  readonly field: string;
}

/** Of a manifest that says what its contents are. */
export interface PlannedLeaving {
  readonly contents: Contents;
  readonly fields: readonly LeavingField[];
  readonly copies: readonly RemainingCopy[];
  /** Sentences: what the contents mean, and what privacy cannot do. */
  readonly notes: readonly string[];
}

export interface PlanReport {
  readonly v: 1;
  readonly name: string;
  readonly sandbox: string;
  readonly tenantId?: string;
  readonly steps: readonly PlannedStep[];
  readonly mapping: readonly PlannedMapping[];
  /** 0.1.x does not say. */
  readonly leaving?: PlannedLeaving;
  /** Problems that are of no single step: credentials, entitlement, namespace. */
  readonly problems: readonly CatalogueError[];
}

/** One line of `doctor`. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly error?: CatalogueError;
}

export interface DoctorReport {
  readonly v: 1;
  readonly findings: readonly Finding[];
  /** When the question was taken and answered, by the worker's clock. 0.1.1 does not say. */
  readonly clock?: { readonly takenAtMs: number; readonly givenAtMs: number };
}

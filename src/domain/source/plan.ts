/** What `plan` and `doctor` answer. */
import type { CatalogueError } from '../errors.js';
import type { ComparedField, Difference } from './comparison.js';
import type { Contents, Redaction } from '../projection/projection.js';
import type { StepName } from './steps.js';

/**
 * What would be done to an object. `change`: in place. `replace`: a new one takes over. `adopt`: somebody else's is taken over.
 * `left`: it is not as the manifest says, and stays so. `blocked` needs a person first and says why.
 */
export type PlannedAction = 'create' | 'keep' | 'change' | 'replace' | 'adopt' | 'left' | 'blocked';

/** Nothing is done about it. */
export function isAtRest(action: PlannedAction): boolean {
  return action === 'keep' || action === 'left';
}

export interface PlannedStep {
  readonly step: StepName;
  readonly action: PlannedAction;
  /** Title or name that the object has or will have. */
  readonly label: string;
  readonly id?: string;
  /** What is not as the manifest says. */
  readonly fields?: readonly Difference[];
  /** What happens to events meanwhile, as a sentence. */
  readonly meanwhile?: string;
  /** On this side: Adobe is not asked for it. */
  readonly side?: 'here';
  readonly error?: CatalogueError;
}

export type SeenField = Pick<ComparedField, 'field' | 'found'>;

/** An object as it was found: what a saved plan is compared with. */
export interface SeenObject {
  readonly step: StepName;
  readonly id: string;
  /** Of a mapping set. */
  readonly version?: number;
  readonly fields: readonly SeenField[] | 'gone';
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
  /** `production` or `development`, in Adobe's words; absent where it cannot be read. */
  readonly sandboxType?: string;
  readonly steps: readonly PlannedStep[];
  readonly mapping: readonly PlannedMapping[];
  /** 0.1.x does not say. */
  readonly leaving?: PlannedLeaving;
  /** Problems that are of no single step: credentials, entitlement, namespace. */
  readonly problems: readonly CatalogueError[];
  /** 0.2 does not compare. */
  readonly seen?: readonly SeenObject[];
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

/** What `plan` and `doctor` answer: questions to Adobe that the worker asks, as a short workflow. */
import type { AuditReport } from './audit.js';
import type { CatalogueError } from './errors.js';
import type {
  DecideInput,
  DecideResult,
  ExceptionDetails,
  ExceptionFilter,
  ExceptionPage,
  ExceptionState,
} from './heldEvents.js';
import type { Kind } from './kinds.js';
import type { Manifest } from './manifest.js';
import type { EventPage, IntakeReport, LogPosition, RestoredReport, WatchedEvent } from './passingEvents.js';
import type { StepName } from './steps.js';

/** Input of the workflow `inquiry`. */
export type Inquiry =
  | {
      readonly v: 1;
      readonly ask: 'plan';
      readonly manifest: Manifest;
      readonly uid?: string;
      /** It is live: what is missing will not be made by provisioning. */
      readonly live?: { readonly paused: boolean };
    }
  | { readonly v: 1; readonly ask: 'doctor'; readonly sandbox?: string }
  /** Answered with a {@link SealedAnswer} of {@link SourceUrls}: the URLs are secrets, and questions stand in Temporal's history. */
  | { readonly v: 1; readonly ask: 'urls'; readonly name: string; readonly sealTo: string }
  /**
   * Gives the URLs of a widget, of a kind, or all of them new secrets; the URLs before are taken for `overlapMs` more. Answered
   * like `urls`.
   */
  | {
      readonly v: 1;
      readonly ask: 'rotate';
      readonly name: string;
      readonly widget?: string;
      readonly kind?: Kind;
      readonly overlapMs: number;
      readonly sealTo: string;
    }
  | {
      readonly v: 1;
      readonly ask: 'exceptions';
      readonly name: string;
      readonly filter: ExceptionFilter;
      readonly states: readonly ExceptionState[];
      readonly afterId?: number;
      readonly limit: number;
    }
  /** With `sealTo` the answer holds the body, sealed to the asker. */
  | { readonly v: 1; readonly ask: 'exception'; readonly name: string; readonly id: number; readonly sealTo?: string }
  /** A decision where no forwarder runs that would take it: of a source that was torn down, all that send nothing. */
  | { readonly v: 1; readonly ask: 'decide'; readonly name: string; readonly input: DecideInput }
  /** Times: ISO 8601, by the log; absent: from the first event, until now. */
  | { readonly v: 1; readonly ask: 'audit'; readonly name: string; readonly since?: string; readonly until?: string }
  /**
   * With `after`: events after it, waiting for the first for up to `waitMs`; without: the newest. With `sealTo` the answer holds
   * their contents, sealed to the asker.
   */
  | {
      readonly v: 1;
      readonly ask: 'events';
      readonly name: string;
      readonly after?: LogPosition;
      readonly since?: string;
      readonly limit: number;
      readonly waitMs?: number;
      /** Shown before: a change of theirs is waited for as well. */
      readonly watched?: readonly WatchedEvent[];
      readonly sealTo?: string;
    }
  /** With `unlike`, the mark of an answer before: waits for up to `waitMs` for something to have changed since. */
  | {
      readonly v: 1;
      readonly ask: 'intake';
      readonly name: string;
      readonly unlike?: string;
      readonly waitMs?: number;
    }
  /** Changes something when told to apply. */
  | { readonly v: 1; readonly ask: 'restored'; readonly since: string; readonly apply: boolean; readonly by: string };

/** How the asker wants to be answered. A client of 0.1.0 knows a refusal only as a failed workflow. */
export interface AnswerForm {
  readonly refusals?: 'result';
}

/** A question that was refused, as a result: a typing error is no failure of the system. */
export interface Refused {
  readonly refused: CatalogueError;
}

/** What a step would do. `blocked` needs a person first and says why. */
export type PlannedAction = 'create' | 'adopt' | 'keep' | 'change' | 'blocked';

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

export interface PlanReport {
  readonly v: 1;
  readonly name: string;
  readonly sandbox: string;
  readonly tenantId?: string;
  readonly steps: readonly PlannedStep[];
  readonly mapping: readonly PlannedMapping[];
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
}

export interface WebhookUrl {
  readonly widget: string;
  readonly kind: string;
  readonly url: string;
  readonly chatlioField: string;
  /** ISO 8601: until then a URL of it before this one is taken as well. Absent when there is none. */
  readonly oldTakenUntil?: string;
}

/** A question of one sort. */
export type Ask<K extends Inquiry['ask']> = Extract<Inquiry, { readonly ask: K }>;

export interface InquiryActivities {
  plan(input: Ask<'plan'>): Promise<PlanReport>;
  doctor(input: Ask<'doctor'>): Promise<DoctorReport>;
  urls(input: Ask<'urls'>): Promise<SealedAnswer>;
  rotate(input: Ask<'rotate'>): Promise<SealedAnswer>;
  decide(input: Ask<'decide'>): Promise<DecideResult>;
  exceptions(input: Ask<'exceptions'>): Promise<ExceptionPage>;
  exception(input: Ask<'exception'>): Promise<ExceptionDetails>;
  audit(input: Ask<'audit'>): Promise<AuditReport>;
  events(input: Ask<'events'>): Promise<EventPage>;
  intake(input: Ask<'intake'>): Promise<IntakeReport>;
  restored(input: Ask<'restored'>): Promise<RestoredReport>;
}

/** What a question is answered with. */
export type Answer<Question extends Inquiry> = Awaited<ReturnType<InquiryActivities[Question['ask']]>>;

/** What `urls` answers, once opened. */
export interface SourceUrls {
  readonly webhooks: readonly WebhookUrl[];
  /** Adobe's own form, which goes past the receiver: nobody then keeps, retries or recognises an event. */
  readonly inlet?: { readonly url: string; readonly flowId: string };
}

/** JSON that only the asker can read (`src/temporal/sealedAnswer.ts`). */
export interface SealedAnswer {
  readonly v: 1;
  readonly sealed: string;
}

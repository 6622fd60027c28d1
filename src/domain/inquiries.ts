/**
 * The questions of the command line that only the worker can answer: one table, from which the workflow, its activities and the
 * client are typed. To add one: its entry here, and what answers it in `activities/inquiry/inquiry.ts`.
 *
 * JSON only. Questions and answers stand in Temporal's history: secrets and chat text are sealed to the asker.
 */
import type { AccountDeleted, AccountDetails, AccountList, AccountUpdated, SealedCredentials } from './accounts.js';
import type { AuditPage, AuditReport } from './audit.js';
import type { RunDetails } from './delivery/failedRecords.js';
import type { RunsReport } from './delivery/flowRuns.js';
import type { CatalogueError } from './errors.js';
import type { Kind } from './events/kinds.js';
import type {
  ContentPlace,
  ContentsPiece,
  EventDetails,
  EventPage,
  IntakeReport,
  LogPosition,
  NeedsReport,
  RestoredReport,
  WatchedEvent,
} from './events/shownEvents.js';
import type {
  DecideInput,
  DecideResult,
  ExceptionDetails,
  ExceptionFilter,
  ExceptionPage,
  ExceptionState,
} from './exceptions/heldEvents.js';
import type { HistoryPage } from './history.js';
import type { AdoptionReport } from './source/adoption/adoption.js';
import type { Manifest } from './source/manifest.js';
import type { DoctorReport, PlanReport } from './source/plan.js';
import type { SealedSample } from './planning/sample.js';
import type { Replacement } from './source/updating/replacing.js';
import type { Resources } from './source/steps.js';

/** By its name: what is asked, and what it is answered with. */
interface Inquiries {
  plan: {
    ask: {
      readonly manifest: Manifest;
      readonly uid?: string;
      /** It is live: what is missing will not be made by provisioning. */
      readonly live?: { readonly paused: boolean };
      /** Of the live source, as its workflow has recorded them. 0.2 does not say. */
      readonly resources?: Resources;
      /** The manifest of the live source, where it is another one. */
      readonly running?: Manifest;
      /** New connections and a new flow are asked for, whatever the manifest says. */
      readonly replace?: Replacement;
      /** Somebody else's objects in our place would be taken over. */
      readonly adopt?: boolean;
    };
    answer: PlanReport;
  };
  /** A body through the mapping. The answer holds a {@link SampleReport}; `sample` absent: an invented body of the kind. */
  sample: {
    ask: {
      readonly manifest: Manifest;
      readonly uid?: string;
      /** Of the source, where it is known. */
      readonly schemaId?: string;
      readonly kind?: Kind;
      readonly sample?: SealedSample;
      /** When it was posted, ms: a body need not say. */
      readonly atMs: number;
      readonly sealTo: string;
    };
    answer: SealedAnswer;
  };
  doctor: { ask: { readonly sandbox?: string }; answer: DoctorReport };
  /** The answer holds {@link SourceUrls}. */
  urls: { ask: { readonly name: string; readonly sealTo: string }; answer: SealedAnswer };
  /**
   * Gives the URLs of a widget, of a kind, or all of them new secrets; the URLs before are taken for `overlapMs` more. Answered
   * like `urls`.
   */
  rotate: {
    ask: {
      readonly name: string;
      readonly widget?: string;
      readonly kind?: Kind;
      readonly overlapMs: number;
      readonly sealTo: string;
      /** Who, for the record. 0.2.0 does not say. */
      readonly by?: string;
    };
    answer: SealedAnswer;
  };
  exceptions: {
    ask: {
      readonly name: string;
      readonly filter: ExceptionFilter;
      readonly states: readonly ExceptionState[];
      readonly afterId?: number;
      readonly limit: number;
    };
    answer: ExceptionPage;
  };
  /** With `sealTo` the answer holds the body, sealed to the asker. */
  exception: {
    ask: { readonly name: string; readonly id: number; readonly sealTo?: string };
    answer: ExceptionDetails;
  };
  /** A decision where no forwarder runs that would take it: of a source that was torn down, all that send nothing. */
  decide: { ask: { readonly name: string; readonly input: DecideInput }; answer: DecideResult };
  /** Times: ISO 8601, by the log; absent: from the first event, until now. `page`: of one list, all of which are bounded. */
  audit: {
    ask: { readonly name: string; readonly since?: string; readonly until?: string; readonly page?: AuditPage };
    answer: AuditReport;
  };
  /**
   * With `after`: events after it, waiting for the first for up to `waitMs`; without: the newest. With `sealTo` the answer holds
   * their contents, sealed to the asker.
   */
  events: {
    ask: {
      readonly name: string;
      readonly after?: LogPosition;
      readonly since?: string;
      readonly limit: number;
      readonly waitMs?: number;
      /** Shown before: a change of theirs is waited for as well. */
      readonly watched?: readonly WatchedEvent[];
      readonly sealTo?: string;
    };
    answer: EventPage;
  };
  /** One event, by its id or the beginning of it. */
  event: { ask: { readonly name: string; readonly eventId: string }; answer: EventDetails };
  /**
   * A piece of the contents of events, sealed to the asker: of the first from the byte `offset` on, then of those after it as far
   * as an answer reaches. Asked again for what is left, it shows contents of any length whole.
   */
  contents: {
    ask: {
      readonly name: string;
      readonly events: readonly ContentPlace[];
      readonly offset: number;
      readonly sealTo: string;
    };
    answer: ContentsPiece;
  };
  /** With `unlike`, the mark of an answer before: waits for up to `waitMs` for something to have changed since. */
  intake: {
    ask: { readonly name: string; readonly unlike?: string; readonly waitMs?: number };
    answer: IntakeReport;
  };
  /** Runs of the source's flows, as Adobe counts them. */
  runs: { ask: { readonly name: string; readonly limit: number }; answer: RunsReport };
  /** One run, with the records that failed in it. With `sealTo` the answer holds Adobe's words, sealed to the asker. */
  run: { ask: { readonly name: string; readonly id: string; readonly sealTo?: string }; answer: RunDetails };
  /** Of all sources, those that need a person. */
  needs: { ask: object; answer: NeedsReport };
  /** The base connections of a sandbox. */
  accounts: { ask: { readonly sandbox: string }; answer: AccountList };
  account: { ask: { readonly sandbox: string; readonly id: string }; answer: AccountDetails };
  /** The answer holds a {@link Recipient}. */
  recipient: { ask: { readonly sealTo: string }; answer: SealedAnswer };
  updateAccount: {
    ask: {
      readonly sandbox: string;
      readonly id: string;
      readonly name?: string;
      readonly description?: string;
      readonly credentials?: SealedCredentials;
    };
    answer: AccountUpdated;
  };
  deleteAccount: { ask: { readonly sandbox: string; readonly id: string }; answer: AccountDeleted };
  /** The newest records of a source, also of one that was torn down, or that Temporal has forgotten. */
  history: { ask: { readonly name: string; readonly limit: number }; answer: HistoryPage };
  /** What taking over a source would do; with a manifest also what does not fit. `flow`: id or name, absent: by the manifest's names. */
  adoption: {
    ask: {
      readonly sandbox: string;
      readonly flow?: string;
      readonly manifest?: Manifest;
      readonly uid?: string;
    };
    answer: AdoptionReport;
  };
  /** What a teardown would delete that is told to delete data. */
  data: {
    ask: { readonly name: string; readonly sandbox: string; readonly datasetId?: string };
    answer: DataReport;
  };
  /** Changes something when told to apply. */
  restored: {
    ask: { readonly since: string; readonly apply: boolean; readonly by: string };
    answer: RestoredReport;
  };
}

export interface DataReport {
  readonly v: 1;
  /** In the dataset; absent where the lake cannot be read. */
  readonly records?: number;
  /** `production` or `development`, in Adobe's words. */
  readonly sandboxType?: string;
}

export type InquiryName = keyof Inquiries;

/** A question of one sort. */
export type Ask<N extends InquiryName> = { readonly v: 1; readonly ask: N } & Inquiries[N]['ask'];

/** Input of the workflow `inquiry`. */
export type Inquiry = { [N in InquiryName]: Ask<N> }[InquiryName];

/** The activities: one for each question, of its name. */
export type InquiryActivities = { [N in InquiryName]: (ask: Ask<N>) => Promise<Inquiries[N]['answer']> };

/** What a question is answered with. */
export type Answer<Question extends Inquiry> = Inquiries[Question['ask']]['answer'];

/**
 * How long an answer may take, and how often it is tried: `soon`, a person waits; `once`, a second attempt would do something a
 * second time; `long`, it grows with the number of events.
 */
export type Patience = 'soon' | 'once' | 'long';

interface InquiryFacts<N extends InquiryName> {
  readonly patience: Patience;
  /** The command that asks it again. */
  readonly again: (ask: Ask<N>) => string;
}

export const INQUIRIES: { readonly [N in InquiryName]: InquiryFacts<N> } = {
  plan: { patience: 'soon', again: () => 'chatlio-aep plan FILE' },
  sample: { patience: 'soon', again: () => 'chatlio-aep plan FILE --sample KIND' },
  doctor: { patience: 'soon', again: () => 'chatlio-aep doctor' },
  urls: { patience: 'soon', again: ({ name }) => `chatlio-aep urls ${name}` },
  // It would make yet another secret; after a lost answer `urls` tells the newest.
  rotate: { patience: 'once', again: ({ name }) => `chatlio-aep urls ${name}` },
  exceptions: { patience: 'soon', again: ({ name }) => `chatlio-aep held list ${name}` },
  exception: { patience: 'soon', again: ({ name }) => `chatlio-aep held list ${name}` },
  decide: { patience: 'soon', again: ({ name }) => `chatlio-aep held list ${name}` },
  audit: { patience: 'long', again: ({ name }) => `chatlio-aep audit ${name}` },
  events: { patience: 'soon', again: ({ name }) => `chatlio-aep events tail ${name}` },
  event: { patience: 'soon', again: ({ name, eventId }) => `chatlio-aep events show ${name} ${eventId}` },
  contents: { patience: 'soon', again: ({ name }) => `chatlio-aep events tail ${name} --reveal` },
  intake: { patience: 'soon', again: ({ name }) => `chatlio-aep status ${name}` },
  runs: { patience: 'soon', again: ({ name }) => `chatlio-aep runs ${name}` },
  run: { patience: 'soon', again: ({ name, id }) => `chatlio-aep runs show ${name} ${id}` },
  needs: { patience: 'soon', again: () => 'chatlio-aep status' },
  accounts: { patience: 'soon', again: ({ sandbox }) => `chatlio-aep accounts list --sandbox ${sandbox}` },
  account: { patience: 'soon', again: ({ id }) => `chatlio-aep accounts show ${id}` },
  recipient: { patience: 'soon', again: () => 'chatlio-aep accounts list' },
  // The etag guards it, and what is gone is deleted: an attempt after a lost answer changes nothing more.
  updateAccount: { patience: 'soon', again: ({ id }) => `chatlio-aep accounts update ${id}` },
  deleteAccount: { patience: 'soon', again: ({ id }) => `chatlio-aep accounts delete ${id}` },
  history: { patience: 'soon', again: ({ name }) => `chatlio-aep history ${name}` },
  adoption: { patience: 'soon', again: () => 'chatlio-aep adopt FILE' },
  data: { patience: 'soon', again: ({ name }) => `chatlio-aep teardown ${name} --delete-data` },
  restored: { patience: 'soon', again: ({ since }) => `chatlio-aep doctor --restored ${since}` },
};

/** How the asker wants to be answered. A client of 0.1.0 knows a refusal only as a failed workflow. */
export interface AnswerForm {
  readonly refusals?: 'result';
}

/** A question that was refused, as a result: a typing error is no failure of the system. */
export interface Refused {
  readonly refused: CatalogueError;
}

export interface WebhookUrl {
  readonly widget: string;
  readonly kind: string;
  readonly url: string;
  readonly chatlioField: string;
  /** ISO 8601: until then a URL of it before this one is taken as well. Absent when there is none. */
  readonly oldTakenUntil?: string;
}

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

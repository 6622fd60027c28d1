/** The sources, as the command line knows them: a port, so that commands can be tried without a server. */
import type { CatalogueError } from '../../domain/errors.js';
import type { ForwarderResumeInput, ForwarderState } from '../../domain/delivery/forwarder.js';
import type { PauseInput, PauseResult, UnpauseInput, UnpauseResult } from '../../domain/delivery/pause.js';
import type { DriftInput, SeenDrift } from '../../domain/drift/drift.js';
import type { RepairInput, RepairResult } from '../../domain/drift/repair.js';
import type { DecideInput, DecideResult } from '../../domain/exceptions/heldEvents.js';
import type { Answer, Inquiry } from '../../domain/inquiries.js';
import type {
  AbortInput,
  ConfigureInput,
  ConfigureResult,
  ResumeInput,
  SourceInput,
  SourceState,
} from '../../domain/source/source.js';
import type { TeardownInput, TeardownResult } from '../../domain/source/teardown.js';
import type { UpdateInput, UpdateResult } from '../../domain/source/update.js';
import type { Deploys, Promoted, Promotion } from '../deploys/port.js';

/**
 * The sources, as Temporal knows them. Every method throws CodedErrors (`CAEP_TEMPORAL_UNREACHABLE`, `CAEP_SOURCE_UNKNOWN`,
 * `CAEP_NO_WORKER` and others) and answers or gives up within seconds. Times are ms since the epoch.
 *
 * @example
 * const run = await sources.describe('support-chat');
 * if (run?.open === true) {
 *   const pausing = await sources.pause(run.name, { reason: 'a new dataset', by: 'mia', disableFlow: false });
 *   log.info(await pausing.result());
 * }
 */
export interface Sources {
  /** `already-runs` when another start was first. */
  start(input: SourceInput): Promise<'started' | 'already-runs'>;
  /** The newest run, open or closed; undefined when Temporal remembers none. */
  describe(name: string): Promise<SourceRun | undefined>;
  /** Of the newest run. Needs a worker: `CAEP_NO_WORKER`. */
  state(name: string): Promise<SourceState>;
  forwarderState(name: string): Promise<ForwarderReport | undefined>;
  resume(name: string, input: ResumeInput): Promise<void>;
  /** Ends the hold of its forwarder, or has the destination probed now. Throws `CAEP_NOT_HELD`. */
  resumeForwarder(name: string, input: ForwarderResumeInput): Promise<void>;
  abort(name: string, input: AbortInput): Promise<void>;
  /** Answers once the workflow knows of it. */
  pause(name: string, input: PauseInput): Promise<Underway<PauseResult>>;
  unpause(name: string, input: UnpauseInput): Promise<Underway<UnpauseResult>>;
  /** Other delivery settings for a live source. Answers once the workflow knows of it. */
  configure(name: string, input: ConfigureInput): Promise<Underway<ConfigureResult>>;
  /** Another manifest for a live source. Answers once the workflow knows of it. */
  update(name: string, input: UpdateInput): Promise<Underway<UpdateResult>>;
  /** Ends with the revoked URLs; the source is then taken down in its own time. Answers once the workflow knows of it. */
  teardown(name: string, input: TeardownInput): Promise<Underway<TeardownResult>>;
  /** Looks now what others have changed in Adobe. Answers once the workflow knows of it. */
  drift(name: string, input: DriftInput): Promise<Underway<SeenDrift>>;
  /** Brings back what has drifted. Answers once the workflow knows of it. */
  repair(name: string, input: RepairInput): Promise<Underway<RepairResult>>;
  /** Throws what the decision is refused for: `CAEP_EVENT_DECIDED` and others. */
  decide(name: string, input: DecideInput): Promise<DecideResult>;
  /** Newest run of every source, by name. Eventually consistent. */
  list(): Promise<SourceRun[]>;
  /** Asks the worker. Throws `CAEP_NO_WORKER` when none takes the question. Aborting the signal ends the wait at once. */
  ask<Question extends Inquiry>(
    question: Question,
    signal?: AbortSignal,
    timed?: (times: AskTimes) => void,
  ): Promise<Answer<Question>>;
  /** Of its workflows, activities that somebody has paused in Temporal. Needs no worker. */
  pausedActivities(name: string): Promise<readonly PausedActivity[]>;
  /** Running workflows of sources that stand still because a worker fails at them; of many only some are looked at. */
  stuckWorkflows(): Promise<{ readonly looked: number; readonly stuck: readonly CatalogueError[] }>;
  /** Task queues of which a worker takes the tasks. */
  polledTaskQueues(): Promise<readonly string[]>;
  /** Why nobody takes the tasks of this one: no worker, or none of the build that gets them. Undefined where somebody does. */
  faultOfPolling(taskQueue: string): Promise<CatalogueError | undefined>;
  /** Builds of the workers. Needs no worker. */
  deploys(deployment: string): Promise<Deploys>;
  /** Throws `CAEP_BUILD_UNKNOWN` and `CAEP_BUILD_WITHOUT_WORKER`. */
  promote(promotion: Promotion): Promise<Promoted>;
  /** Search attributes that the namespace lacks, also those that a worker can do without. */
  unknownSearchAttributes(): Promise<readonly string[]>;
  readonly address: string;
  readonly namespace: string;
}

/** When a question went its way, in ms since the epoch: for comparing clocks. */
export interface AskTimes {
  readonly sentAtMs: number;
  /** By Temporal's clock. */
  readonly startedAtMs: number;
  /** Temporal has said that it has it. */
  readonly startSeenAtMs: number;
  readonly answeredAtMs: number;
}

/** An operation that goes on whether or not somebody waits for it. */
export interface Underway<T> {
  /** Throws what it was refused for, or what it has failed of. */
  result(): Promise<T>;
}

/** What of the forwarder's state is shown; the rest is its own bookkeeping. */
export type ForwarderReport = Pick<
  ForwarderState,
  'phase' | 'counters' | 'gate' | 'outage' | 'hold' | 'lastError' | 'lastErrorAt' | 'lake'
> &
  Partial<Pick<ForwarderState, 'surveyedAt'>> & {
    /** While a look at the destination is to open the gate: when the next one is, ms. */
    readonly nextLookAt?: number;
  };

/** One workflow of a source, as `describe` tells it: also without a worker. */
export interface SourceRun {
  readonly name: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly open: boolean;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  readonly status: string;
  readonly startedAt: number;
  readonly closedAt?: number;
  /** From the memo: the uid stays with the source over all its runs. */
  readonly uid?: string;
  /** From the search attributes, as of the last change. */
  readonly phase?: string;
  readonly heldReason?: string;
  /** In a list, where a forwarder runs for the source: what its search attributes say. */
  readonly forwarding?: { readonly phase?: string; readonly heldReason?: string };
  /** In a list: somebody has paused an activity of it, or of its forwarder, in Temporal. */
  readonly hasPausedActivity?: boolean;
  /** In the Temporal UI, where its address is known. */
  readonly url?: string;
  readonly pending: readonly PendingActivity[];
}

/** An activity that runs or waits for its next attempt; workflow code cannot see this. */
export interface PendingActivity {
  readonly name: string;
  readonly attempt: number;
  readonly lastFailure?: string;
  readonly nextAttemptAt?: number;
}

/** An activity that is not tried any more until somebody unpauses it in Temporal. No event of the history tells of it. */
export interface PausedActivity {
  readonly name: string;
  readonly workflowId: string;
  readonly activityId: string;
  readonly since?: number;
  /** Whom the caller named, and why. */
  readonly by?: string;
  readonly reason?: string;
  /** What to type. */
  readonly unpause: string;
}

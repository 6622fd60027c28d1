/** The port {@link Sources} on a Temporal connection. Every call has a deadline: the client has none of its own. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateStage,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  type WorkflowHandle,
} from '@temporalio/client';
import pLimit from 'p-limit';
import { CodedError } from '../../domain/errors.js';
import { nextDestinationLook } from '../../domain/delivery/destinationLooks.js';
import { FORWARDER_MESSAGES, type ForwarderState } from '../../domain/delivery/forwarder.js';
import type { DecideInput, DecideResult } from '../../domain/exceptions/heldEvents.js';
import { SOURCE_NAME } from '../../domain/source/searchAttributes.js';
import type { Inquiry } from '../../domain/inquiries.js';
import {
  forwarderWorkflowId,
  SOURCE_MESSAGES,
  sourceWorkflowId,
  TASK_QUEUES,
  WORKFLOW_TYPES,
  type SourceInput,
  type SourceState,
} from '../../domain/source/source.js';
import { unknownSearchAttributes } from '../searchAttributes.js';
import { CALL_DEADLINE_MS, type TemporalAccess } from './access.js';
import { ask } from './ask.js';
import { promote, readDeploys } from '../deploys/deploys.js';
import { faultOfPolling, readPolling } from '../deploys/polling.js';
import { pausedActivities, sourceRun, standing } from './describedRun.js';
import type { AskTimes, Sources, Underway } from './port.js';
import { stuckError } from './stuckWorkflows.js';
import { translated } from './temporalFaults.js';

/** Many events are decided in many transactions. */
const DECIDE_DEADLINE_MS = 300_000;
/** Requests that are under way are waited for, and Adobe may take its minutes over a flow, attempt after attempt. */
const OPERATION_DEADLINE_MS = 3_600_000;
/** A dozen calls. */
const DEPLOYS_DEADLINE_MS = 20_000;
/** The server runs a workflow of its own for it, and tells every task queue. */
const PROMOTE_DEADLINE_MS = 60_000;
const LISTED_AT_MOST = 1_000;
/** Of `doctor` and the list of all: one call each, a millisecond or two. */
const LOOKED_AT_MOST = 200;
const LOOKED_AT_ONCE = 16;
/** What Temporal answers for a workflow whose task fails again and again. */
const SIGNS_OF_STUCK: ReadonlySet<string> = new Set(['CAEP_NO_WORKER', 'CAEP_NO_ANSWER', 'CAEP_TEMPORAL_FAILED']);

export function createTemporalSources(access: TemporalAccess): Sources {
  const { client, address, namespace } = access;
  const within = <T>(deadlineMs: number, call: () => Promise<T>): Promise<T> =>
    client.connection.withDeadline(Date.now() + deadlineMs, call);
  const byServer = <T>(name: string | undefined, call: () => Promise<T>): Promise<T> =>
    translated({ address, taskQueue: TASK_QUEUES.source, name, answeredByWorker: false }, () =>
      within(CALL_DEADLINE_MS, call),
    );
  /** Asks a workflow of the source: the one that the task queue serves. */
  const byWorker = async <T>(
    taskQueue: string,
    name: string,
    call: () => Promise<T>,
    deadlineMs: number = CALL_DEADLINE_MS,
  ): Promise<T> => {
    try {
      return await translated({ address, taskQueue, name, answeredByWorker: true }, () => within(deadlineMs, call));
    } catch (error) {
      const workflowId = taskQueue === TASK_QUEUES.forwarder ? forwarderWorkflowId(name) : sourceWorkflowId(name);
      throw (await stuckBehind(error, workflowId)) ?? (await withoutTasks(error, taskQueue)) ?? error;
    }
  };
  /** A worker may be there all the same, of a build that gets no tasks. */
  const withoutTasks = async (error: unknown, taskQueue: string): Promise<CodedError | undefined> => {
    if (!(error instanceof CodedError) || error.error.code !== 'CAEP_NO_WORKER') return undefined;
    const look = async () => faultOfPolling(await readPolling(client, namespace, taskQueue));
    return within(CALL_DEADLINE_MS, look).catch(() => undefined);
  };
  const stuckBehind = async (error: unknown, workflowId: string): Promise<CodedError | undefined> => {
    if (!(error instanceof CodedError) || !SIGNS_OF_STUCK.has(error.error.code)) return undefined;
    const look = async () => stuckError(client, namespace, await client.workflow.getHandle(workflowId).describe());
    return within(CALL_DEADLINE_MS, look).catch(() => undefined);
  };
  const operate = async <T>(name: string, update: string, input: object): Promise<Underway<T>> => {
    const underway = await byWorker(TASK_QUEUES.source, name, () =>
      source(name).startUpdate<T, [object]>(update, { args: [input], waitForStage: WorkflowUpdateStage.ACCEPTED }),
    );
    return {
      result: () => byWorker(TASK_QUEUES.source, name, () => underway.result(), OPERATION_DEADLINE_MS),
    };
  };
  const source = (name: string) => client.workflow.getHandle(sourceWorkflowId(name));
  const described = async (handle: WorkflowHandle): Promise<WorkflowExecutionDescription | undefined> => {
    try {
      return await handle.describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  };
  /** A server before 1.28 knows no such pause, and refuses the question. */
  const withPausedActivities = async (): Promise<ReadonlySet<string>> => {
    const runs = newestRuns('TemporalPauseInfo is not null and ExecutionStatus = "Running"');
    return new Set((await runs.catch(() => new Map<string, WorkflowExecutionInfo>())).keys());
  };
  const newestRuns = async (query: string): Promise<ReadonlyMap<string, WorkflowExecutionInfo>> => {
    const newest = new Map<string, WorkflowExecutionInfo>();
    for await (const run of client.workflow.list({ query, pageSize: LISTED_AT_MOST })) {
      const known = newest.get(run.workflowId);
      if (known === undefined || known.startTime < run.startTime) newest.set(run.workflowId, run);
    }
    return newest;
  };

  return {
    address,
    namespace,

    start: (input) =>
      byServer(input.manifest.name, async () => {
        try {
          await client.workflow.start(WORKFLOW_TYPES.source, startOptions(input));
          return 'started';
        } catch (error) {
          if (error instanceof WorkflowExecutionAlreadyStartedError) return 'already-runs';
          throw error;
        }
      }),

    describe: (name) =>
      byServer(name, async () => {
        const run = await described(source(name));
        return run === undefined ? undefined : sourceRun(name, run, access);
      }),

    pausedActivities: (name) =>
      byServer(name, async () => {
        const handles = [sourceWorkflowId(name), forwarderWorkflowId(name)].map((id) => client.workflow.getHandle(id));
        const runs = await Promise.all(handles.map(described));
        return runs.flatMap((run) => (run === undefined ? [] : pausedActivities(run, namespace)));
      }),

    state: (name) => byWorker(TASK_QUEUES.source, name, () => source(name).query<SourceState>(SOURCE_MESSAGES.state)),

    forwarderState: async (name) => {
      const forwarder = client.workflow.getHandle(forwarderWorkflowId(name));
      if ((await byServer(name, () => described(forwarder))) === undefined) return undefined;
      const state = await byWorker(TASK_QUEUES.forwarder, name, () =>
        forwarder.query<ForwarderState>(FORWARDER_MESSAGES.state),
      );
      const { phase, counters, gate, outage, hold, lastError, lastErrorAt, lake, surveyedAt } = state;
      const nextLookAt = gate?.opensByItself === true ? nextDestinationLook(state, { closedToo: true }) : undefined;
      return { phase, counters, gate, outage, hold, lastError, lastErrorAt, lake, surveyedAt, nextLookAt };
    },

    resume: (name, input) =>
      byWorker(TASK_QUEUES.source, name, () => source(name).executeUpdate(SOURCE_MESSAGES.resume, { args: [input] })),

    resumeForwarder: (name, input) =>
      byWorker(TASK_QUEUES.forwarder, name, () =>
        client.workflow
          .getHandle(forwarderWorkflowId(name))
          .executeUpdate(FORWARDER_MESSAGES.resume, { args: [input] }),
      ),

    abort: (name, input) =>
      byWorker(TASK_QUEUES.source, name, () => source(name).executeUpdate(SOURCE_MESSAGES.abort, { args: [input] })),

    pause: (name, input) => operate(name, SOURCE_MESSAGES.pause, input),
    unpause: (name, input) => operate(name, SOURCE_MESSAGES.unpause, input),
    configure: (name, input) => operate(name, SOURCE_MESSAGES.configure, input),
    update: (name, input) => operate(name, SOURCE_MESSAGES.update, input),
    teardown: (name, input) => operate(name, SOURCE_MESSAGES.teardown, input),

    drift: (name, input) => operate(name, SOURCE_MESSAGES.drift, input),
    repair: (name, input) => operate(name, SOURCE_MESSAGES.repair, input),

    decide: (name, input) =>
      byWorker(
        TASK_QUEUES.forwarder,
        name,
        () =>
          client.workflow
            .getHandle(forwarderWorkflowId(name))
            .executeUpdate<DecideResult, [DecideInput]>(FORWARDER_MESSAGES.decide, { args: [input] }),
        DECIDE_DEADLINE_MS,
      ),

    list: () =>
      byServer(undefined, async () => {
        const [sources, forwarders, paused] = await Promise.all([
          newestRuns(`WorkflowType = "${WORKFLOW_TYPES.source}"`),
          newestRuns(`WorkflowType = "${WORKFLOW_TYPES.forwarder}" and ExecutionStatus = "Running"`),
          withPausedActivities(),
        ]);
        return [...sources.values()]
          .map((run) => {
            const name = run.workflowId.slice(sourceWorkflowId('').length);
            const forwarder = forwarders.get(forwarderWorkflowId(name));
            const isPaused = paused.has(run.workflowId) || paused.has(forwarderWorkflowId(name));
            return {
              ...sourceRun(name, run, access),
              forwarding: forwarder && standing(forwarder),
              ...(isPaused ? { hasPausedActivity: true } : {}),
            };
          })
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      }),

    ask: async <Question extends Inquiry>(
      question: Question,
      signal?: AbortSignal,
      timed?: (times: AskTimes) => void,
    ) => {
      try {
        return await ask(question, { signal, timed }, access, byServer);
      } catch (error) {
        throw (await withoutTasks(error, TASK_QUEUES.source)) ?? error;
      }
    },

    stuckWorkflows: () =>
      byServer(undefined, async () => {
        const types = [WORKFLOW_TYPES.source, WORKFLOW_TYPES.forwarder].map((type) => `"${type}"`).join(', ');
        const query = `WorkflowType in (${types}) and ExecutionStatus = "Running"`;
        const runs: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>[] = [];
        for await (const run of client.workflow.list({ query, pageSize: LOOKED_AT_MOST })) {
          if (runs.push(run) === LOOKED_AT_MOST) break;
        }
        const found = await pLimit(LOOKED_AT_ONCE).map(runs, async ({ workflowId, runId }) =>
          stuckError(client, namespace, await client.workflow.getHandle(workflowId, runId).describe()),
        );
        const stuck = found.filter((error) => error !== undefined);
        return { looked: runs.length, stuck: stuck.map(({ error }) => error) };
      }),

    polledTaskQueues: () =>
      byServer(undefined, async () => {
        const polled: string[] = [];
        for (const taskQueue of Object.values(TASK_QUEUES)) {
          if (faultOfPolling(await readPolling(client, namespace, taskQueue)) === undefined) polled.push(taskQueue);
        }
        return polled;
      }),

    faultOfPolling: (taskQueue) =>
      byServer(undefined, async () => faultOfPolling(await readPolling(client, namespace, taskQueue))?.error),

    deploys: (deployment) =>
      translated({ address, taskQueue: TASK_QUEUES.source, answeredByWorker: false }, () =>
        within(DEPLOYS_DEADLINE_MS, () => readDeploys({ client, namespace }, deployment)),
      ),

    promote: (promotion) =>
      translated({ address, taskQueue: TASK_QUEUES.source, answeredByWorker: false }, () =>
        within(PROMOTE_DEADLINE_MS, () => promote({ client, namespace, identity: client.options.identity }, promotion)),
      ),
    unknownSearchAttributes: () => byServer(undefined, () => unknownSearchAttributes(client.connection, namespace)),
  };
}

function startOptions(input: SourceInput) {
  const { name, sandbox } = input.manifest;
  return {
    workflowId: sourceWorkflowId(name),
    taskQueue: TASK_QUEUES.source,
    args: [input] as [SourceInput],
    workflowIdConflictPolicy: 'FAIL' as const,
    memo: { uid: input.uid },
    typedSearchAttributes: [{ key: SOURCE_NAME, value: name }],
    staticSummary: `Chatlio source ${name} in sandbox ${sandbox}`,
    staticDetails: `Owns the source **${name}**: provisions it, then manages it. See its state with \`chatlio-aep status ${name}\`.`,
  };
}

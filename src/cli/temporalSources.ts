/** The port {@link Sources} on a Temporal connection. Every call has a deadline: the client has none of its own. */
import { randomUUID } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateStage,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { defaultPayloadConverter, defineSearchAttributeKey } from '@temporalio/common';
import { CodedError, codedError, sentenceOf } from '../domain/errors.js';
import { FORWARDER_MESSAGES, type ForwarderState } from '../domain/forwarder.js';
import type { DecideInput, DecideResult } from '../domain/heldEvents.js';
import type { Answer, AnswerForm, Inquiry, Refused } from '../domain/plan.js';
import {
  forwarderWorkflowId,
  SOURCE_MESSAGES,
  sourceWorkflowId,
  TASK_QUEUES,
  WORKFLOW_TYPES,
  type SourceInput,
  type SourceState,
} from '../domain/source.js';
import type { PendingActivity, SourceRun, Sources, Underway } from './ports.js';
import { stuckError } from './stuckWorkflows.js';
import { catalogueErrorIn, translated } from './temporalFaults.js';

export interface TemporalAccess {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl?: string;
}

/** Within the five seconds after which a person must know that nobody answers. */
const CALL_DEADLINE_MS = 4_000;
/** `plan` asks Adobe some thirty times; the worker's own bound is two attempts of two minutes. */
const ANSWER_DEADLINE_MS = 250_000;
const FORGET_DEADLINE_MS = 2_000;
const AUDIT_DEADLINE_MS = 3_600_000;
/** Many events are decided in many transactions. */
const DECIDE_DEADLINE_MS = 300_000;
/** Requests that are under way are waited for, and Adobe may take its minutes over a flow, attempt after attempt. */
const OPERATION_DEADLINE_MS = 3_600_000;
/** Pollers ask again at least every 60 s: one that was not seen for longer is gone, though the server lists it for 5 min. */
const POLLER_AGE_MS = 75_000;
const LISTED_AT_MOST = 1_000;
/** Of `doctor`: one call each, a millisecond or two. */
const LOOKED_AT_MOST = 200;
/** What Temporal answers for a workflow whose task fails again and again. */
const SIGNS_OF_STUCK: ReadonlySet<string> = new Set(['CAEP_NO_WORKER', 'CAEP_NO_ANSWER', 'CAEP_TEMPORAL_FAILED']);

const SOURCE_NAME = defineSearchAttributeKey('SourceName', 'KEYWORD');
const SOURCE_PHASE = defineSearchAttributeKey('SourcePhase', 'KEYWORD');
const HELD_REASON = defineSearchAttributeKey('HeldReason', 'KEYWORD');

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
      throw (await stuckBehind(error, workflowId)) ?? error;
    }
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
        try {
          return sourceRun(name, await source(name).describe(), access);
        } catch (error) {
          if (error instanceof WorkflowNotFoundError) return undefined;
          throw error;
        }
      }),

    state: (name) => byWorker(TASK_QUEUES.source, name, () => source(name).query<SourceState>(SOURCE_MESSAGES.state)),

    forwarderState: async (name) => {
      const forwarder = client.workflow.getHandle(forwarderWorkflowId(name));
      const runs = await byServer(name, () =>
        forwarder.describe().catch((error: unknown) => {
          if (error instanceof WorkflowNotFoundError) return undefined;
          throw error;
        }),
      );
      if (runs === undefined) return undefined;
      const { phase, counters, gate, outage, hold, lastError, lastErrorAt, lake, surveyedAt } = await byWorker(
        TASK_QUEUES.forwarder,
        name,
        () => forwarder.query<ForwarderState>(FORWARDER_MESSAGES.state),
      );
      return { phase, counters, gate, outage, hold, lastError, lastErrorAt, lake, surveyedAt };
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
        const [sources, forwarders] = await Promise.all([
          newestRuns(`WorkflowType = "${WORKFLOW_TYPES.source}"`),
          newestRuns(`WorkflowType = "${WORKFLOW_TYPES.forwarder}" and ExecutionStatus = "Running"`),
        ]);
        return [...sources.values()]
          .map((run) => {
            const name = run.workflowId.slice(sourceWorkflowId('').length);
            const forwarder = forwarders.get(forwarderWorkflowId(name));
            return { ...sourceRun(name, run, access), forwarding: forwarder && standing(forwarder) };
          })
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      }),

    ask: <Question extends Inquiry>(question: Question, signal?: AbortSignal) =>
      ask(question, signal, access, byServer),

    stuckWorkflows: () =>
      byServer(undefined, async () => {
        const types = [WORKFLOW_TYPES.source, WORKFLOW_TYPES.forwarder].map((type) => `"${type}"`).join(', ');
        const query = `WorkflowType in (${types}) and ExecutionStatus = "Running"`;
        const stuck: CodedError[] = [];
        let looked = 0;
        for await (const { workflowId, runId } of client.workflow.list({ query })) {
          if (looked === LOOKED_AT_MOST) break;
          looked += 1;
          const found = await stuckError(
            client,
            namespace,
            await client.workflow.getHandle(workflowId, runId).describe(),
          );
          if (found !== undefined) stuck.push(found);
        }
        return { looked, stuck: stuck.map(({ error }) => error) };
      }),

    polledTaskQueues: () =>
      byServer(undefined, async () => {
        const polled: string[] = [];
        for (const taskQueue of Object.values(TASK_QUEUES)) {
          const { pollers } = await client.connection.workflowService.describeTaskQueue({
            namespace,
            taskQueue: { name: taskQueue },
          });
          const freshest = Math.max(...(pollers ?? []).map(({ lastAccessTime }) => milliseconds(lastAccessTime) ?? 0));
          if (Date.now() - freshest < POLLER_AGE_MS) polled.push(taskQueue);
        }
        return polled;
      }),
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
    staticDetails: `Owns the source **${name}**: provisions it, then stays. Look at it with \`chatlio-aep status ${name}\`.`,
  };
}

/** A short workflow of its own: started, its answer awaited; ended when no worker takes it up within the deadline. */
async function ask<Question extends Inquiry>(
  question: Question,
  signal: AbortSignal | undefined,
  { client, address, namespace }: TemporalAccess,
  byServer: <T>(name: string | undefined, call: () => Promise<T>) => Promise<T>,
): Promise<Answer<Question>> {
  const facts = { address, taskQueue: TASK_QUEUES.source, answeredByWorker: true };
  const deadlineMs = question.ask === 'audit' ? AUDIT_DEADLINE_MS : ANSWER_DEADLINE_MS;
  const handle = await byServer(undefined, () =>
    client.workflow.start(WORKFLOW_TYPES.inquiry, {
      workflowId: `inquiry:${question.ask}:${randomUUID()}`,
      taskQueue: TASK_QUEUES.source,
      args: [{ ...question, refusals: 'result' } satisfies Inquiry & AnswerForm],
      workflowExecutionTimeout: deadlineMs,
      staticSummary: `Question of the command line: ${question.ask}`,
    }),
  );
  const result = () =>
    client.connection.withDeadline(
      Date.now() + deadlineMs,
      () => handle.result() as Promise<Answer<Question> | Refused>,
    );
  // A question that is answered is of no use to people who look at the list. Who may not delete leaves it to the retention.
  const forget = async (): Promise<void> => {
    const workflowExecution = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    await client.connection
      .withDeadline(Date.now() + FORGET_DEADLINE_MS, () =>
        client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution }),
      )
      .catch(() => undefined);
  };
  // Left at once: a call that goes on would keep the process until the worker has answered.
  const answer = translated(facts, () =>
    signal === undefined ? result() : client.connection.withAbortSignal(signal, result),
  );
  // A first look at the answer fails only when nobody has taken up the question.
  const taken = awaitTaken(() => byServer(undefined, () => handle.describe()));
  const first = await Promise.race([answer, taken]);
  if (first !== 'not-taken') {
    const answered = first === 'taken' ? await answer : first;
    await forget();
    if (isRefused(answered)) throw new CodedError(answered.refused);
    return answered;
  }
  answer.catch(() => undefined);
  await byServer(undefined, () => handle.terminate('no worker took it up'));
  await forget();
  throw codedError('CAEP_NO_WORKER', { taskQueue: TASK_QUEUES.source });
}

function isRefused(answer: object): answer is Refused {
  return 'refused' in answer;
}

/** Started and scheduled: two events of history. The third is a worker that has taken the task. */
const EVENTS_BEFORE_A_WORKER = 2;
/** From a worker that has taken it and does nothing, the server takes it back after 10 s: two more events. */
const EVENTS_WITHOUT_AN_ANSWER = 5;
const TASK_TAKEN_BACK_MS = 12_000;

type Taken = 'taken' | 'not-taken';

async function awaitTaken(describe: () => Promise<WorkflowExecutionDescription>): Promise<Taken> {
  const lookAfter = async (ms: number): Promise<{ readonly begun: boolean; readonly taken: Taken }> => {
    await new Promise((resolve) => {
      setTimeout(resolve, ms).unref();
    });
    const { historyLength, status, raw } = await describe();
    const isAtWork = (raw.pendingActivities ?? []).length > 0 || historyLength > EVENTS_WITHOUT_AN_ANSWER;
    const taken = isAtWork || status.name !== 'RUNNING' ? 'taken' : 'not-taken';
    return { begun: historyLength > EVENTS_BEFORE_A_WORKER, taken };
  };
  const { begun, taken } = await lookAfter(CALL_DEADLINE_MS);
  return taken === 'taken' || !begun ? taken : (await lookAfter(TASK_TAKEN_BACK_MS)).taken;
}

function sourceRun(
  name: string,
  run: WorkflowExecutionInfo | WorkflowExecutionDescription,
  { uiUrl, namespace }: TemporalAccess,
): SourceRun {
  const uid = run.memo?.uid;
  const pendingActivities = 'pendingActivities' in run.raw ? (run.raw.pendingActivities ?? []) : [];
  return {
    name,
    workflowId: run.workflowId,
    runId: run.runId,
    open: run.status.name === 'RUNNING' || run.status.name === 'PAUSED',
    status: run.status.name,
    startedAt: run.startTime.getTime(),
    closedAt: run.closeTime?.getTime(),
    uid: typeof uid === 'string' ? uid : undefined,
    ...standing(run),
    url: uiUrl === undefined ? undefined : `${uiUrl}/namespaces/${namespace}/workflows/${run.workflowId}`,
    pending: pendingActivities.map(pendingActivity),
  };
}

function standing({ typedSearchAttributes }: Pick<WorkflowExecutionInfo, 'typedSearchAttributes'>) {
  return { phase: typedSearchAttributes.get(SOURCE_PHASE), heldReason: typedSearchAttributes.get(HELD_REASON) };
}

type RawPendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

function pendingActivity(activity: RawPendingActivity): PendingActivity {
  return {
    name: activity.activityType?.name ?? activity.activityId ?? '',
    attempt: activity.attempt ?? 1,
    lastFailure: failureText(activity.lastFailure),
    nextAttemptAt: milliseconds(activity.nextAttemptScheduleTime),
  };
}

/** Our own sentence where the failure carries one, else the failure's message, in one line. */
function failureText(failure: RawPendingActivity['lastFailure']): string | undefined {
  if (failure === null || failure === undefined) return undefined;
  const [detail] = failure.applicationFailureInfo?.details?.payloads ?? [];
  const stated = detail === undefined ? undefined : catalogueErrorIn(defaultPayloadConverter.fromPayload(detail));
  const text = stated === undefined ? (failure.message ?? 'failed') : sentenceOf(stated);
  return text.replaceAll(/\s+/g, ' ');
}

function milliseconds(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number | undefined {
  if (time === null || time === undefined) return undefined;
  return Number(time.seconds ?? 0) * 1_000 + Math.floor((time.nanos ?? 0) / 1_000_000);
}

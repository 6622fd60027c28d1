/** A question to the worker: a short workflow of its own, which leaves no trace in the list once it is answered. */
import { randomUUID } from 'node:crypto';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { CodedError, codedError } from '../../domain/errors.js';
import {
  type Answer,
  type AnswerForm,
  INQUIRIES,
  type Inquiry,
  type Patience,
  type Refused,
} from '../../domain/inquiries.js';
import { TASK_QUEUES, WORKFLOW_TYPES } from '../../domain/source/source.js';
import { CALL_DEADLINE_MS, type TemporalAccess } from './access.js';
import type { AskTimes } from './port.js';
import { translated } from './temporalFaults.js';

const ANSWER_DEADLINES_MS: Readonly<Record<Patience, number>> = {
  // `plan` asks Adobe some thirty times; the worker's own bound is two attempts of two minutes.
  soon: 250_000,
  once: 250_000,
  long: 3_600_000,
};
const FORGET_DEADLINE_MS = 2_000;

/** Started, its answer awaited; ended when no worker takes it up within the deadline. */
export async function ask<Question extends Inquiry>(
  question: Question,
  { signal, timed }: { readonly signal?: AbortSignal; readonly timed?: (times: AskTimes) => void },
  { client, address, namespace }: TemporalAccess,
  byServer: <T>(name: string | undefined, call: () => Promise<T>) => Promise<T>,
): Promise<Answer<Question>> {
  const facts = { address, taskQueue: TASK_QUEUES.source, answeredByWorker: true };
  const deadlineMs = ANSWER_DEADLINES_MS[INQUIRIES[question.ask].patience];
  const sentAtMs = Date.now();
  const handle = await byServer(undefined, () =>
    client.workflow.start(WORKFLOW_TYPES.inquiry, {
      workflowId: `inquiry:${question.ask}:${randomUUID()}`,
      taskQueue: TASK_QUEUES.source,
      args: [{ ...question, refusals: 'result' } satisfies Inquiry & AnswerForm],
      workflowExecutionTimeout: deadlineMs,
      staticSummary: `Question from the command line: ${question.ask}`,
    }),
  );
  const startSeenAtMs = Date.now();
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
  const start = awaitStart(() => byServer(undefined, () => handle.describe()));
  const first = await Promise.race([answer, start]);
  if (first !== 'nobody') {
    const answered = first === 'at work' ? await answer : first;
    const answeredAtMs = Date.now();
    if (timed !== undefined) {
      const { startTime } = await byServer(undefined, () => handle.describe());
      timed({ sentAtMs, startedAtMs: startTime.getTime(), startSeenAtMs, answeredAtMs });
    }
    await forget();
    if (isRefused(answered)) throw new CodedError(answered.refused);
    return answered;
  }
  answer.catch(() => undefined);
  await byServer(undefined, () => handle.terminate('no worker answered'));
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

async function awaitStart(describe: () => Promise<WorkflowExecutionDescription>): Promise<'at work' | 'nobody'> {
  const lookAfter = async (ms: number): Promise<{ readonly isBegun: boolean; readonly isAtWork: boolean }> => {
    await new Promise((resolve) => {
      setTimeout(resolve, ms).unref();
    });
    const { historyLength, status, raw } = await describe();
    const isWorking = (raw.pendingActivities ?? []).length > 0 || historyLength > EVENTS_WITHOUT_AN_ANSWER;
    return { isBegun: historyLength > EVENTS_BEFORE_A_WORKER, isAtWork: isWorking || status.name !== 'RUNNING' };
  };
  const first = await lookAfter(CALL_DEADLINE_MS);
  const last = first.isAtWork || !first.isBegun ? first : await lookAfter(TASK_TAKEN_BACK_MS);
  return last.isAtWork ? 'at work' : 'nobody';
}

/** Workflow tasks that have failed, read from the histories of all runs. */
import type { Client } from '@temporalio/client';
import { milliseconds } from '../../src/temporal/timestamp.js';

export interface FailedTask {
  readonly workflowId: string;
  readonly at: number;
  /** Nondeterminism, and not something else. */
  readonly isNondeterminism: boolean;
  readonly message: string;
}

/** temporal.api.enums.v1.WorkflowTaskFailedCause */
const NON_DETERMINISTIC = 24;
/** The server asks to decide anew, because a signal or an update has come meanwhile: nothing has failed. */
const DECIDES_ANEW: ReadonlySet<number> = new Set([1, 31]);

export async function readFailedTasks(client: Client): Promise<FailedTask[]> {
  const failed: FailedTask[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { eventTime, workflowTaskFailedEventAttributes: task } of events ?? []) {
      if (task === null || task === undefined || DECIDES_ANEW.has(Number(task.cause))) continue;
      failed.push({
        workflowId,
        at: milliseconds(eventTime) ?? 0,
        isNondeterminism: Number(task.cause) === NON_DETERMINISTIC,
        message: task.failure?.message ?? String(task.cause),
      });
    }
  }
  return failed;
}

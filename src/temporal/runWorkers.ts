/** Makes and runs the workers of a process together: they end in order, and when one cannot go on its reason is what is told. */
import { once } from 'node:events';
import { TransportError, type Worker } from '@temporalio/worker';
import { CodedError, codedError, ERROR_CATALOGUE } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import type { Ending } from '../process/ending.js';

/** Of the end: activities are told to give up when most of it is over, and have the rest to do so. */
export const SHUTDOWN = { graceMs: 14_000, withinMs: 18_000 } as const;
const LOOK_EVERY_MS = 250;

export interface RunnableWorker extends Pick<Worker, 'run' | 'shutdown' | 'getState'> {
  readonly options: Pick<Worker['options'], 'taskQueue'>;
  getStatus(): Pick<ReturnType<Worker['getStatus']>, 'numInFlightActivities'>;
}

/** @returns task queues of which no worker of this process takes tasks */
export function notPolled(taskQueues: readonly string[], workers: readonly RunnableWorker[]): string[] {
  const running = workers.filter((worker) => worker.getState() === 'RUNNING');
  return taskQueues.filter((name) => !running.some(({ options: { taskQueue } }) => taskQueue === name));
}

/**
 * The server is asked for the namespace when a worker is made: it may have gone away since it was connected.
 *
 * @throws CodedError `CAEP_TEMPORAL_FAILED` with the reason
 */
export async function makeWorkers<T>(make: () => Promise<T>, address: string): Promise<T> {
  try {
    return await make();
  } catch (cause) {
    if (!(cause instanceof TransportError)) throw cause;
    throw codedError(
      'CAEP_TEMPORAL_FAILED',
      { address, reason: `the worker was not started: ${cause.message}` },
      { cause },
    );
  }
}

interface Running {
  readonly address: string;
  readonly ending: Ending;
  /** With which the SDK said that a worker ends; what `run` fails with may be another, of the end itself. */
  readonly said: () => Error | undefined;
  /** Asks Temporal whether it still takes calls of this process. @throws CodedError why it does not */
  readonly check: () => Promise<void>;
}

/**
 * Until all have been shut down, or given up. Fails the process by the first reason of a worker that cannot go on:
 * `CAEP_TEMPORAL_REFUSED` or `CAEP_TEMPORAL_NAMESPACE_UNKNOWN` if it may not poll any more, else `CAEP_TEMPORAL_FAILED`.
 */
export async function runWorkers(workers: readonly RunnableWorker[], running: Running): Promise<void> {
  const { ending } = running;
  const failed = async (cause: unknown) => ending.fail(await reasonOf(running.said() ?? cause, running));
  const notEnded = new Set(workers);
  const runs = workers.map((worker) =>
    worker
      .run()
      .catch(failed)
      .finally(() => notEnded.delete(worker)),
  );
  // While an activity does not return, `run` tells of no failure (temporalio/sdk-typescript#2266).
  const look = setInterval(() => {
    const stopped = workers.find((worker) => worker.getState() !== 'RUNNING');
    if (stopped === undefined) return;
    clearInterval(look);
    if (!ending.begun.aborted) void failed(new Error(`the worker of ${stopped.options.taskQueue} has stopped`));
  }, LOOK_EVERY_MS);
  if (!ending.begun.aborted) await once(ending.begun, 'abort');
  clearInterval(look);
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  // The SDK's own bound, `shutdownForceTime`, fails `run` with its own reason, and may then wait for the same activity.
  await ending.bring(() => [...notEnded].map(standing).join(', '), Promise.all(runs), SHUTDOWN.withinMs);
}

/** What a worker still waits for. */
function standing(worker: RunnableWorker): string {
  const { taskQueue } = worker.options;
  const { numInFlightActivities: activities } = worker.getStatus();
  return activities > 0 ? `activities of ${taskQueue} (${activities})` : `Temporal’s answer to the end of ${taskQueue}`;
}

async function reasonOf(cause: unknown, { address, check }: Running): Promise<CodedError> {
  if (cause instanceof CodedError) return cause;
  // The SDK goes on polling whatever happens, but for a minute only if it is refused.
  if (cause instanceof TransportError) {
    const told = await check().catch((error: unknown) => error);
    if (told instanceof CodedError && !ERROR_CATALOGUE[told.error.code].retryable) return told;
    const reason = `this worker may not poll any more: ${messageOf(cause)}`;
    return codedError('CAEP_TEMPORAL_REFUSED', { address, reason }, { cause });
  }
  const reason = `the worker cannot continue: ${messageOf(cause)}`;
  return codedError('CAEP_TEMPORAL_FAILED', { address, reason }, { cause });
}

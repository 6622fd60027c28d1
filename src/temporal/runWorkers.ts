/** Makes and runs the workers of a process together: when one cannot go on, the others finish in order, and its reason is what is told. */
import { TransportError, type Worker } from '@temporalio/worker';
import { CodedError, codedError } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import { within } from '../process/within.js';

type RunnableWorker = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

/** Above the grace that activities get. */
const OTHERS_MAY_TAKE_MS = 30_000;

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

/**
 * Until all have been shut down.
 *
 * @throws CodedError `CAEP_TEMPORAL_FAILED` with the first reason
 */
export async function runWorkers(
  workers: readonly RunnableWorker[],
  address: string,
  othersMayTakeMs: number = OTHERS_MAY_TAKE_MS,
): Promise<void> {
  const runs = workers.map((worker) => worker.run());
  const ended = Promise.allSettled(runs);
  try {
    await Promise.all(runs);
  } catch (cause) {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await within(othersMayTakeMs, ended, () => undefined);
    if (cause instanceof CodedError) throw cause;
    const reason = `the worker cannot continue: ${messageOf(cause)}`;
    throw codedError('CAEP_TEMPORAL_FAILED', { address, reason }, { cause });
  }
}

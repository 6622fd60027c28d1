/** Runs the workers of a process together: when one cannot go on, the others finish in order, and its reason is what is told. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';
import { CodedError, codedError } from '../domain/errors.js';

type RunnableWorker = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

/** Above the grace that activities get. */
const OTHERS_MAY_TAKE_MS = 30_000;

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
    await Promise.race([ended, delay(othersMayTakeMs, undefined, { ref: false })]);
    if (cause instanceof CodedError) throw cause;
    const reason = `the worker cannot go on, ${cause instanceof Error ? cause.message : String(cause)}`;
    throw codedError('CAEP_TEMPORAL_FAILED', { address, reason }, { cause });
  }
}

/** Is there a worker? Asked before anything that only a worker can do, so that nobody waits for nothing. */
import { CodedError } from '../domain/errors.js';
import { TASK_QUEUES } from '../domain/source/source.js';
import type { Sources } from '../temporal/sources/port.js';

/** @throws CodedError `CAEP_NO_WORKER`; `CAEP_BUILD_WITHOUT_TASKS` where there are workers, of another build than the one that has the tasks */
export async function requireWorker(sources: Sources, taskQueue: string = TASK_QUEUES.source): Promise<void> {
  const fault = await sources.faultOfPolling(taskQueue);
  if (fault !== undefined) throw new CodedError(fault);
}

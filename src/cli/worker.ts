/** Is there a worker? Asked before anything that only a worker can do, so that nobody waits for nothing. */
import { codedError } from '../domain/errors.js';
import { TASK_QUEUES } from '../domain/source/source.js';
import type { Sources } from '../temporal/sources/port.js';

export async function requireWorker(sources: Sources): Promise<void> {
  const polled = await sources.polledTaskQueues();
  if (!polled.includes(TASK_QUEUES.source)) throw codedError('CAEP_NO_WORKER', { taskQueue: TASK_QUEUES.source });
}

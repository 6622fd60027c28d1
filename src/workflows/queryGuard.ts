/**
 * Fails a query that overtakes its workflow task.
 *
 * A query that waits for a worker is handed the history as it is when one comes: with events that no workflow task has
 * covered yet. The SDK (1.24) applies them, at the time of the last task, to the run that it then keeps in its cache. When
 * their own task comes, time has passed for every other worker, but not for this run: it decides by a clock that no replay will
 * see again, and from then on every replay fails with TMPRL1100. A worker that is killed while somebody watches is enough.
 *
 * Such events come as an activation for which the history has grown while the time has stood still; a workflow task has a
 * time of its own. Refused, the run leaves the cache and the query fails; who asks again is answered.
 */
import type { WorkflowInterceptors, WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = (): WorkflowInterceptors => {
  let seen = { time: '', length: 0 };
  return {
    internals: [
      {
        activate(input, next) {
          const { timestamp, historyLength, jobs } = input.activation;
          // The query itself changes nothing, and is told the length of the whole history.
          const isQuery = jobs?.some(({ queryWorkflow }) => (queryWorkflow ?? undefined) !== undefined) ?? false;
          if (isQuery) return next(input);
          const now = {
            time: `${timestamp?.seconds?.toString()} s ${timestamp?.nanos} ns`,
            length: historyLength ?? 0,
          };
          if (now.time === seen.time && now.length > seen.length) {
            throw new Error('the workflow has not processed its last events yet: send the query again');
          }
          seen = now;
          next(input);
        },
      },
    ],
  };
};

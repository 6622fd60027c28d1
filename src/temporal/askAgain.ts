/**
 * What overtook its workflow was refused; asked again, it is answered. A query is refused by our own guard (`workflows/queryGuard.ts`),
 * an update by Temporal's server, when the workflow task that it came with was the guard's: it has not reached the workflow.
 */
import {
  QueryNotRegisteredError,
  type WorkflowClientInterceptor,
  type WorkflowStartUpdateOutput,
} from '@temporalio/client';

/** Each can only be overtaken by something that happens at that moment. */
const ATTEMPTS = 4;

export const askAgain: WorkflowClientInterceptor = {
  async query(input, next) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await next(input);
      } catch (error) {
        // The client's name for every failure of a query.
        if (!(error instanceof QueryNotRegisteredError) || attempt === ATTEMPTS) throw error;
      }
    }
  },
  async startUpdate(input, next) {
    for (let attempt = 1; ; attempt += 1) {
      const output = await next(input);
      if (!isUnprocessed(output) || attempt === ATTEMPTS) return output;
    }
  },
};

/** The server's own word; a rejection by the workflow has ours. */
function isUnprocessed({ outcome }: WorkflowStartUpdateOutput): boolean {
  return outcome?.failure?.applicationFailureInfo?.type === 'UnprocessedUpdate';
}

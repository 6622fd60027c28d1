/** A query that overtook its workflow was refused (`workflows/queryGuard.ts`); asked again, it is answered. */
import { QueryNotRegisteredError, type WorkflowClientInterceptor } from '@temporalio/client';

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
};

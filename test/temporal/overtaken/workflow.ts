/** A workflow that goes one way or the other by how much time has passed, as a forwarder does after an outage. */
import {
  condition,
  allHandlersFinished,
  defineQuery,
  defineUpdate,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';

const LONG_MS = 1_000;

const { first, next } = proxyActivities<{ first(): Promise<void>; next(what: string): Promise<void> }>({
  startToCloseTimeout: '1 minute',
});

export async function overtaken(): Promise<void> {
  setHandler(defineQuery('state'), () => 'well');
  // Accepted in one task and completed in another: what is done twice shows as a second timer.
  setHandler(defineUpdate('change'), async () => {
    await sleep(10);
    return 'changed';
  });
  await first();
  const atMs = Date.now();
  await next('soon');
  if (Date.now() - atMs > LONG_MS) await next('late');
  else await sleep(1);
  await condition(allHandlersFinished);
}

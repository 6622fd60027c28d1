import { condition, isCancellation, patched, proxyActivities, sleep } from '@temporalio/workflow';
import type { DestinationLook, ForwarderActivities, ForwarderInput } from '../../domain/delivery/forwarder.js';
import { destinationLooked, destinationSeen, nextDestinationLook } from '../../domain/delivery/destinationLooks.js';
import type { ForwarderStore } from './forwarderStore.js';

/** Patch: what a look has closed is looked at until a look opens it. Asked only where it matters. */
const OPENS_WHAT_IT_CLOSED = 'opens-what-it-closed';

/**
 * Beside the drains: looks on a slow clock whether flow and dataset are still there, as long as something is delivered, or waits
 * for them to be there again. Ends when it is cancelled.
 */
export async function watchDestination(
  store: ForwarderStore,
  { uid, sandbox }: Pick<ForwarderInput, 'uid' | 'sandbox'>,
): Promise<void> {
  // Runs of 0.1.0 never looked.
  if (sandbox === undefined || !patched('watch-destination')) return;
  const activities = proxyActivities<ForwarderActivities>({
    startToCloseTimeout: '2 minutes',
    retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
  });
  try {
    for (;;) {
      // What was counted first is where the looking begins.
      await condition(() => store.state.surveyedAt > 0);
      store.set(destinationSeen(store.state, Date.now()));
      const at = await nextLook(store);
      if (at > Date.now()) await sleep(at - Date.now());
      const { wakes, delivery } = store.state;
      const asked = { uid, sandbox, settleWindowMs: delivery.settleWindowMs };
      const look = await activities.watchDestination(asked).catch((failure: unknown): DestinationLook => {
        if (isCancellation(failure)) throw failure;
        return { v: 1, looked: false };
      });
      store.set(destinationLooked(store.state, look, { now: Date.now(), outdated: store.state.wakes !== wakes }));
    }
  } catch (failure) {
    if (!isCancellation(failure)) throw failure;
  }
}

/** Resolves once a look is planned. */
async function nextLook(store: ForwarderStore): Promise<number> {
  const planned = (closedToo: boolean) => nextDestinationLook(store.state, { closedToo });
  await condition(() => planned(true) !== undefined);
  const closedToo = planned(false) === undefined && patched(OPENS_WHAT_IT_CLOSED);
  await condition(() => planned(closedToo) !== undefined);
  return planned(closedToo) ?? 0;
}

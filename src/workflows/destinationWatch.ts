import { condition, isCancellation, patched, proxyActivities, sleep } from '@temporalio/workflow';
import type { DestinationLook, ForwarderActivities, ForwarderInput } from '../domain/forwarder.js';
import { destinationLooked, destinationSeen, nextDestinationLook } from '../domain/destinationLooks.js';
import type { ForwarderStore } from './forwarderStore.js';

/**
 * Beside the drains: looks on a slow clock whether flow and dataset are still there, as long as something is delivered. Ends when
 * it is cancelled.
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
      await condition(() => nextDestinationLook(store.state) !== undefined);
      const at = nextDestinationLook(store.state) ?? 0;
      if (at > Date.now()) await sleep(at - Date.now());
      const { wakes } = store.state;
      const look = await activities.watchDestination({ uid, sandbox }).catch((failure: unknown): DestinationLook => {
        if (isCancellation(failure)) throw failure;
        return { v: 1, looked: false };
      });
      store.set(destinationLooked(store.state, look, { now: Date.now(), outdated: store.state.wakes !== wakes }));
    }
  } catch (failure) {
    if (!isCancellation(failure)) throw failure;
  }
}

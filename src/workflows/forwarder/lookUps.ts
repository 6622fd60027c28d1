import { ActivityCancellationType, condition, isCancellation, patched, proxyActivities } from '@temporalio/workflow';
import type { ForwarderActivities, ForwarderInput } from '../../domain/delivery/forwarder.js';
import { lookedUp, lookUpFailed, surveyed } from '../../domain/delivery/forwarderState.js';
import type { Counting } from './counting.js';
import type { ForwarderStore } from './forwarderStore.js';
import { hasToldWhy, reasonOf } from './lostActivities.js';

/** Patch: counts are kept fresh also while nothing is sent. */
export const COUNTS_AT_A_STANDSTILL = 'counts-at-a-standstill';

/**
 * Beside the drains: reading the lake goes on while nothing may be sent. Ends when it is cancelled.
 *
 * @param counting absent in runs of releases that counted here
 */
export async function lookUpWhenDue(
  store: ForwarderStore,
  { uid }: Pick<ForwarderInput, 'uid'>,
  counting: Counting | undefined,
): Promise<void> {
  const { surveyPartitions } = proxyActivities<ForwarderActivities>({ startToCloseTimeout: '30 seconds' });
  const { reconcile } = proxyActivities<ForwarderActivities>({
    startToCloseTimeout: '15 minutes',
    // A forwarder that continues as new waits for it, should its worker have died.
    heartbeatTimeout: '20 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
  });
  try {
    for (;;) {
      await due(store);
      try {
        const report = await reconcile({ v: 1, uid, delivery: store.state.delivery });
        store.set(lookedUp(store.state, report, Date.now()));
        // What a look has found changes the counts; where drains run they are counted anyway.
        if (counting !== undefined) {
          if (store.state.draining.length === 0) await counting.count();
        } else if (store.state.draining.length === 0 && patched(COUNTS_AT_A_STANDSTILL)) {
          const counted = await surveyPartitions({ uid });
          // The state as it is now: drains and wakes came and went meanwhile.
          store.set(surveyed(store.state, counted, Date.now()));
        }
      } catch (failure) {
        if (isCancellation(failure)) throw failure;
        // A worker that died says nothing of the lake.
        const reason = hasToldWhy(failure) ? reasonOf(failure) : undefined;
        store.set(lookUpFailed(store.state, reason, Date.now()));
      }
    }
  } catch (failure) {
    if (!isCancellation(failure)) throw failure;
  }
}

/** No timer unless something is to be looked for; a survey may find that it is due sooner. */
async function due(store: ForwarderStore): Promise<void> {
  for (;;) {
    const { lookUpAt } = store.state;
    if (lookUpAt !== undefined && lookUpAt <= Date.now()) return;
    const moved = () => store.state.lookUpAt !== lookUpAt;
    if (lookUpAt === undefined) await condition(moved);
    else await condition(moved, lookUpAt - Date.now());
  }
}

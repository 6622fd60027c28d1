import { condition, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { ForwarderActivities, ForwarderInput } from '../../domain/delivery/forwarder.js';
import { surveyedBeside } from '../../domain/delivery/forwarderState.js';
import type { ForwarderStore } from './forwarderStore.js';

/** After a count that failed for good. What is wrong stops the drains as well, and they tell. */
const PAUSE_AFTER_FAILURE_MS = 5 * 60_000;

/** Counts a source's events and finds its partitions. */
export interface Counting {
  /** False in runs of releases that waited for each count before they went on. */
  readonly isBeside: boolean;
  count(): Promise<void>;
  /** Asked for, and not there yet. */
  readonly pending: () => boolean;
}

/** A count that is slow or fails delays nothing: whoever asks for it goes on at once. `run` ends when it is cancelled. */
export function createCountingBeside(
  store: ForwarderStore,
  { uid }: Pick<ForwarderInput, 'uid'>,
): Counting & { readonly run: () => Promise<void> } {
  const { surveyPartitions } = proxyActivities<ForwarderActivities>({
    startToCloseTimeout: '30 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
  });
  let asked = false;
  let counts = false;

  async function countOnce(): Promise<void> {
    try {
      const survey = await surveyPartitions({ uid });
      // The state as it is now: drains and wakes came and went meanwhile.
      store.set(surveyedBeside(store.state, survey, Date.now()));
    } catch (failure) {
      if (isCancellation(failure)) throw failure;
      await sleep(PAUSE_AFTER_FAILURE_MS);
    }
  }

  return {
    isBeside: true,
    count() {
      asked = true;
      return Promise.resolve();
    },
    pending: () => asked || counts,
    async run() {
      try {
        for (;;) {
          await condition(() => asked);
          [asked, counts] = [false, true];
          await countOnce();
          counts = false;
        }
      } catch (failure) {
        if (!isCancellation(failure)) throw failure;
      }
    },
  };
}

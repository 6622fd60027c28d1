import type { WorkerOptions } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import { FakeActivities, OTHER_DELIVERY, withForwarders } from './fakeForwarder.js';

const { withForwarder } = withForwarders();

/** A worker of 0.1.0 until it is told to be one of this release. A run that is cached would keep what it has decided. */
function releases(): { readonly worker: Partial<WorkerOptions>; readonly change: () => void } {
  let isThisRelease = false;
  return {
    worker: { patchActivationCallback: () => isThisRelease, maxCachedWorkflows: 0 },
    change: () => void (isThisRelease = true),
  };
}

it('a forwarder that began under 0.1.0, and that a worker that died has left held, goes on at its first wake under this release', async () => {
  const fake = new FakeActivities();
  fake.script = (_input, n) => (n <= 2 ? fake.dies() : { kind: 'idle' });
  const { worker, change } = releases();
  await withForwarder(
    fake,
    async ({ handle, reaches }) => {
      await vi.waitFor(() => expect(fake.running).toBe(2), { timeout: 15_000 });
      await handle.executeUpdate('configure', { args: [OTHER_DELIVERY] });
      await reaches('held');
      const { runId } = await handle.describe();
      change();
      await handle.signal('wake', {});
      await reaches('idle');
      expect((await handle.describe()).runId).not.toBe(runId);
    },
    {},
    worker,
  );
});

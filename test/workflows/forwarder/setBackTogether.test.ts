/** A database that was set back is behind in each of a source's partitions: a person has to say so once. */
import { ApplicationFailure } from '@temporalio/activity';
import { expect, it, vi } from 'vitest';
import type { DrainInput, DrainReport } from '../../../src/domain/delivery/forwarder.js';
import { FakeActivities, untilCancelled, withForwarders } from './fakeForwarder.js';

const { withForwarder } = withForwarders();

/** Drains that hold a position each, over a database that may be set back behind them. */
class SetBackActivities extends FakeActivities {
  readonly behind = new Set<number>();

  override readonly drain = async (input: DrainInput): Promise<DrainReport> => {
    this.drains.push(input);
    const { partition } = input;
    if (this.behind.has(partition) && input.known !== undefined) {
      this.behind.delete(partition);
      throw ApplicationFailure.nonRetryable('the database was set back', 'CAEP_DATABASE_SET_BACK');
    }
    const end = await this.script(input, this.drains.length);
    return { v: 1, partition, accepted: 1, notAccepted: 0, end, position: { fence: 1, intended: 5 } };
  };
}

it('every partition finds out while the gate is closed: one resume is enough, also for a drain that ended before it could', async () => {
  const fake = new SetBackActivities();
  await withForwarder(fake, async ({ handle, reaches }) => {
    await reaches('idle');
    // One that watches an empty log is asked to end before it finds out.
    fake.script = ({ sliceMs }) => (sliceMs > 0 ? untilCancelled() : { kind: 'idle' });
    await handle.signal('wake', { partitions: [1] });
    await vi.waitFor(() => expect(fake.drains).toHaveLength(3), { timeout: 10_000 });
    fake.behind.add(0).add(1);
    await handle.signal('wake', { partitions: [0] });
    expect((await reaches('held')).hold?.reason).toContain('set back');
    await vi.waitFor(() => expect(fake.behind).toEqual(new Set()), { timeout: 10_000 });
    const { length } = fake.drains;
    fake.script = () => ({ kind: 'idle' });
    await handle.executeUpdate('resume', { args: [{}] });
    await vi.waitFor(() => expect(fake.drains.length).toBeGreaterThan(length), { timeout: 10_000 });
    await reaches('idle');
  });
});

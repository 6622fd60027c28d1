import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Marker } from '../domain/source/steps.js';
import type { ProvisioningStore } from '../store/sources/provisioning.js';

const LONGEST_POLL_MS = 500;
const SHORTEST_POLL_MS = 10;

/** For an activity that has closed the gate: resolves when nothing that was intended before is under way. */
export async function awaitQuiet(store: Pick<ProvisioningStore, 'quiet'>, marker: Marker): Promise<void> {
  const activity = Context.current();
  for (;;) {
    activity.heartbeat('alive');
    const quiet = await store.quiet(marker);
    if (quiet.quiet) return;
    const waitMs = Math.min(Math.max(quiet.waitMs, SHORTEST_POLL_MS), LONGEST_POLL_MS);
    await delay(waitMs, undefined, { signal: activity.cancellationSignal });
  }
}

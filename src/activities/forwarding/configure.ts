import type { Forwarders } from './forwarders.js';
import { requireLakeLatency, requireSettleWindow } from '../steps/local.js';
import type { StepContext } from '../steps/step.js';

/** Other delivery settings for a live source. May be done again: what a lost answer has left half done is done by the next attempt. */
export async function configure(context: StepContext, forwarders: Pick<Forwarders, 'configure'>): Promise<void> {
  requireSettleWindow(context);
  requireLakeLatency(context);
  const { store, marker, manifest } = context;
  // First, so that a forwarder that is started meanwhile has them.
  await store.configure({ marker, manifest });
  await forwarders.configure({ ...marker, sandbox: manifest.sandbox, delivery: manifest.delivery });
}

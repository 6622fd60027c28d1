/** Workflows that make the SDK's metrics appear. */
import { proxyActivities } from '@temporalio/workflow';

/** Its workflow tasks fail: what no catch expects is taken for a defect of the code. */
export function failing(): Promise<void> {
  return Promise.reject(new TypeError('a defect'));
}

export function running(): Promise<void> {
  return proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1 minute' }).nothing();
}

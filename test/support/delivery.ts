import type { Delivery } from '../../src/domain/source/manifest.js';

/** Delivery settings for tests: short times, and no rate that would be felt. */
export const DELIVERY: Delivery = {
  partitions: 1,
  concurrency: 8,
  maxRequestsPerSecond: 100_000,
  requestTimeoutMs: 3_000,
  leaseMs: 3_000,
  settleWindowMs: 0,
  schemaSettleWindowMs: 0,
  on503: 'strict',
  onNotFound: 'hold',
  lakeLatencyMs: 1_000,
  quietWarningMs: 86_400_000,
  retentionMs: 86_400_000,
};

/**
 * The deadlines of a run: those of production divided by about five to five hundred, in their order.
 *
 * heartbeat 1 s < slow 2 s (both fixed in the drain) < lease < request timeout < settle window < lake latency.
 */
const LEASE_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 5_000;
export const SETTLE_WINDOW_MS = 6_000;
/** What the platform really needs; the product waits longer. */
export const TRUE_SETTLE_WINDOW_MS = 4_000;
export const LAKE_LATENCY_MS = 15_000;
/** From acceptance to the row, unless a fault makes it later. Below {@link LAKE_LATENCY_MS}. */
export const LAKE_DELAY_MS = 1_000;
/** A stall of the lake lasts longer than a verdict of absence is waited for. */
export const LAKE_STALL_MS = 2 * LAKE_LATENCY_MS;

/** A forwarder in small steps: short slices, quick probes, a new run after few events of history. */
export const FORWARDER_PACE = { sliceMs: 10_000, lingerMs: 1_000, firstProbeMs: 300 } as const;
export const MAX_HISTORY_EVENTS = 120;

/** Beyond every time limit of a statement, a lease and a request. */
export const STANDSTILL_MS = 15_000;

/** Of provisioning and of other calls to the platform. */
export const ADOBE_TIMES = {
  requestTimeoutMs: 6_000,
  consistencyWindowMs: 8_500,
  maxAttempts: 60,
  firstRetryDelayMs: 50,
} as const;

/** `delivery` of the manifest. */
export const DELIVERY = {
  partitions: 4,
  concurrency: 16,
  maxRequestsPerSecond: 4_000,
  requestTimeout: `${REQUEST_TIMEOUT_MS}ms`,
  lease: `${LEASE_MS}ms`,
  settleWindow: `${SETTLE_WINDOW_MS}ms`,
  schemaSettleWindow: `${SETTLE_WINDOW_MS}ms`,
  lakeLatency: `${LAKE_LATENCY_MS}ms`,
} as const;

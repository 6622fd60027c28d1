import type { AdobeConfiguration } from '../../configuration.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** "Wait at least five minutes after a dataflow was created or changed before you send": Adobe's sources documentation. */
const DOCUMENTED_SETTLE_WINDOW_MS = 300_000;

/** Data that is sent earlier may be dropped although the inlet says 200; only the simulator may be hurried. */
export function minimumSettleWindowMs(configuration: AdobeConfiguration): number {
  return isSimulated(configuration) ? 0 : DOCUMENTED_SETTLE_WINDOW_MS;
}

/** "Data lake: less than 60 minutes" ("Guardrails for data ingestion"); an earlier verdict of absence would send events twice. */
const DOCUMENTED_LAKE_LATENCY_MS = 3_600_000;

/** An event that is not in the lake after less than this may still come; only the simulator's lake may be hurried. */
export function minimumLakeLatencyMs(configuration: AdobeConfiguration): number {
  return isSimulated(configuration) ? 0 : DOCUMENTED_LAKE_LATENCY_MS;
}

/** Do all base URLs point to this machine, so that Adobe itself cannot be meant? Only the simulator is there. */
export function isSimulated({ imsUrl, platformUrl, inletUrl }: AdobeConfiguration): boolean {
  const urls = [imsUrl, platformUrl, ...(inletUrl === undefined ? [] : [inletUrl])];
  return urls.every((url) => isLoopback(new URL(url).hostname));
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

import type { AdobeConfiguration } from '../configuration.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** "Wait at least five minutes after a dataflow was created or changed before you send": Adobe's sources documentation. */
const DOCUMENTED_SETTLE_WINDOW_MS = 300_000;

/** Data that is sent earlier may be dropped although the inlet says 200; only the simulator may be hurried. */
export function minimumSettleWindowMs(configuration: AdobeConfiguration): number {
  return isSimulated(configuration) ? 0 : DOCUMENTED_SETTLE_WINDOW_MS;
}

/** Do all base URLs point to this machine, so that Adobe itself cannot be meant? Only the simulator is there. */
export function isSimulated({ imsUrl, platformUrl, inletUrl }: AdobeConfiguration): boolean {
  const urls = [imsUrl, platformUrl, ...(inletUrl === undefined ? [] : [inletUrl])];
  return urls.every((url) => LOOPBACK.test(new URL(url).hostname));
}

import type { AdobeConfiguration } from '../configuration.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Do all base URLs point to this machine, so that Adobe itself cannot be meant? Only the simulator is there. */
export function isSimulated({ imsUrl, platformUrl, inletUrl }: AdobeConfiguration): boolean {
  const urls = [imsUrl, platformUrl, ...(inletUrl === undefined ? [] : [inletUrl])];
  return urls.every((url) => LOOPBACK.test(new URL(url).hostname));
}

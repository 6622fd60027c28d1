/**
 * Which requests a server of this machine answers. A page of any site can have a browser here send requests to it: under another
 * name that it lets point to this machine (DNS rebinding, after which it may read the answers), or across origins.
 */
import { isIPv4 } from 'node:net';

interface RequestHeaders {
  readonly host?: string;
  readonly origin?: string;
}

/**
 * @param boundTo what the server listens at. One that other machines reach has names that are not known here: only the origin is
 *   looked at
 */
export function isLocalRequest({ host, origin }: RequestHeaders, boundTo: string): boolean {
  if (isOfThisMachine(boundTo) && (host === undefined || !isOfThisMachine(hostnameOf(host)))) return false;
  // A browser names the origin of every request that changes something, and of every one across origins.
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}

function hostnameOf(host: string): string {
  return /^(\[[\da-f:]+\]|[\w.-]+)(:\d+)?$/i.exec(host)?.[1] ?? '';
}

function isOfThisMachine(hostname: string): boolean {
  const name = hostname.replaceAll(/[[\]]/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

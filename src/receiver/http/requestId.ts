/**
 * By which a proxy, the receiver's log and the sender speak of the same request: `X-Request-Id`. An event has its own id besides,
 * which is the same however often and through whichever proxy it comes.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What proxies write: a UUID, hexadecimal digits, a trace id. Anything else is text of a stranger, and is not repeated. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,63}$/;

/** @returns the one that came with the request, or a new one */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && ID.test(given) ? given : randomUUID();
}

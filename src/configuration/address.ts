/** `host:port` as people write it, for what is reached over gRPC. */
import { isIPv6 } from 'node:net';

const DEFAULT_TEMPORAL_PORT = 7233;
const HIGHEST_PORT = 65_535;

/** As it is said to a person whose address is not one. */
export const ADDRESS_EXPECTED = 'host:port without a scheme, such as 127.0.0.1:7233 or [::1]:7233';

/**
 * The address in the one form that every client takes: with a port, an IPv6 address in brackets.
 *
 * @returns undefined when it is no address
 */
export function parseAddress(text: string): string | undefined {
  if (isIPv6(text)) return `[${text}]:${DEFAULT_TEMPORAL_PORT}`;
  const [, host, bracketed, port] = /^(\[([^\]\s]+)\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/.exec(text)?.slice(0) ?? [];
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) return undefined;
  const number = port === undefined ? DEFAULT_TEMPORAL_PORT : Number(port);
  return number >= 1 && number <= HIGHEST_PORT ? `${host}:${number}` : undefined;
}

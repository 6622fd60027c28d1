/** TLS to PostgreSQL, as the URL asks for it: encrypted means verified, unless it says `no-verify`. */
import { readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';
import { codedError } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';

/** For libpq these verify less. The driver takes them for `verify-full` as well, but says with each start that it will not for ever. */
const WEAKER = /([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/;
/** The authorities that Node.js trusts, and NODE_EXTRA_CA_CERTS. */
const OF_THE_SYSTEM = /([?&])sslrootcert=system(&|$)/;
const FILES = ['sslrootcert', 'sslcert', 'sslkey'];

/**
 * @returns the URL as the driver is to have it
 * @throws CodedError `CAEP_FILE_REFUSED` for a certificate or key that cannot be read
 */
export function verified(url: string): string {
  if (!url.includes('?')) return url;
  const strict = url.includes('uselibpqcompat=true') ? url : url.replace(WEAKER, '$1verify-full');
  const result = strict.replace(OF_THE_SYSTEM, '$1');
  const parameters = new URLSearchParams(result.slice(result.indexOf('?')));
  for (const name of FILES) {
    const path = parameters.get(name);
    if (path !== null) requireReadable(path);
  }
  return result;
}

function requireReadable(path: string): void {
  try {
    readFileSync(path);
  } catch (cause) {
    throw codedError('CAEP_FILE_REFUSED', { path, reason: messageOf(cause) }, { cause });
  }
}

/** For example `TLSv1.3`; undefined: what is sent can be read on the way. */
export function encryptionOf(client: ClientBase): string | undefined {
  const { stream } = (client as ClientBase & { readonly connection: { readonly stream: object } }).connection;
  if (!('getProtocol' in stream) || typeof stream.getProtocol !== 'function') return undefined;
  return (stream.getProtocol() as string | null) ?? undefined;
}

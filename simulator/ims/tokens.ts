/** Access tokens: issued by IMS, checked by the gateway and by Query Service. */
import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '../context.js';
import { type Credentials, technicalAccountOf } from './credentials.js';
import type { Caller } from '../transport/request.js';
import { INSTALLATION } from '../state/state.js';

interface StoredToken {
  readonly clientId: string;
  readonly orgId: string;
  readonly expiresAtMs: number;
}

export interface Tokens {
  /** Tokens issued before stay valid. */
  issue(credentials: Credentials): { readonly token: string; readonly expiresInS: number };
  /** Undefined for a token that is unknown, expired or revoked. */
  callerOf(token: string): Caller | undefined;
  revoke(token: string): void;
  revokeAll(): void;
}

/** Only the hash is kept. */
const idOf = (token: string) => createHash('sha256').update(token).digest('hex');

const base64Url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function createTokens(
  context: Pick<Context, 'state' | 'clock' | 'policy'>,
  known: readonly Credentials[],
): Tokens {
  const tokens = context.state.collection<StoredToken>('tokens');

  function removeExpired(): void {
    for (const { id, value } of tokens.all()) {
      if (value.expiresAtMs <= context.clock.now()) tokens.delete(INSTALLATION, id);
    }
  }

  return {
    issue({ clientId, orgId }) {
      removeExpired();
      const expiresInS = context.policy.current.tokenLifetimeS;
      const nowMs = context.clock.now();
      // The shape of an IMS token, in which the times are texts of milliseconds.
      const header = base64Url({ alg: 'RS256', x5u: 'ims_na1-key-at-1.cer', kid: 'ims_na1-key-at-1', itt: 'at' });
      const claims = base64Url({
        id: randomBytes(8).toString('hex'),
        type: 'access_token',
        client_id: clientId,
        as: 'ims-na1',
        created_at: String(nowMs),
        expires_in: String(expiresInS * 1_000),
      });
      const token = `${header}.${claims}.${randomBytes(64).toString('base64url')}`;
      tokens.put(INSTALLATION, idOf(token), { clientId, orgId, expiresAtMs: nowMs + expiresInS * 1_000 });
      return { token, expiresInS };
    },
    callerOf(token) {
      const stored = tokens.get(INSTALLATION, idOf(token));
      if (stored === undefined || stored.expiresAtMs <= context.clock.now()) return undefined;
      const credentials = known.find((one) => one.clientId === stored.clientId && one.orgId === stored.orgId);
      if (credentials === undefined) return undefined;
      const { clientId, orgId, tenantId } = credentials;
      return { clientId, orgId, tenantId, userId: technicalAccountOf(credentials) };
    },
    revoke: (token) => void tokens.delete(INSTALLATION, idOf(token)),
    revokeAll() {
      for (const { id } of tokens.all()) tokens.delete(INSTALLATION, id);
    },
  };
}

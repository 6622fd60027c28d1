/** The checks between the wire and the message, in the order in which the collection service makes them. */
import type { Policy } from '../policy.js';
import type { Caller, RawRequest, Reply } from '../transport/request.js';
import { headerOf } from '../transport/request.js';
import type { Inlet, Inlets } from './inlets.js';
import { authorizationRefusal, refusal } from './problems.js';

export interface AdmissionDeps {
  readonly inlets: Inlets;
  readonly limits: RateLimits;
  readonly callerOf: (token: string) => Caller | undefined;
}

/** The caller's address is not on the list: an empty 403, which a {@link Refusal} cannot be. */
export class AddressRefused extends Error {
  readonly reply: Reply = { status: 403, text: '' };
}

/**
 * @returns the inlet that the request is for
 * @throws AddressRefused, Refusal
 */
export function admit(request: RawRequest, policy: Policy, nowMs: number, deps: AdmissionDeps): Inlet {
  const allowed = policy.inletAllowedAddresses.split(',').filter((address) => address !== '');
  if (allowed.length > 0 && !allowed.includes(plainAddress(request.remoteAddress))) throw new AddressRefused();

  const inletId = request.params['inletId'] ?? '';
  const inlet = deps.inlets.inlet(inletId);
  if (inlet === undefined) throw refusal(policy.unknownInletStatus, 'Not Found', `inletId: [${inletId}] is not known`);

  if (request.method !== 'POST') {
    throw refusal(policy.inletWrongMethodStatus, 'Method Not Allowed', `Method ${request.method} is not allowed`);
  }
  const contentType = headerOf(request, 'content-type') ?? '';
  if (!/^application\/json\b/i.test(contentType)) {
    throw refusal(policy.inletWrongTypeStatus, 'Unsupported Media Type', 'Content-Type must be application/json');
  }
  if (request.body.length > policy.inletBodyLimitBytes) {
    throw refusal(413, 'Payload Too Large', `The payload exceeds ${policy.inletBodyLimitBytes} bytes`);
  }
  checkRates(request, inlet, policy, nowMs, deps.limits);
  if (inlet.authenticationRequired) checkToken(request, inlet, policy, deps.callerOf);
  if (policy.missingSandboxHeader === '400' && headerOf(request, 'x-sandbox-name') === undefined) {
    throw refusal(400, 'Bad Request', 'The header x-sandbox-name is missing');
  }
  return inlet;
}

/** `syncValidation`; some tutorials still have the older spelling. */
export function asksForSyncValidation(request: RawRequest): boolean {
  return ['syncValidation', 'synchronousValidation'].some((name) => request.query.get(name) === 'true');
}

/** IPv4 addresses arrive as IPv6 ones on a dual-stack listener. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, '');
}

function checkRates(request: RawRequest, inlet: Inlet, policy: Policy, nowMs: number, limits: RateLimits): void {
  const { inletRequestsPerSecond: perSecond, inletSyncPerMinute: perMinute } = policy;
  const isWithin =
    (perSecond === 0 || limits.admit(`second/${inlet.id}`, perSecond, 1_000, nowMs)) &&
    (!asksForSyncValidation(request) || limits.admit(`sync/${inlet.id}`, perMinute, 60_000, nowMs));
  if (!isWithin) throw refusal(429, 'Too Many Requests', `inletId: [${inlet.id}] Too many requests`);
}

function checkToken(
  request: RawRequest,
  inlet: Inlet,
  policy: Policy,
  callerOf: (token: string) => Caller | undefined,
): void {
  const token = /^Bearer\s+(\S+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1];
  if (token === undefined) throw authorizationRefusal(401, '[id] Ims service token is empty');
  if (callerOf(token)?.orgId !== inlet.scope.orgId) {
    throw authorizationRefusal(Number(policy.expiredTokenStatus), '[id] Ims service token is invalid or expired');
  }
}

export interface RateLimits {
  /** Counts one call in the window that contains `nowMs`; false when there were `limit` already. */
  admit(key: string, limit: number, windowMs: number, nowMs: number): boolean;
}

export function createRateLimits(): RateLimits {
  const windows = new Map<string, { readonly window: number; readonly count: number }>();
  return {
    admit(key, limit, windowMs, nowMs) {
      const window = Math.floor(nowMs / windowMs);
      const known = windows.get(key);
      const count = (known?.window === window ? known.count : 0) + 1;
      windows.set(key, { window, count });
      return count <= limit;
    },
  };
}

/**
 * What is checked before a service sees a request: the gateway's own checks in their order, then the sandbox, then the
 * content type. Codes and texts: "Troubleshooting guide" of Adobe's Platform landing pages.
 */
import type { Context } from '../context.js';
import { gatewayFamily, placeholderFamily, Refusal } from '../errorFamilies.js';
import type { Credentials } from './credentials.js';
import { headerOf, type RawRequest } from '../transport/request.js';
import { findSandbox } from './sandboxes.js';
import type { Guard } from '../transport/answering.js';
import type { Tokens } from './tokens.js';

const GATEWAY_MESSAGES = {
  '403010': 'Oauth token is missing.',
  '401013': 'Oauth token is not valid',
  '403000': 'Api Key is required',
  '403003': 'Api Key is invalid',
  '400003': 'Missing header',
  '403025': 'Profile is not valid',
} as const;

function refuse(code: keyof typeof GATEWAY_MESSAGES): never {
  const detail = GATEWAY_MESSAGES[code];
  throw new Refusal({ status: Number(code.slice(0, 3)), code, title: detail, detail }, gatewayFamily);
}

function bearerTokenOf(request: RawRequest): string | undefined {
  const header = headerOf(request, 'authorization');
  return header === undefined || header === '' ? undefined : (/^bearer +(\S+)$/i.exec(header)?.[1] ?? '');
}

function checkContentType(request: RawRequest): void {
  if (request.body.length === 0 || !['POST', 'PUT', 'PATCH'].includes(request.method)) return;
  if (/\bjson\b/i.test(headerOf(request, 'content-type') ?? '')) return;
  const detail = 'A valid content-type must be specified';
  throw new Refusal({ status: 400, title: 'BadRequestError', detail }, placeholderFamily);
}

export function createGuard(
  context: Pick<Context, 'state' | 'policy'>,
  tokens: Tokens,
  known: readonly Credentials[],
): Guard {
  return {
    admit(request) {
      const token = bearerTokenOf(request) ?? refuse('403010');
      const caller = tokens.callerOf(token) ?? refuse('401013');
      const apiKey = headerOf(request, 'x-api-key') ?? '';
      if (apiKey === '') refuse('403000');
      if (!known.some((one) => one.clientId === apiKey)) refuse('403003');
      const orgId = headerOf(request, 'x-gw-ims-org-id') ?? '';
      if (orgId === '') refuse('400003');
      if (caller.clientId !== apiKey || caller.orgId !== orgId) refuse('403025');
      return { caller };
    },
    sandboxOf(request, orgId) {
      const sandbox = findSandbox(context, request, orgId);
      return { sandbox, scope: { orgId, sandboxName: sandbox.name } };
    },
    checkContentType,
    revokeToken(request) {
      const token = bearerTokenOf(request);
      if (token !== undefined) tokens.revoke(token);
    },
  };
}

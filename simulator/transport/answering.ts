/** From a request to the handler's answer: who calls, with what right, and how a refusal is dressed. */
import type { Context } from '../context.js';
import { type ErrorFamily, gatewayFamily, placeholderFamily, Refusal } from '../errorFamilies.js';
import type { RawRequest, Reply, SimRequest } from './request.js';
import type { Router } from './router.js';

const GATEWAY_PREFIX = '/data/';

/** Says who calls and for which sandbox, or throws the refusal of the gateway or the service. */
export interface Guard {
  admit(request: RawRequest): Omit<SimRequest, keyof RawRequest | 'sandbox' | 'scope'>;
  sandboxOf(request: RawRequest, orgId: string): Pick<SimRequest, 'sandbox' | 'scope'>;
  /** @throws Refusal for a body that is not said to be JSON */
  checkContentType(request: RawRequest): void;
  revokeToken(request: RawRequest): void;
}

/** The handler's answer, or the refusal on the way to it. */
export async function answer(
  { context, guard }: { readonly context: Context; readonly guard: Guard },
  request: RawRequest,
  found: ReturnType<Router['find']>,
): Promise<Reply> {
  let family: ErrorFamily = placeholderFamily;
  try {
    if (found.found !== 'route') {
      if (request.path.startsWith(GATEWAY_PREFIX)) guard.admit(request);
      if (found.found === 'other-method') {
        const detail = `Method ${request.method} is not allowed`;
        const allow = found.allowed.join(', ');
        throw new Refusal({ status: 405, title: 'MethodNotAllowedError', detail, headers: { allow } });
      }
      const status = context.policy.current.unknownRouteStatus;
      throw new Refusal({ status, title: 'NotFoundError', detail: 'Resource not found' }, gatewayFamily);
    }
    const { route } = found;
    family = route.family;
    switch (route.access) {
      case 'open':
        return await route.handle(request);
      case 'organization':
        return await route.handle({ ...request, ...guard.admit(request) });
      case 'platform': {
        const admitted = guard.admit(request);
        const chosen = guard.sandboxOf(request, admitted.caller.orgId);
        guard.checkContentType(request);
        return await route.handle({ ...request, ...admitted, ...chosen });
      }
      default:
        return route satisfies never;
    }
  } catch (error) {
    const refusal = error instanceof Refusal ? error : undefined;
    if (refusal === undefined) context.log.error({ err: error, path: request.path }, 'handler failed');
    const problem = refusal?.problem ?? { status: 500, title: 'Internal Error', detail: 'The simulator failed' };
    const dress = refusal?.family ?? family;
    const about = { requestId: request.id, nowMs: context.clock.now() };
    return { status: problem.status, headers: problem.headers, json: dress.body(problem, about) };
  }
}

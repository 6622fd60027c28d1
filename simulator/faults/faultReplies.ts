/** The answers that status faults give. */
import { gatewayFamily, type ErrorFamily, type Problem } from '../errorFamilies.js';
import type { Fault } from './faults.js';
import type { Reply } from '../transport/request.js';

type StatusFault = Extract<Fault, { kind: 'status' }>;

/** Codes as the catalogues of gateway and Flow Service have them for transient errors. */
const TRANSIENT: Readonly<Record<number, Omit<Problem, 'status'>>> = {
  429: { code: '429050', title: 'Too many requests', detail: 'Too many requests' },
  500: { title: 'Internal Error', detail: 'An internal error occurred. Please try again.' },
  502: { title: 'Bad Gateway', detail: 'The upstream service gave no usable answer.' },
  503: { title: 'Service Unavailable', detail: 'The service is unavailable at the moment. Please try again.' },
  504: { title: 'Gateway Timeout', detail: 'The service did not answer in time. Please try again.' },
};

const FLOW_CODES: Readonly<Record<number, string>> = { 500: '1102-500', 503: '1103-503', 504: '1104-504' };

/** @param isPlatform whether the route lies behind the gateway, which answers 429 itself */
export function replyOfFault(
  fault: StatusFault,
  route: { readonly name: string; readonly family: ErrorFamily; readonly isPlatform: boolean },
  about: { readonly requestId: string; readonly nowMs: number },
): Reply {
  const { status } = fault;
  const headers: Record<string, string> =
    fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
  switch (fault.body) {
    case 'html': {
      const page = `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>`;
      return { status, headers: { ...headers, 'content-type': 'text/html' }, text: page };
    }
    case 'malformed':
      return { status, headers: { ...headers, 'content-type': 'application/json' }, text: '{"items":[{"id":"' };
    case 'empty':
      return { status, headers, text: '' };
    case 'service':
    case undefined: {
      const trouble = TRANSIENT[status] ?? { title: `Status ${status}`, detail: 'A placed fault answers this.' };
      const code = route.name.startsWith('flowservice.') ? FLOW_CODES[status] : undefined;
      const problem = { status, ...trouble, ...(code === undefined ? {} : { code }) };
      const family = status === 429 && route.isPlatform ? gatewayFamily : route.family;
      return { status, headers, json: family.body(problem, about) };
    }
    default:
      return fault.body satisfies never;
  }
}

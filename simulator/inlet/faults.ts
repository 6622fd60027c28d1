/**
 * The faults that only an inlet can carry out, by the names under which they are placed. Each says what happens to the
 * message and what the caller sees; twins (accepted or not, the same seen) share their `seen`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { replyOfFault } from '../faults/faultReplies.js';
import { drawOf } from '../faults/faults.js';
import type { Policy } from '../policy.js';
import type { RawRequest, Reply } from '../transport/request.js';
import { inletFamily } from './problems.js';

/** What a fault does to the messages of a request that is accepted. */
export interface Handling {
  /** Rows made of one message. */
  readonly copies: number;
  readonly isLost: boolean;
  readonly isSettling: boolean;
  readonly invalidReason?: string;
  /** Instead of the policy's delay. */
  readonly lakeDelayMs?: number;
}

export interface InletFault {
  /** Answered without a look at the request: nothing is accepted. */
  readonly refusal?: Reply;
  readonly handling: Handling;
  /** What the caller sees instead of `reply`, which says that the request was accepted. */
  see(reply: Reply): Reply | Promise<Reply>;
}

type Parameters = Readonly<Record<string, unknown>>;

interface Situation {
  readonly parameters: Parameters;
  readonly request: RawRequest;
  readonly policy: Policy;
}

/** What the caller sees, whether or not the message was accepted. */
type Seen = (situation: Situation) => Reply;

type FaultDefinition =
  | { readonly accepts: boolean | ((policy: Policy) => boolean); readonly seen: Seen }
  | { readonly accepts: true; readonly handling: (situation: Situation) => Partial<Handling> }
  | { readonly accepts: true; readonly later: (parameters: Parameters) => number };

function numberIn(parameters: Parameters, name: string, fallback: number): number {
  const value = parameters[name];
  return typeof value === 'number' ? value : fallback;
}

function textIn(parameters: Parameters, name: string, fallback: string): string {
  const value = parameters[name];
  return typeof value === 'string' ? value : fallback;
}

function statusReply({ parameters, request }: Situation, fallback: number): Reply {
  const retryAfter = parameters['retryAfter'];
  const status = numberIn(parameters, 'status', fallback);
  const wait = typeof retryAfter === 'number' || typeof retryAfter === 'string' ? { retryAfter } : {};
  const route = { name: 'inlet', family: inletFamily, isPlatform: false };
  return replyOfFault({ kind: 'status', status, ...wait }, route, { requestId: request.id, nowMs: 0 });
}

const cut: Seen = () => ({ cut: true });
const hang: Seen = () => ({ hang: true });
const status =
  (fallback: number): Seen =>
  (situation) =>
    statusReply(situation, fallback);
const page: Seen = () => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  text: '<html><head><title>Sign in</title></head><body>Please accept the terms of this network.</body></html>',
});
const json = { 'content-type': 'application/json;charset=UTF-8' };

/** Added to the address of a redirect, so that the request that follows it is not redirected again. */
const REDIRECTED = 'redirected';

const FAULTS: Readonly<Record<string, FaultDefinition>> = {
  resetBeforeRead: { accepts: false, seen: cut },
  resetAfterReadNotAccepted: { accepts: false, seen: cut },
  acceptThenReset: { accepts: true, seen: cut },
  acceptThenHang: { accepts: true, seen: hang },
  hangNotAccepted: { accepts: false, seen: hang },
  acceptThenDelay: { accepts: true, later: (parameters) => numberIn(parameters, 'ms', 1_000) },
  acceptThenStatus: { accepts: true, seen: status(500) },
  statusNotAccepted: { accepts: false, seen: status(500) },
  status503: { accepts: (policy) => policy.http503Accepted, seen: status(503) },
  status429: { accepts: false, seen: status(429) },
  acceptTruncatedBody: {
    accepts: true,
    // The declared length never comes: the connection ends in the middle of the body.
    seen: () => ({
      status: 200,
      headers: { ...json, 'content-length': '160', connection: 'close' },
      text: '{"inletId":"',
    }),
  },
  acceptEmptyBody: { accepts: true, seen: () => ({ status: 200, text: '' }) },
  acceptForeignBody: { accepts: true, seen: page },
  foreign200: { accepts: false, seen: page },
  redirect307: {
    accepts: false,
    seen({ request }) {
      const query = new URLSearchParams([...request.query, [REDIRECTED, 'true']]);
      return { status: 307, headers: { location: `${request.baseUrl}${request.path}?${query.toString()}` }, text: '' };
    },
  },
  tokenExpired: {
    accepts: false,
    seen: ({ policy }) => ({
      status: Number(policy.expiredTokenStatus),
      json: {
        type: 'https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization',
        status: policy.expiredTokenStatus,
        title: 'Authorization',
        report: { message: '[id] Ims service token is invalid or expired' },
      },
    }),
  },
  ipBlocked: { accepts: false, seen: () => ({ status: 403, text: '' }) },
  duplicateInternally: {
    accepts: true,
    handling: ({ parameters }) => ({ copies: 1 + numberIn(parameters, 'copies', 1) }),
  },
  loseAfterAccept: { accepts: true, handling: () => ({ isLost: true }) },
  asyncInvalid: {
    accepts: true,
    handling: ({ parameters }) => ({ invalidReason: textIn(parameters, 'reason', 'placed failure') }),
  },
  dataflowSettling: { accepts: true, handling: () => ({ isSettling: true }) },
  lakeDelay: { accepts: true, handling: (situation) => ({ lakeDelayMs: lakeDelayOf(situation) }) },
};

/** `ms`, or evenly between `fromMs` and `toMs`, by the seed and the body: the same message is always as late. */
function lakeDelayOf({ parameters, request }: Situation): number {
  const fromMs = numberIn(parameters, 'fromMs', numberIn(parameters, 'ms', 0));
  const toMs = numberIn(parameters, 'toMs', fromMs);
  return Math.round(fromMs + (toMs - fromMs) * drawOf(numberIn(parameters, 'seed', 0), crc32(request.body)));
}

const NO_HANDLING: Handling = { copies: 1, isLost: false, isSettling: false };

/** The faults that hit this request, as one; unknown names are told to the journal. */
export function faultOf(request: RawRequest, policy: Policy): InletFault {
  let fault: InletFault = { handling: NO_HANDLING, see: (reply) => reply };
  for (const { name, parameters = {} } of request.serviceFaults) {
    const definition = Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
    if (definition === undefined) request.note(`the inlet has no fault ${name}`);
    else if (!request.query.has(REDIRECTED)) fault = add(fault, definition, { parameters, request, policy });
  }
  return fault;
}

function add(fault: InletFault, definition: FaultDefinition, situation: Situation): InletFault {
  if ('handling' in definition) return { ...fault, handling: { ...fault.handling, ...definition.handling(situation) } };
  if ('later' in definition) {
    const ms = definition.later(situation.parameters);
    return { ...fault, see: async (reply) => (await delay(ms), fault.see(reply)) };
  }
  const accepts = typeof definition.accepts === 'boolean' ? definition.accepts : definition.accepts(situation.policy);
  const seen = definition.seen(situation);
  return accepts ? { ...fault, see: () => seen } : { ...fault, refusal: fault.refusal ?? seen };
}

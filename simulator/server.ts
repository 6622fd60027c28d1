/**
 * The HTTP side of the simulator: one listener for the paths of all hosts. Takes a request, carries out the faults placed
 * on its route, asks the guard who calls, runs the handler, waits until what it wrote is durable, and answers.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from './context.js';
import { gatewayFamily, placeholderFamily, Refusal, type ErrorFamily } from './errorFamilies.js';
import { replyOfFault } from './faultReplies.js';
import { CONNECTION_ROUTE, type Fault } from './faults.js';
import { maskBody, maskPath } from './masking.js';
import { headerOf, type RawRequest, type Reply, type Route, type SimRequest } from './request.js';
import type { Router } from './router.js';

/** Says who calls and for which sandbox, or throws the refusal of the gateway or the service. */
export interface Guard {
  admit(request: RawRequest): Omit<SimRequest, keyof RawRequest | 'sandbox' | 'scope'>;
  sandboxOf(request: RawRequest, orgId: string): Pick<SimRequest, 'sandbox' | 'scope'>;
  /** @throws Refusal for a body that is not said to be JSON */
  checkContentType(request: RawRequest): void;
  revokeToken(request: RawRequest): void;
}

interface ServerOptions {
  readonly context: Context;
  readonly router: Router;
  readonly guard: Guard;
  readonly publicBaseUrl?: string;
}

/** Above the largest body that any documented route takes; more than this ends the connection. */
const LONGEST_BODY_BYTES = 32 * 1024 * 1024;

const GATEWAY_PREFIX = '/data/';

export function createHttpServer(options: ServerOptions): Server {
  const { context } = options;
  const server = createServer((incoming, response) => {
    // A caller that goes away in the middle of its request has sent nothing that could take effect.
    serve(options, incoming, response).catch((error: unknown) => {
      if (incoming.complete) context.log.error({ err: error }, 'simulator failed to answer');
      response.destroy();
    });
  });
  server.on('connection', (socket: Socket) => {
    const subject = { routeName: CONNECTION_ROUTE, method: '', path: '', body: Buffer.alloc(0) };
    // Before a byte was read.
    if (context.faults.strike(subject).some((fault) => fault.kind === 'cut')) socket.resetAndDestroy();
  });
  return server;
}

async function serve(options: ServerOptions, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { context, router, guard } = options;
  const startedAtMs = Date.now();
  const { path, query } = splitTarget(incoming.url ?? '/');
  const body = await readBody(incoming);
  const method = incoming.method ?? 'GET';
  const found = router.find(method, path);
  const route = found.found === 'route' ? found.route : undefined;
  const isAdmin = path.startsWith('/__sim');
  const sandbox = headerOf(incoming, 'x-sandbox-name');
  const faults =
    route === undefined || isAdmin ? [] : context.faults.strike({ routeName: route.name, method, path, body, sandbox });
  const notes: string[] = [];

  const request: RawRequest = {
    id: randomUUID(),
    method,
    path,
    params: found.found === 'route' ? found.params : {},
    query,
    headers: incoming.headers,
    body,
    remoteAddress: incoming.socket.remoteAddress ?? '',
    baseUrl: options.publicBaseUrl ?? baseUrlOf(incoming),
    serviceFaults: faults.filter((fault) => fault.kind === 'service'),
    hidesYoungerThanMs: Math.max(
      context.policy.current.listLagMs,
      ...faults.map((fault) => (fault.kind === 'stale-list' ? fault.youngerThanMs : 0)),
    ),
    note: (text) => void notes.push(text),
    json() {
      try {
        return JSON.parse(body.toString('utf8')) as unknown;
      } catch {
        throw new Refusal({ status: 400, title: 'BadRequestError', detail: 'The request body is not valid JSON' });
      }
    },
  };

  const run = async (): Promise<Reply> => {
    if (faults.some((fault) => fault.kind === 'token-revoked')) guard.revokeToken(request);
    const reply = await answer(options, request, found);
    await context.state.flushed();
    return reply;
  };

  const reply = await withFaults(options, request, route, faults, run);
  if (!isAdmin) {
    const told = 'status' in reply ? replyText(reply) : '';
    const shows = route?.journalsBodies !== false;
    context.journal.add({
      atMs: context.clock.now(),
      durationMs: Date.now() - startedAtMs,
      requestId: request.id,
      method,
      path: maskPath(path, query),
      route: route?.name ?? '',
      status: 'status' in reply ? reply.status : 0,
      faults: faults.map((fault) => (fault.kind === 'service' ? fault.name : fault.kind)),
      orgId: headerOf(request, 'x-gw-ims-org-id'),
      sandboxName: headerOf(request, 'x-sandbox-name'),
      requestBody: shows ? maskBody(body.toString('utf8'), headerOf(request, 'content-type')) : undefined,
      responseBody: shows ? maskBody(told.toString(), 'application/json') : undefined,
      notes,
    });
  }
  send(response, reply, request.id);
}

/** The handler's answer, or the refusal on the way to it. */
async function answer(
  { context, guard }: ServerOptions,
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

/** Runs the call with what the faults do before and after it. The first fault that answers wins. */
async function withFaults(
  { context }: ServerOptions,
  request: RawRequest,
  route: Route | undefined,
  faults: readonly Fault[],
  run: () => Promise<Reply>,
): Promise<Reply> {
  let afterMs = 0;
  for (const fault of faults) {
    switch (fault.kind) {
      case 'slow':
        if (fault.when === 'before-effect') await delay(fault.ms);
        else afterMs += fault.ms;
        break;
      case 'status': {
        if (route === undefined) break;
        if (fault.effect === 'done') await run();
        const about = { requestId: request.id, nowMs: context.clock.now() };
        return replyOfFault(fault, { ...route, isPlatform: route.access !== 'open' }, about);
      }
      case 'cut':
        if (fault.effect === 'done') await run();
        return { cut: true };
      case 'hang':
        if (fault.effect === 'done') await run();
        return { hang: true };
      case 'accept-late':
        setTimeout(() => {
          run().catch((error: unknown) => context.log.error({ err: error }, 'late call failed'));
        }, fault.ms);
        return fault.connection === 'cut' ? { cut: true } : { hang: true };
      case 'stale-list':
      case 'token-revoked':
      case 'service':
        break;
      default:
        fault satisfies never;
    }
  }
  const reply = await run();
  if (afterMs > 0) await delay(afterMs);
  return reply;
}

function replyText(reply: Extract<Reply, { status: number }>): string | Buffer {
  return reply.json === undefined ? (reply.text ?? '') : JSON.stringify(reply.json);
}

function send(response: ServerResponse, reply: Reply, requestId: string): void {
  if ('cut' in reply) {
    response.socket?.resetAndDestroy();
    return;
  }
  if ('hang' in reply) return;
  const body = replyText(reply);
  response.writeHead(reply.status, {
    ...(reply.json === undefined ? {} : { 'content-type': 'application/json;charset=UTF-8' }),
    ...(reply.status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
    'x-request-id': requestId,
    ...reply.headers,
  });
  response.end(reply.status === 204 ? undefined : body);
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY_BYTES) throw new Error('request body too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

function baseUrlOf(incoming: IncomingMessage): string {
  const forwarded = incoming.headers['x-forwarded-proto'];
  const scheme = typeof forwarded === 'string' ? forwarded : 'http';
  return `${scheme}://${incoming.headers.host ?? 'localhost'}`;
}

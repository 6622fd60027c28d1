/**
 * The HTTP side of the simulator: one listener for the paths of all hosts. Takes a request, carries out the faults placed
 * on its route, asks the guard who calls, runs the handler, waits until what it wrote is durable, and answers.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Guard, answer } from './answering.js';
import type { Context } from '../context.js';
import { Refusal } from '../errorFamilies.js';
import { withFaults } from '../faults/faultyCall.js';
import { CONNECTION_ROUTE } from '../faults/faults.js';
import { maskBody, maskPath } from '../admin/masking.js';
import { headerOf, type RawRequest, type Reply } from './request.js';
import type { Router } from './router.js';
import { isLocalRequest } from '../../src/process/http/localRequests.js';
import { baseUrlOf, readBody, replyText, send, splitTarget } from './wire.js';

interface ServerOptions {
  readonly context: Context;
  readonly router: Router;
  readonly guard: Guard;
  /** What it listens at. */
  readonly host: string;
  readonly publicBaseUrl?: string;
}

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
  const isAdmin = path.startsWith('/__sim');
  // It asks for no token: whoever can have a browser of this machine send requests could reset everything.
  if (isAdmin && !isLocalRequest(incoming.headers, options.host) && !isAtPublicUrl(incoming, options.publicBaseUrl)) {
    response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('The admin side answers requests to this machine itself, from no other page.\n');
    return;
  }
  const body = await readBody(incoming);
  const method = incoming.method ?? 'GET';
  const found = router.find(method, path);
  const route = found.found === 'route' ? found.route : undefined;
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

  const reply = await withFaults(context, request, route, faults, run);
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

function isAtPublicUrl({ headers: { host, origin } }: IncomingMessage, publicBaseUrl: string | undefined): boolean {
  if (publicBaseUrl === undefined) return false;
  const known = new URL(publicBaseUrl);
  return host === known.host && (origin === undefined || origin === known.origin);
}

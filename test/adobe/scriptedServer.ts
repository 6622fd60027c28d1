/** A real HTTP server that answers what the test tells it to, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pino } from 'pino';
import { createAdobe } from '../../src/adobe/clients.js';
import { ADOBE_DEFAULTS, type AdobeConfiguration } from '../../src/configuration.js';

interface Received {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly connection: number;
}

export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The request was read whole, then the connection is closed without an answer. */
  | 'cut'
  /** Status line and half of the body, then the connection is closed. */
  | { readonly truncated: string; readonly status?: number }
  | 'hang';

export interface ScriptedServer {
  readonly url: string;
  readonly requests: Received[];
  readonly tokenRequests: Received[];
  /** Replies to the next calls, in order; the last one is repeated. */
  reply(...replies: (Reply | ((request: Received) => Reply))[]): void;
  /** The same for the token service. Default: `token-1`, `token-2`, … */
  replyToken(...replies: Reply[]): void;
  close(): Promise<void>;
}

export async function scriptedServer(): Promise<ScriptedServer> {
  const requests: Received[] = [];
  const tokenRequests: Received[] = [];
  const sockets = new Map<Socket, number>();
  let connections = 0;
  let replies: (Reply | ((request: Received) => Reply))[] = [{ status: 500, body: 'nothing scripted' }];
  let tokenReplies: Reply[] = [];
  const next = <R>(queue: R[]): R | 'cut' => (queue.length > 1 ? queue.shift() : queue[0]) ?? 'cut';

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const received: Received = {
        method: request.method ?? '',
        url: request.url ?? '',
        path: url.pathname,
        query: [...url.searchParams.entries()],
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        connection: sockets.get(request.socket) ?? 0,
      };
      if (url.pathname === '/ims/token/v3') {
        tokenRequests.push(received);
        if (tokenReplies.length > 0) answer(response, next(tokenReplies));
        else answer(response, { status: 200, body: tokenBody(`token-${tokenRequests.length}`) });
        return;
      }
      requests.push(received);
      const reply = next(replies);
      answer(response, typeof reply === 'function' ? reply(received) : reply);
    });
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.set(socket, connections);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    tokenRequests,
    reply: (...given) => (replies = given),
    replyToken: (...given) => (tokenReplies = given),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.keys()) socket.destroy();
      }),
  };
}

export function tokenBody(token: string, expiresIn: number = 86_399): object {
  return { access_token: token, token_type: 'bearer', expires_in: expiresIn };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'cut') {
    response.destroy();
    return;
  }
  if ('truncated' in reply) {
    response.writeHead(reply.status ?? 200, {
      'content-type': 'application/json',
      'content-length': String(reply.truncated.length * 2),
    });
    response.write(reply.truncated, () => response.destroy());
    return;
  }
  const text = reply.body === undefined ? '' : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end(text);
}

export const CLIENT_SECRET = 'p8e-very-secret-client-secret';

export function configurationFor(url: string, overrides: Partial<AdobeConfiguration> = {}): AdobeConfiguration {
  return {
    ...ADOBE_DEFAULTS,
    clientId: 'client-id-1',
    clientSecret: CLIENT_SECRET,
    orgId: 'ABC123@AdobeOrg',
    scopes: 'openid,AdobeID',
    imsUrl: url,
    platformUrl: url,
    requestTimeoutMs: 5_000,
    consistencyWindowMs: 0,
    ...overrides,
  };
}

export const silent = pino({ level: 'silent' });

/** All clients against a scripted server, in the sandbox `dev`. */
export async function clientsOnServer(overrides: Partial<AdobeConfiguration> = {}) {
  const server = await scriptedServer();
  const adobe = createAdobe({ configuration: configurationFor(server.url, overrides), log: silent });
  return {
    server,
    adobe,
    clients: adobe.forSandbox('dev'),
    close: async () => {
      await server.close();
      await adobe.close();
    },
  };
}

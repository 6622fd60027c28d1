/**
 * The receiver's HTTP server: limits, answers, and an end that answers what it has begun.
 *
 * On `node:http` itself: a 1.2 kB POST costs the server 66 µs of CPU, through fastify 5 at least 83 µs (64 connections, three
 * runs in turn on two shared cores), and what a framework offers here, parsing by content type, is what must not happen.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { listenAt } from '../process/listening.js';
import type { Answer } from './webhooks.js';

const TIMES_MS = {
  /** A request must be complete in this time, its headers much sooner: a slow sender holds a connection, not a thread. */
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  /** Above the 60 s of common load balancers, so that it is they who close. */
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
};
const MAX_HEADER_BYTES = 16 * 1024;
/** A request being answered when the process is told to stop gets this long. */
const DRAIN_MS = 10_000;

interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** @returns undefined when the sender has gone */
  readonly answerTo: (request: IncomingMessage) => Promise<Answer | undefined>;
  readonly onAnswered: (request: IncomingMessage, answer: Answer, durationMs: number) => void;
  readonly log: Pick<Logger, 'error'>;
  /** Test hook: shorter ones. */
  readonly timesMs?: Partial<typeof TIMES_MS>;
}

interface HttpServer {
  readonly url: string;
  /** Takes no new connections, answers what it has begun, and ends. */
  close(): Promise<void>;
}

/** @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_LISTEN_REFUSED` */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { answerTo, onAnswered, log } = options;
  let isClosing = false;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    try {
      const answer = await answerTo(request);
      if (answer === undefined) return;
      send(response, answer);
      onAnswered(request, answer, performance.now() - startedMs);
    } catch (error) {
      // Never the URL: it holds the secret.
      log.error({ reason: error instanceof Error ? error.message : String(error) }, 'a request failed');
      send(response, { status: 503, body: { error: 'not taken, try again' }, retryAfterSeconds: 5 });
    }
  }

  function send(response: ServerResponse, answer: Answer): void {
    const text = JSON.stringify(answer.body);
    response.shouldKeepAlive &&= !isClosing;
    const headers: OutgoingHttpHeaders = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    if (answer.retryAfterSeconds !== undefined) headers['retry-after'] = String(answer.retryAfterSeconds);
    response.writeHead(answer.status, headers).end(text);
  }

  const server = createServer(
    { ...TIMES_MS, ...options.timesMs, maxHeaderSize: MAX_HEADER_BYTES },
    (request, response) => void handle(request, response),
  );
  const { host, port: wantedPort } = options;
  await listenAt(server, {
    host,
    port: wantedPort,
    service: 'the receiver',
    option: 'RECEIVER_HOST and RECEIVER_PORT',
  });

  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async close() {
      isClosing = true;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const giveUp = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await closed;
      clearTimeout(giveUp);
    },
  };
}

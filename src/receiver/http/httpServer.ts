/**
 * The receiver's HTTP server: limits, answers, and an end that answers what it has begun.
 *
 * On `node:http` itself: a 1.2 kB POST costs the server 66 µs of CPU, through fastify 5 at least 83 µs (64 connections, three
 * runs in turn on two shared cores), and what a framework offers here, parsing by content type, is what must not happen.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import { listenAt } from '../../process/listening.js';
import { discardRest } from './discardRest.js';
import { requestIdOf } from './requestId.js';
import { type Answer, UNAVAILABLE } from './webhooks.js';

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

/** What of an unread body is taken from its sender after the answer. */
const UNREAD = { bytes: 16 * 1024 * 1024, ms: 5_000 };
const UNREAD_OF_STRANGERS = { bytes: 64 * 1024, ms: 1_000 };

interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** More than these are closed as they come. */
  readonly maxConnections: number;
  readonly onRefused: () => void;
  /** @returns undefined when the sender has gone */
  readonly answerTo: (request: IncomingMessage, requestId: string) => Promise<Answer | undefined>;
  readonly onAnswered: (request: IncomingMessage, answered: Answered) => void;
  readonly log: Pick<Logger, 'error'>;
  /** Test hook: shorter ones. */
  readonly timesMs?: Partial<typeof TIMES_MS>;
}

interface Answered {
  readonly requestId: string;
  readonly answer: Answer;
  readonly durationMs: number;
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
    const requestId = requestIdOf(request);
    try {
      const answer = await answerTo(request, requestId);
      if (answer === undefined) return;
      send(request, response, answer, requestId);
      onAnswered(request, { requestId, answer, durationMs: performance.now() - startedMs });
    } catch (error) {
      // Never the URL: it holds the secret.
      log.error({ requestId, reason: messageOf(error) }, 'a request failed');
      send(request, response, UNAVAILABLE, requestId);
    }
  }

  function send(request: IncomingMessage, response: ServerResponse, answer: Answer, requestId: string): void {
    const { status, body, headers, eventId } = answer;
    const text = JSON.stringify(body);
    response.shouldKeepAlive &&= !isClosing && request.complete && status !== 404;
    response.writeHead(status, {
      ...headers,
      'x-request-id': requestId,
      ...(eventId === undefined ? {} : { 'x-event-id': eventId }),
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    if (request.complete) response.end(text);
    else {
      response.write(text);
      discardRest(request, status === 404 ? UNREAD_OF_STRANGERS : UNREAD, () => response.end());
    }
  }

  const server = createServer(
    { ...TIMES_MS, ...options.timesMs, maxHeaderSize: MAX_HEADER_BYTES },
    (request, response) => void handle(request, response),
  );
  server.maxConnections = options.maxConnections;
  // A sender that has said all may close its half and wait for the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('drop', options.onRefused);
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

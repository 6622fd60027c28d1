/**
 * The receiver: takes Chatlio's webhooks over HTTP and answers 2xx once they are in the event log, or on its own disk.
 *
 * On `node:http` itself: a 1.2 kB POST costs the server 66 µs of CPU, through fastify 5 at least 83 µs (64 connections, three
 * runs in turn on two shared cores), and what a framework offers here, parsing by content type, is what must not happen.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Configuration } from '../configuration.js';
import { codedError } from '../domain/errors.js';
import { ensureBodyPartitions } from '../store/bodyPartitions.js';
import type { Database } from '../store/database.js';
import { createEventLog } from '../store/eventLog.js';
import type { KeyRing } from '../store/keyRing.js';
import { createGrouping } from './grouping.js';
import { createByteBudget } from './requestBody.js';
import { openJournal } from './journal/journal.js';
import { createObservedLog } from './observedLog.js';
import { startReporting } from './report.js';
import { watchRoutes } from './routes.js';
import { takeSlot } from './slot.js';
import { openSpool, type SpoolDepth } from './spool/spool.js';
import { createSpooledLog } from './spool/spooledLog.js';
import { type Answer, createWebhooks, type Outcome } from './webhooks.js';

/** A request must be complete in this time, its headers much sooner: a slow sender holds a connection, not a thread. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** Above the 60 s of common load balancers, so that it is they who close. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** All requests together. */
const MAX_BYTES_IN_HAND = 128 * 1024 * 1024;
/** A request being answered when the process is told to stop gets this long. */
const DRAIN_MS = 10_000;
const PARTITIONS_EVERY_MS = 3_600_000;
/** A million webhooks of common size. */
const MAX_SPOOL_BYTES = 2 * 1024 * 1024 * 1024;
/** For what is on its way when a load balancer is told that there is no room. */
const SPOOL_RESERVE_BYTES = 16 * 1024 * 1024;

export interface ReceiverOptions {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly configuration: Pick<Configuration, 'home' | 'receiver'>;
  readonly log: Logger;
}

export interface Receiver {
  /** Where it listens, without a path. */
  readonly url: string;
  /** What became of the requests since the start. */
  counts(): Readonly<Partial<Record<Outcome, number>>>;
  /** Taken, on this receiver's disk, not in the event log yet. */
  spoolDepth(): SpoolDepth;
  /** Takes no new requests, answers those that are there, and ends. */
  close(): Promise<void>;
}

/** @throws CodedError `CAEP_PORT_TAKEN` */
export async function startReceiver({ database, keyRing, configuration, log }: ReceiverOptions): Promise<Receiver> {
  const slot = await takeSlot(configuration.home);
  const maxSpoolBytes = configuration.receiver.spoolMaxBytes ?? MAX_SPOOL_BYTES;
  const spool = await openSpool({ folder: slot.spoolFolder, maxBytes: maxSpoolBytes, log });
  const eventLog = createSpooledLog({ eventLog: createEventLog(database), spool, log });
  const journal = await openJournal({ folder: slot.journalFolder, log });
  const routes = await watchRoutes({ database, cacheFile: join(configuration.home, 'routes.json'), log });
  const counts: Partial<Record<Outcome, number>> = {};
  let isDraining = false;

  const reporter = startReporting({
    database,
    receiverId: slot.receiverId,
    journal,
    spoolDepth: () => spool.depth(),
    counts: () => counts,
    log,
  });
  const webhooks = createWebhooks({
    routes,
    keyRing,
    budget: createByteBudget(MAX_BYTES_IN_HAND),
    count: (outcome) => (counts[outcome] = (counts[outcome] ?? 0) + 1),
    intake: createGrouping({
      eventLog: createObservedLog(eventLog, reporter.onTaken),
      onFlushFailed: (error, events) =>
        log.error({ reason: reasonOf(error), events }, 'a group of events was not committed'),
    }),
    log,
  });

  async function answerTo(request: IncomingMessage): Promise<Answer | undefined> {
    if (request.method === 'GET' && request.url === '/healthz') return { status: 200, body: { status: 'alive' } };
    if (request.method === 'GET' && request.url === '/readyz') return readiness();
    if (request.method === 'POST') return webhooks(request);
    return { status: 404, body: { error: 'not found' } };
  }

  /** Ready without PostgreSQL as well, as long as the spool has room: a load balancer must go on sending. */
  function readiness(): Answer {
    if (isDraining) return { status: 503, body: { status: 'stopping' } };
    if (routes.current() === undefined) return { status: 503, body: { status: 'no webhook routes' } };
    if (eventLog.isLogAnswering()) return { status: 200, body: { status: 'ready' } };
    if (spool.depth().bytes >= maxSpoolBytes - SPOOL_RESERVE_BYTES)
      return { status: 503, body: { status: 'spool full' } };
    return { status: 200, body: { status: 'spooling' } };
  }

  function send(response: ServerResponse, answer: Answer): void {
    const text = JSON.stringify(answer.body);
    response.shouldKeepAlive &&= !isDraining;
    const headers: OutgoingHttpHeaders = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    if (answer.retryAfterSeconds !== undefined) headers['retry-after'] = String(answer.retryAfterSeconds);
    response.writeHead(answer.status, headers).end(text);
  }

  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      answerTo(request).then(
        (answer) => answer !== undefined && send(response, answer),
        (error: unknown) => {
          // Never the URL: it holds the secret.
          log.error({ reason: reasonOf(error) }, 'a request failed');
          send(response, { status: 503, body: { error: 'not taken, try again' }, retryAfterSeconds: 5 });
        },
      );
    },
  );

  async function endParts(): Promise<void> {
    await routes.close();
    await eventLog.close();
    await reporter.close();
    slot.release();
  }

  await listenOn(server, configuration.receiver).catch(async (error: unknown) => {
    await endParts();
    throw error;
  });
  const partitionsTimer = setInterval(() => {
    ensureBodyPartitions(database).catch((error: unknown) => {
      log.warn({ reason: reasonOf(error) }, 'the body partitions of the coming days were not made');
    });
  }, PARTITIONS_EVERY_MS).unref();

  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    counts: () => ({ ...counts }),
    spoolDepth: () => spool.depth(),
    async close() {
      isDraining = true;
      clearInterval(partitionsTimer);
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const giveUp = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await closed;
      clearTimeout(giveUp);
      await endParts();
    },
  };
}

async function listenOn(server: ReturnType<typeof createServer>, at: { host: string; port: number }): Promise<void> {
  server.listen(at.port, at.host);
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE') throw cause;
    throw codedError(
      'CAEP_PORT_TAKEN',
      { port: String(at.port), service: 'the receiver', option: 'RECEIVER_PORT' },
      { cause },
    );
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

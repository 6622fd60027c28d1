/** The receiver: takes Chatlio's webhooks over HTTP and answers 2xx once they are in the event log, or on its own disk. */
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Configuration } from '../configuration.js';
import type { ErrorCode } from '../domain/errors.js';
import { ALIVE, type Check, type Concern } from '../metrics/healthDocument.js';
import { messageOf } from '../domain/messageOf.js';
import { pathOfTarget } from '../domain/events/webhookPath.js';
import type { IntakeMetrics } from '../metrics/intake.js';
import { ensureBodyPartitions } from '../store/bodies/bodyPartitions.js';
import type { Database } from '../store/connection/database.js';
import { createEventLog } from '../store/log/eventLog.js';
import type { KeyRing } from '../store/keys/keyRing.js';
import { startAdoption } from './adoption.js';
import { createCopies } from './copies.js';
import { createByteBudget } from './http/byteBudget.js';
import { createGrouping } from './grouping.js';
import { startHttpServer } from './http/httpServer.js';
import { startKeeping } from './kept/keeping.js';
import { openKeptFiles } from './kept/keptFiles.js';
import { openJournal } from './journal/journal.js';
import { memoryOfProcess, receiverLimits } from './http/limits.js';
import { createNearMisses, type NearMiss } from './http/nearMisses.js';
import { createRefusedConnections } from './http/refusedConnections.js';
import { createObservedLog } from './observedLog.js';
import { startReporting } from './report.js';
import { watchRoutes } from './routes.js';
import { takeSlot } from './slot.js';
import { openSpool, type SpoolDepth } from './spool/spool.js';
import type { SpoolDamage } from './spool/damage.js';
import { SPOOLED_MARK, sourceOfSpooled } from './spool/spooledEvent.js';
import { createSpooledLog } from './spool/spooledLog.js';
import { type Answer, createWebhooks, NOT_FOUND, type Outcome } from './http/webhooks.js';

const PARTITIONS_EVERY_MS = 3_600_000;
/** A million webhooks of common size. */
const MAX_SPOOL_BYTES = 2 * 1024 * 1024 * 1024;
const KEEP_MINUTES = 10;
const MAX_KEPT_BYTES = 1024 * 1024 * 1024;
/** For what is on its way when a load balancer is told that there is no room. */
const SPOOL_RESERVE_BYTES = 16 * 1024 * 1024;

/** Codes alone: the internet reaches this port. */
const AWAY: Concern = { check: 'database', code: 'CAEP_DATABASE_UNREACHABLE' };

export interface ReceiverOptions {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly configuration: Pick<Configuration, 'home' | 'receiver'>;
  readonly log: Logger;
  readonly metrics?: Pick<IntakeMetrics, 'groupTaken' | 'acknowledged'>;
  /** What else is to be known at `/readyz`, of the tables and keys in PostgreSQL. */
  readonly concerns?: () => readonly Concern[];
}

export interface Receiver {
  /** Where it listens, without a path. */
  readonly url: string;
  /** What became of the requests since the start. */
  counts(): Readonly<Partial<Record<Outcome, number>>>;
  /** By route, those that came with a wrong secret. */
  nearMisses(): readonly NearMiss[];
  /** Closed as they came, since the start: there were too many. */
  refusedConnections(): number;
  /** Taken, on this receiver's disk, not in the event log yet. */
  spoolDepth(): SpoolDepth;
  spoolDamage(): SpoolDamage;
  /** Answered events that PostgreSQL had lost, and that were put back, since the start. */
  putBackCount(): number;
  /** Resolves when another receiver has taken over this one's place in the home folder: it must end, and start anew. */
  readonly displaced: Promise<void>;
  /** Takes no new requests, answers those that are there, and ends. */
  close(): Promise<void>;
}

/** @throws CodedError `CAEP_PORT_TAKEN` */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { database, keyRing, configuration, log, metrics, concerns = () => [] } = options;
  const limits = receiverLimits(memoryOfProcess());
  const nearMisses = createNearMisses(log);
  const refused = createRefusedConnections(limits.maxConnections, log);
  const slot = await takeSlot(configuration.home);
  const maxSpoolBytes = configuration.receiver.spoolMaxBytes ?? MAX_SPOOL_BYTES;
  const spool = await openSpool({
    folder: slot.spoolFolder,
    maxBytes: maxSpoolBytes,
    sourceOf: sourceOfSpooled,
    recordMark: SPOOLED_MARK,
    isOurs: () => slot.lock.isOurs(),
    log,
  });
  const { maxHeldBytes } = configuration.receiver;
  const { keepMinutes = KEEP_MINUTES, keepMaxBytes: maxBytes = MAX_KEPT_BYTES } = configuration.receiver;
  const keptFiles = await openKeptFiles(slot.keptFolder);
  const keeping = startKeeping({
    database,
    eventLog: createEventLog(database, { maxHeldBytes }),
    files: keptFiles,
    keepMs: keepMinutes * 60_000,
    maxBytes,
    log,
  });
  const copies = createCopies({ database, keyRing, log });
  const eventLog = createSpooledLog({ eventLog: copies.observing(keeping.eventLog), spool, log, maxHeldBytes });
  const adoption = await startAdoption({
    home: configuration.home,
    slot,
    spool,
    kept: keptFiles,
    onAdopted: () => eventLog.drainSoon(),
    log,
  });
  const journal = await openJournal({ folder: slot.journalFolder, log });
  const routes = await watchRoutes({ database, cacheFile: join(configuration.home, 'routes.json'), log });
  const counts: Partial<Record<Outcome, number>> = {};
  let isDraining = false;

  const reporter = startReporting({
    database,
    receiverId: slot.receiverId,
    publicUrl: configuration.receiver.namedUrl,
    adoption,
    journal,
    spoolDepth: () => spool.depth(),
    spoolDamage: () => spool.damage(),
    counts: () => counts,
    nearMisses: () => nearMisses.counts(),
    refused,
    log,
  });
  const webhooks = createWebhooks({
    routes,
    keyRing,
    budget: createByteBudget(limits.maxBytes, limits.maxBytesPerRoute),
    onNearMiss: (near) => nearMisses.note(near),
    count: (outcome) => (counts[outcome] = (counts[outcome] ?? 0) + 1),
    intake: createGrouping({
      eventLog: createObservedLog(eventLog, (facts) => {
        reporter.onTaken(facts);
        metrics?.groupTaken(facts);
      }),
      onFlushFailed: (error, events) =>
        log.error({ reason: messageOf(error), events }, 'a group of events could not be stored'),
    }),
    log,
  });

  async function answerTo(request: IncomingMessage, requestId: string): Promise<Answer | undefined> {
    if (request.method === 'POST') return webhooks(request, requestId);
    const path = request.method === 'GET' ? pathOfTarget(request.url ?? '') : '';
    if (path === '/healthz') return { status: 200, body: ALIVE };
    return path === '/readyz' ? readiness() : NOT_FOUND;
  }

  /** Ready without PostgreSQL as well, as long as the spool takes events: a load balancer must go on sending. */
  async function readiness(): Promise<Answer> {
    const others = concerns();
    const isStored = eventLog.isLogAnswering() && routes.isCurrent();
    const isExplained = isStored || others.some(({ check }) => check === 'schema');
    const warnings: Concern[] = isExplained ? [...others] : [...others, AWAY];
    const ready = (status: string): Answer => ({ status: 200, body: { v: 1, status, reasons: [], warnings } });
    const notReady = (status: string, check: Check, code: ErrorCode): Answer => ({
      status: 503,
      body: { v: 1, status, reasons: [{ check, code }], warnings },
    });
    if (isDraining) return notReady('stopping', 'ending', 'CAEP_PROCESS_ENDING');
    if (routes.current() === undefined) return notReady('no webhook routes', 'routes', 'CAEP_ROUTES_UNKNOWN');
    if (routes.haveVanished())
      return notReady('the webhook routes have vanished from the database', 'routes', 'CAEP_ROUTES_VANISHED');
    if (isStored) return ready('ready');
    if (spool.depth().bytes >= maxSpoolBytes - SPOOL_RESERVE_BYTES)
      return notReady('spool full', 'spool', 'CAEP_SPOOL_FULL');
    return (await spool.takesMore())
      ? ready('spooling')
      : notReady('the disk of the spool cannot be written', 'spool', 'CAEP_SPOOL_FULL');
  }

  async function endParts(): Promise<void> {
    await routes.close();
    await eventLog.close();
    await copies.close();
    await keeping.close();
    await reporter.close();
    await adoption.close();
    slot.lock.release();
  }

  const { host, port } = configuration.receiver;
  const server = await startHttpServer({
    host,
    port,
    maxConnections: limits.maxConnections,
    onRefused: () => refused.note(),
    answerTo,
    onAnswered: ({ method }, { requestId, answer, durationMs }) => {
      if (method !== 'POST') return;
      const { status, eventId } = answer;
      if (status === 200) metrics?.acknowledged(durationMs);
      log.debug({ requestId, status, eventId }, 'a webhook was answered');
    },
    log,
  }).catch(async (error: unknown) => {
    await endParts();
    throw error;
  });
  const partitionsTimer = setInterval(() => {
    ensureBodyPartitions(database).catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'the tables for the coming days could not be created');
    });
  }, PARTITIONS_EVERY_MS).unref();

  return {
    url: server.url,
    counts: () => ({ ...counts }),
    nearMisses: () => nearMisses.counts(),
    refusedConnections: () => refused.count(),
    spoolDepth: () => spool.depth(),
    spoolDamage: () => spool.damage(),
    putBackCount: () => keeping.putBackCount(),
    displaced: slot.lock.lost,
    async close() {
      isDraining = true;
      clearInterval(partitionsTimer);
      await server.close();
      await endParts();
    },
  };
}

/**
 * The event log with a spool before it, for the time that PostgreSQL is away or slow.
 *
 * While the log answers, events go to it alone. When it fails, or takes longer than the bound, they go to the spool, and so
 * do all that follow until the log has taken something again: an outage costs each request one fsync and no waiting. What
 * the log may have taken nevertheless is spooled too; it knows an event that comes twice.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import { within } from '../../process/within.js';
import type { EventLog } from '../../store/log/eventLog.js';
import type { HeldEvent } from '../../store/exceptions/heldOnArrival.js';
import { MAX_HELD_BYTES } from '../../store/exceptions/heldPlace.js';
import { isTransient } from '../../store/connection/transient.js';
import type { TakenEvent } from '../../store/log/takenEvent.js';
import type { IntakeEvent, TakingLog } from '../intake.js';
import { createSpoolPlace, NoPlaceInSpool } from './heldPlace.js';
import type { Spool } from './spool.js';
import { decodeSpooled, encodeSpooled, eventIdOfSpooled } from './spooledEvent.js';

export interface SpooledLogOptions {
  readonly eventLog: EventLog;
  readonly spool: Spool;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Well below the time that a sender waits for an answer. */
  readonly appendTimeoutMs?: number;
  readonly firstRetryMs?: number;
  /** Of bodies of one route that wait for a decision, while they are in the spool. */
  readonly maxHeldBytes?: number;
}

export interface SpooledLog extends TakingLog {
  /** Told when something has come to the spool by another way. */
  drainSoon(): void;
  /** False while events go to the spool. */
  isLogAnswering(): boolean;
  /** Ends the draining. What is spooled stays for the next start. */
  close(): Promise<void>;
}

const APPEND_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
const DRAIN_EVENTS = 256;
const DRAIN_BYTES = 4 * 1024 * 1024;

export function createSpooledLog(options: SpooledLogOptions): SpooledLog {
  const { eventLog, spool, log, appendTimeoutMs = APPEND_TIMEOUT_MS, firstRetryMs = FIRST_RETRY_MS } = options;
  const closing = new AbortController();
  const place = createSpoolPlace(options.maxHeldBytes ?? MAX_HELD_BYTES);
  let isAnswering = true;
  let draining: Promise<void> | undefined;

  async function logOrSpool<T>(append: () => Promise<T>, events: () => readonly IntakeEvent[]): Promise<T | 'spooled'> {
    // With an empty spool nothing drains, and so nothing would find out that the log answers again.
    if (isAnswering || spool.depth().records === 0) {
      try {
        return await within(appendTimeoutMs, append(), () => {
          throw new Error(`no answer within ${appendTimeoutMs} ms`);
        });
      } catch (error) {
        if (isAnswering)
          log.error(
            { reason: messageOf(error) },
            'PostgreSQL does not answer; events are kept on this disk until it does',
          );
        isAnswering = false;
      }
    }
    await spool.append(events().map(encodeSpooled));
    drainSoon();
    return 'spooled';
  }

  function drainSoon(): void {
    draining ??= drain().finally(() => {
      draining = undefined;
      // Spooled between the last look and the end.
      if (!closing.signal.aborted && spool.depth().records > 0) drainSoon();
    });
  }

  async function drain(): Promise<void> {
    let retryMs = firstRetryMs;
    let drained = 0;
    while (!closing.signal.aborted) {
      try {
        const records = await spool.peek(DRAIN_EVENTS, DRAIN_BYTES);
        if (records.length === 0) {
          place.clear();
          break;
        }
        const refused = await appendAll(records);
        await spool.drop(records.length, refused);
        drained += records.length - refused.length;
        if (refused.length === records.length) throw new Error('it refuses all that is left in the spool');
        isAnswering = true;
        retryMs = firstRetryMs;
      } catch (error) {
        isAnswering = false;
        log.warn(
          { reason: messageOf(error), spooled: spool.depth().records, retryMs },
          'events on this disk are waiting for PostgreSQL',
        );
        await delay(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    }
    if (drained > 0) log.info({ events: drained }, 'all events on this disk are now in PostgreSQL');
  }

  /** @returns records that the log refuses, for now at least: they must not keep the others from it, so each is tried alone */
  async function appendAll(records: readonly Buffer[]): Promise<readonly Buffer[]> {
    try {
      await appendByPartition(eventLog, records.map(decodeSpooled));
      return [];
    } catch (error) {
      if (isTransient(error)) throw error;
    }
    const refused: Buffer[] = [];
    for (const record of records) {
      try {
        await appendByPartition(eventLog, [decodeSpooled(record)]);
      } catch (error) {
        if (isTransient(error)) throw error;
        const eventId = eventIdOfSpooled(record);
        log.error({ eventId, reason: messageOf(error) }, 'PostgreSQL refuses an event; it stays on this disk');
        refused.push(record);
      }
    }
    return refused;
  }

  drainSoon();
  return {
    drainSoon,
    async append(sourceId, partition, events) {
      const taken = await logOrSpool(
        () => eventLog.append(sourceId, partition, events),
        () => events.map((event): IntakeEvent => ({ sourceId, partition, outcome: 'event', event })),
      );
      return taken === 'spooled' ? events.map(() => taken) : taken;
    },
    hold: (sourceId: number, partition: number, event: HeldEvent) =>
      logOrSpool(
        () => eventLog.hold(sourceId, partition, event),
        () => {
          place.take(sourceId, event);
          return [{ sourceId, partition, outcome: 'held', event }];
        },
      ).catch((error: unknown) => (error instanceof NoPlaceInSpool ? 'no-place' : Promise.reject(error))),
    isLogAnswering: () => isAnswering,
    async close() {
      closing.abort();
      await draining;
      await spool.close();
    },
  };
}

/** In the order of the spool within each partition. */
async function appendByPartition(eventLog: EventLog, intakes: readonly IntakeEvent[]): Promise<void> {
  const lanes = new Map<string, { sourceId: number; partition: number; events: TakenEvent[] }>();
  for (const intake of intakes) {
    const { sourceId, partition } = intake;
    if (intake.outcome === 'held') {
      await eventLog.hold(sourceId, partition, intake.event, { acknowledged: true });
      continue;
    }
    const key = `${sourceId}/${partition}`;
    const lane = lanes.get(key) ?? { sourceId, partition, events: [] };
    lane.events.push(intake.event);
    lanes.set(key, lane);
  }
  for (const { sourceId, partition, events } of lanes.values()) {
    await eventLog.append(sourceId, partition, events, { acknowledged: true });
  }
}

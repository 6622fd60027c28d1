/**
 * The event log with a memory of its own: what the log has taken is kept on the receiver's disk until its commit is known to
 * be final, and put back when PostgreSQL was set back behind it.
 *
 * Commits are final where no failover can lose them. A standby that is gone for a moment may be about to take over, so that must
 * have been so for as long as events are kept.
 */
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { areCommitsFinal } from '../../domain/durability.js';
import { messageOf } from '../../domain/messageOf.js';
import type { Arrival } from '../../store/log/arrival.js';
import type { Database } from '../../store/connection/database.js';
import { readDurability } from '../../store/connection/durability.js';
import type { EventLog } from '../../store/log/eventLog.js';
import { findLost, putAgain, readServerSince } from '../../store/receivers/putAgain.js';
import { isTransient } from '../../store/connection/transient.js';
import type { IntakeEvent } from '../intake.js';
import { decodeSpooled, encodeSpooled } from '../spool/spooledEvent.js';
import type { KeptFiles, KeptSegment } from './keptFiles.js';

const LOOK_EVERY_MS = 5_000;
/** Compared with the log in one statement. */
const COMPARED_EVENTS = 500;
/** A copy of what the log has already is kept where it was first taken. */
const KEPT: ReadonlySet<string> = new Set<Arrival>(['logged', 'conflict', 'held']);

interface KeepingOptions {
  readonly database: Database;
  readonly eventLog: EventLog;
  readonly files: KeptFiles;
  readonly keepMs: number;
  readonly maxBytes: number;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Test hook: see {@link readServerSince}. */
  readonly serverSince?: () => Promise<string>;
}

export interface Keeping {
  readonly eventLog: EventLog;
  /** Compares what is kept with the log, where that may have been set back, and lets go what is old enough. */
  look(): Promise<void>;
  /** Events that the log had lost, since the start. */
  putBackCount(): number;
  close(): Promise<void>;
}

export function startKeeping(options: KeepingOptions): Keeping {
  const { database, eventLog, files, keepMs, maxBytes, log } = options;
  const { serverSince = () => readServerSince(database) } = options;
  /** As of the last look: what is taken from now on is not older. */
  let seenServer: string | undefined;
  let finalSinceMs: number | undefined;
  let returned = 0;
  let isWriting = true;

  const isKept = (): boolean => keepMs > 0 && (finalSinceMs === undefined || performance.now() - finalSinceMs < keepMs);

  async function keep(intakes: readonly IntakeEvent[]): Promise<void> {
    if (intakes.length === 0 || !isKept()) return;
    try {
      await files.append(intakes.map(encodeSpooled), seenServer);
      isWriting = true;
    } catch (error) {
      // The log has it: to refuse it now would not make it safer.
      if (isWriting)
        log.error({ reason: messageOf(error) }, 'events cannot be copied to this disk in addition to PostgreSQL');
      isWriting = false;
    }
  }

  async function look(): Promise<void> {
    const server = await serverSince();
    const isFinal = areCommitsFinal(await readDurability(database));
    finalSinceMs = isFinal ? (finalSinceMs ?? performance.now()) : undefined;
    let bytes = files.segments().reduce((sum, segment) => sum + segment.bytes, 0);
    for (const segment of files.segments()) {
      const isOld = Date.now() - segment.lastWrittenAtMs > keepMs || bytes > maxBytes;
      // One that was taken over from another receiver may be of before a set-back that is long known here.
      if (!isOld && segment.comparedWith === server) continue;
      const isWhole = await compare(segment);
      segment.comparedWith = server;
      if (!isOld || (!isWhole && bytes <= maxBytes)) continue;
      bytes -= segment.bytes;
      await files.remove(segment);
    }
    seenServer = server;
  }

  /** @returns whether the log has all of it now */
  async function compare(segment: KeptSegment): Promise<boolean> {
    let isWhole = true;
    const records = await files.read(segment);
    for (let from = 0; from < records.length; from += COMPARED_EVENTS) {
      const intakes = records.slice(from, from + COMPARED_EVENTS).map(decodeSpooled);
      const lost = (await findLost(database, intakes)).map((place) => intakes[place] as IntakeEvent);
      if (lost.length === 0) continue;
      let put = 0;
      for (const one of lost) put += (await tryToPut(one)) ? 1 : 0;
      returned += put;
      isWhole &&= put === lost.length;
      log.error(
        { lost: lost.length, put },
        'PostgreSQL had lost events that were answered with 2xx; they were inserted again',
      );
    }
    return isWhole;
  }

  /** @returns false when the log refuses it: its source, too, may be lost. It stays here */
  async function tryToPut(one: IntakeEvent): Promise<boolean> {
    try {
      await put(one);
      return true;
    } catch (error) {
      if (isTransient(error)) throw error;
      log.error(
        { sourceId: one.sourceId, reason: messageOf(error) },
        'an event that PostgreSQL had lost cannot be inserted again yet',
      );
      return false;
    }
  }

  async function put(one: IntakeEvent): Promise<void> {
    const { sourceId, partition } = one;
    if (one.outcome === 'held') await eventLog.hold(sourceId, partition, one.event, { acknowledged: true });
    else if ((await putAgain(database, sourceId, partition, [one.event])) === 0) {
      await eventLog.append(sourceId, partition, [one.event], { acknowledged: true });
    }
  }

  const inTurn = pLimit(1);
  const lookOrWait = (): void => {
    inTurn(look).catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'the copies on this disk could not be compared with PostgreSQL'),
    );
  };
  const timer = setInterval(lookOrWait, LOOK_EVERY_MS).unref();
  return {
    eventLog: {
      async append(sourceId, partition, events, how) {
        const arrivals = await eventLog.append(sourceId, partition, events, how);
        const taken = events.filter((_, index) => KEPT.has(arrivals[index] ?? ''));
        await keep(taken.map((event) => ({ sourceId, partition, outcome: 'event', event })));
        return arrivals;
      },
      async hold(sourceId, partition, event, how) {
        const arrival = await eventLog.hold(sourceId, partition, event, how);
        if (KEPT.has(arrival)) await keep([{ sourceId, partition, outcome: 'held', event }]);
        return arrival;
      },
    },
    look,
    putBackCount: () => returned,
    async close() {
      clearInterval(timer);
      await inTurn(() => undefined);
      await files.close();
    },
  };
}

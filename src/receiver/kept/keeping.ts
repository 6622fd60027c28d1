/**
 * The event log with a memory of its own: what the log has taken is kept on the receiver's disk until its commit is known to
 * be final, and put back when PostgreSQL was set back behind it.
 *
 * Commits are final where no failover can lose them. A standby that is gone for a moment may be about to take over, so that must
 * have been so for as long as events are kept.
 */
import type { Logger } from 'pino';
import { areCommitsFinal } from '../../domain/durability.js';
import type { Arrival } from '../../store/arrival.js';
import type { Database } from '../../store/database.js';
import { readDurability } from '../../store/durability.js';
import type { EventLog } from '../../store/eventLog.js';
import { findLost, putAgain, readServerSince } from '../../store/putAgain.js';
import { isPassing } from '../../store/passing.js';
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
  let comparedWith: string | undefined;
  let finalSinceMs: number | undefined;
  let returned = 0;
  let isWriting = true;

  const isKept = (): boolean => keepMs > 0 && (finalSinceMs === undefined || performance.now() - finalSinceMs < keepMs);

  async function keep(intakes: readonly IntakeEvent[]): Promise<void> {
    if (intakes.length === 0 || !isKept()) return;
    try {
      await files.append(intakes.map(encodeSpooled));
      isWriting = true;
    } catch (error) {
      // The log has it: to refuse it now would not make it safer.
      if (isWriting) log.error({ reason: String(error) }, 'what the log takes cannot be kept on this disk as well');
      isWriting = false;
    }
  }

  async function look(): Promise<void> {
    const server = await serverSince();
    const isFinal = areCommitsFinal(await readDurability(database));
    finalSinceMs = isFinal ? (finalSinceMs ?? performance.now()) : undefined;
    const mayBeSetBack = server !== comparedWith;
    let bytes = files.segments().reduce((sum, segment) => sum + segment.bytes, 0);
    for (const segment of files.segments()) {
      const isOld = Date.now() - segment.lastWrittenAtMs > keepMs || bytes > maxBytes;
      if (!isOld && !mayBeSetBack) continue;
      const isWhole = await compare(segment);
      if (!isOld || (!isWhole && bytes <= maxBytes)) continue;
      bytes -= segment.bytes;
      await files.remove(segment);
    }
    comparedWith = server;
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
      log.error({ lost: lost.length, put }, 'PostgreSQL had lost events that were answered: they were put back');
    }
    return isWhole;
  }

  /** @returns false when the log refuses it: its source, too, may be lost. It stays here */
  async function tryToPut(one: IntakeEvent): Promise<boolean> {
    try {
      await put(one);
      return true;
    } catch (error) {
      if (isPassing(error)) throw error;
      log.error({ sourceId: one.sourceId, reason: String(error) }, 'an event that was lost cannot be put back yet');
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

  let looking = Promise.resolve();
  const lookOrWait = (): void => {
    looking = looking
      .then(look)
      .catch((error: unknown) =>
        log.warn({ reason: String(error) }, 'what is kept could not be compared with the log'),
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
      await looking;
      await files.close();
    },
  };
}

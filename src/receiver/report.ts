/** What this receiver says of itself to PostgreSQL, every few seconds: that it runs, its spool, its counts, its journal. */
import type { Logger } from 'pino';
import type { Database } from '../store/database.js';
import { forgetOldJournals } from '../store/intakeJournal.js';
import { type LastEvent, noteLastEvents } from '../store/lastEvents.js';
import { endReceiver } from '../store/receiverReports.js';
import type { Adoption } from './adoption.js';
import { createJournalCopy } from './journal/copy.js';
import { findFiles, type Journal } from './journal/journal.js';
import type { NearMiss } from './nearMisses.js';
import type { TakenFacts } from './observedLog.js';
import type { SpoolDamage } from './spool/damage.js';
import type { SpoolDepth } from './spool/spool.js';

const REPORT_EVERY_MS = 3_000;
const FORGET_EVERY_REPORTS = 1_200;
/** A report stays small, however many routes there are; the metric has all of them. */
const MAX_NEAR_MISSES = 200;

interface ReportOptions {
  readonly database: Database;
  readonly receiverId: string;
  /** As Chatlio reaches it, where that was named: the worker makes the webhook URLs of it. */
  readonly publicUrl?: string;
  readonly adoption: Pick<Adoption, 'orphans' | 'unsettle'>;
  readonly journal: Journal;
  readonly spoolDepth: () => SpoolDepth;
  readonly spoolDamage: () => SpoolDamage;
  readonly counts: () => Readonly<Record<string, number>>;
  readonly nearMisses: () => readonly NearMiss[];
  readonly log: Pick<Logger, 'warn'>;
}

export interface Reporter {
  /** Told of every group that was taken. */
  onTaken(facts: TakenFacts): void;
  /** Reports a last time and ends. */
  close(): Promise<void>;
}

export function startReporting(options: ReportOptions): Reporter {
  const { database, receiverId, publicUrl, adoption, journal, spoolDepth, spoolDamage, counts, nearMisses, log } =
    options;
  const startedAt = new Date();
  const journalCopy = createJournalCopy(database, receiverId, () => adoption.unsettle());
  const lastEvents = new Map<string, LastEvent>();
  let isReporting = true;
  let hasEnded = false;
  let reports = 0;
  let running = Promise.resolve();

  async function report(): Promise<void> {
    const journalledUntilMs = journal.writtenUntilMs();
    const files = journal.files();
    // After the files: what they have as spooled is either counted here, or in the log by now.
    await reportSpool(spoolDepth());
    await noteChangedLastEvents();
    await journalCopy.run(files);
    await settleOrphans();
    // Everything answered before it, by the database's clock, is in intake_journal, unless entries were dropped.
    await database.pool.query(
      `update receiver_report set details = details || jsonb_build_object('journalledUntil',
         clock_timestamp() - $2::float8 * interval '1 millisecond') where receiver_id = $1`,
      [receiverId, Date.now() - journalledUntilMs],
    );
    if (reports % FORGET_EVERY_REPORTS === 0) await forgetOldJournals(database);
    reports += 1;
  }

  async function reportSpool({ records, bytes, bySource }: SpoolDepth): Promise<void> {
    const details = {
      ...spoolDamage(),
      counts: counts(),
      nearMisses: nearMisses().slice(0, MAX_NEAR_MISSES),
      spoolBytes: bytes,
      spooled: bySource,
      journalDropped: journal.dropped(),
      publicUrl: publicUrl ?? null,
      ended: hasEnded,
    };
    await database.pool.query(
      `insert into receiver_report (receiver_id, started_at, reported_at, spool_depth, details)
       values ($1, $2, clock_timestamp(), $3, $4)
       on conflict (receiver_id) do update
         set started_at = excluded.started_at, reported_at = excluded.reported_at,
             spool_depth = excluded.spool_depth, details = receiver_report.details || excluded.details`,
      [receiverId, startedAt, records, JSON.stringify(details)],
    );
  }

  /** After our own report: what they had spooled is counted there by now. */
  async function settleOrphans(): Promise<void> {
    for (const orphan of adoption.orphans()) {
      await createJournalCopy(database, orphan.receiverId).run(await findFiles(orphan.journalFolder));
      await endReceiver(database, orphan.receiverId);
      orphan.settled();
    }
  }

  async function noteChangedLastEvents(): Promise<void> {
    const changed = [...lastEvents];
    await noteLastEvents(
      database,
      changed.map(([, event]) => event),
    );
    for (const [key, event] of changed) if (lastEvents.get(key) === event) lastEvents.delete(key);
  }

  async function reportOrSay(): Promise<void> {
    try {
      await report();
      isReporting = true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (isReporting) log.warn({ reason }, 'this receiver cannot report to PostgreSQL');
      isReporting = false;
    }
  }

  function reportNext(): Promise<void> {
    running = running.then(reportOrSay);
    return running;
  }

  void reportNext();
  const timer = setInterval(() => void reportNext(), REPORT_EVERY_MS).unref();
  return {
    onTaken({ sourceId, events, taken }) {
      const takenAtMs = Date.now();
      for (const { kind, receivedAtMs } of events) {
        lastEvents.set(`${sourceId}/${kind}`, { sourceId, kind, lastAtMs: receivedAtMs });
      }
      journal.record(
        events.map(({ eventId, kind }, index) => ({
          eventId,
          sourceId,
          kind,
          taken: taken[index] ?? 'logged',
          takenAtMs,
        })),
      );
    },
    async close() {
      clearInterval(timer);
      await journal.close();
      hasEnded = true;
      await reportNext();
    },
  };
}

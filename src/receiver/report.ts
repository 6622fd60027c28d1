/** What this receiver says of itself to PostgreSQL, every few seconds: that it runs, its spool, its counts, its journal. */
import type { Logger } from 'pino';
import type { Database } from '../store/database.js';
import { forgetOldJournals } from '../store/intakeJournal.js';
import { type LastEvent, noteLastEvents } from '../store/lastEvents.js';
import { emptySpools } from '../store/receiverReports.js';
import { createJournalCopy } from './journal/copy.js';
import type { Journal } from './journal/journal.js';
import type { TakenFacts } from './observedLog.js';
import type { SpoolDepth } from './spool/spool.js';

const REPORT_EVERY_MS = 3_000;
const FORGET_EVERY_REPORTS = 1_200;

interface ReportOptions {
  readonly database: Database;
  readonly receiverId: string;
  /** As Chatlio reaches it, where that was named: the worker makes the webhook URLs of it. */
  readonly publicUrl?: string;
  /** Receivers that are gone, and whose spools are part of this one's or empty. */
  readonly adopted: readonly string[];
  readonly journal: Journal;
  readonly spoolDepth: () => SpoolDepth;
  readonly counts: () => Readonly<Record<string, number>>;
  readonly log: Pick<Logger, 'warn'>;
}

export interface Reporter {
  /** Told of every group that was taken. */
  onTaken(facts: TakenFacts): void;
  /** Reports a last time and ends. */
  close(): Promise<void>;
}

export function startReporting(options: ReportOptions): Reporter {
  const { database, receiverId, publicUrl, adopted, journal, spoolDepth, counts, log } = options;
  const startedAt = new Date();
  const journalCopy = createJournalCopy(database, receiverId);
  const lastEvents = new Map<string, LastEvent>();
  let isReporting = true;
  let reports = 0;
  let running = Promise.resolve();

  async function report(): Promise<void> {
    const journalledUntilMs = journal.writtenUntilMs();
    const files = journal.files();
    // After the files: what they have as spooled is either counted here, or in the log by now.
    await reportSpool(spoolDepth());
    await noteChangedLastEvents();
    await journalCopy.run(files);
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
    const own = { counts: counts(), spoolBytes: bytes, journalDropped: journal.dropped() };
    const details = { ...own, spooled: bySource, publicUrl: publicUrl ?? null };
    await database.pool.query(
      `insert into receiver_report (receiver_id, started_at, reported_at, spool_depth, details)
       values ($1, $2, clock_timestamp(), $3, $4)
       on conflict (receiver_id) do update
         set started_at = excluded.started_at, reported_at = excluded.reported_at,
             spool_depth = excluded.spool_depth, details = receiver_report.details || excluded.details`,
      [receiverId, startedAt, records, JSON.stringify(details)],
    );
    if (reports === 0 && adopted.length > 0) await emptySpools(database, adopted, startedAt);
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
      await reportNext();
    },
  };
}

/** What this receiver says of itself to PostgreSQL, every few seconds: that it runs, its spool, its counts, its journal. */
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { ClockDifference } from '../domain/clocks.js';
import { messageOf } from '../domain/messageOf.js';
import type { Database } from '../store/connection/database.js';
import { forgetOldJournals } from '../store/receivers/intakeJournal.js';
import { type LastEvent, noteLastEvents } from '../store/views/lastEvents.js';
import { endReceiver, noteJournalled, noteReceiver } from '../store/receivers/receiverReports.js';
import type { Adoption } from './adoption.js';
import { createJournalCopy } from './journal/copy.js';
import { findFiles, type Journal } from './journal/journal.js';
import type { NearMiss } from './http/nearMisses.js';
import type { RefusedConnections } from './http/refusedConnections.js';
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
  readonly adoption: Pick<Adoption, 'orphans' | 'startOver'>;
  readonly journal: Journal;
  readonly spoolDepth: () => SpoolDepth;
  readonly spoolDamage: () => SpoolDamage;
  readonly counts: () => Readonly<Record<string, number>>;
  readonly nearMisses: () => readonly NearMiss[];
  readonly refused: Pick<RefusedConnections, 'count' | 'lastAtMs'>;
  readonly log: Pick<Logger, 'warn'>;
}

export interface Reporter {
  /** Told of every group that was taken. */
  onTaken(facts: TakenFacts): void;
  /** Reports a last time and ends. */
  close(): Promise<void>;
}

export function startReporting(options: ReportOptions): Reporter {
  const {
    database,
    receiverId,
    publicUrl,
    adoption,
    journal,
    spoolDepth,
    spoolDamage,
    counts,
    nearMisses,
    refused,
    log,
  } = options;
  const startedAt = new Date();
  const journalCopy = createJournalCopy(database, receiverId, () => adoption.startOver());
  const lastEvents = new Map<string, LastEvent>();
  let isReporting = true;
  let hasEnded = false;
  let reports = 0;
  /** As the report before this one found it. */
  let clock: ClockDifference | undefined;
  const inTurn = pLimit(1);

  async function report(): Promise<void> {
    const journalledUntilMs = journal.writtenUntilMs();
    const files = journal.files();
    // After the files: what they have as spooled is either counted here, or in the log by now.
    await reportSpool(spoolDepth());
    await noteChangedLastEvents();
    await journalCopy.run(files);
    await finishOrphans();
    await noteJournalled(database, receiverId, Date.now() - journalledUntilMs);
    if (reports % FORGET_EVERY_REPORTS === 0) await forgetOldJournals(database);
    reports += 1;
  }

  async function reportSpool({ records, bytes, bySource }: SpoolDepth): Promise<void> {
    const details = {
      ...spoolDamage(),
      counts: counts(),
      nearMisses: nearMisses().slice(0, MAX_NEAR_MISSES),
      refused: { connections: refused.count(), lastAtMs: refused.lastAtMs() },
      spoolBytes: bytes,
      spooled: bySource,
      journalDropped: journal.dropped(),
      publicUrl: publicUrl ?? null,
      ended: hasEnded,
      clock: clock ?? null,
    };
    clock = await noteReceiver(database, { receiverId, startedAt, spooled: records, details });
  }

  /** After our own report: what they had spooled is counted there by now. */
  async function finishOrphans(): Promise<void> {
    for (const orphan of adoption.orphans()) {
      await createJournalCopy(database, orphan.receiverId).run(await findFiles(orphan.journalFolder));
      await endReceiver(database, orphan.receiverId);
      orphan.finished();
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
      const reason = messageOf(error);
      if (isReporting) log.warn({ reason }, 'this receiver cannot report to PostgreSQL');
      isReporting = false;
    }
  }

  const reportNext = (): Promise<void> => inTurn(reportOrSay);

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

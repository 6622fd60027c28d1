import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_PAGE } from '../../domain/heldEvents.js';
import type { EventPage, IntakeReport, RestoredReport } from '../../domain/passingEvents.js';
import type { Ask } from '../../domain/plan.js';
import type { Database } from '../../store/database.js';
import { pageOfEvents } from '../../store/eventPages.js';
import { readSilences } from '../../store/lastEvents.js';
import { readReceivers } from '../../store/receiverReports.js';
import { previewRestored, settleRestored } from '../../store/restored.js';
import { requireLiveSource } from '../../store/sources.js';

/** A question to Temporal costs some writes; waiting here for the next event costs a read. */
const LONGEST_WAIT_MS = 20_000;
const LOOK_EVERY_MS = 500;

export async function eventPage(database: Database, ask: Ask<'events'>): Promise<EventPage> {
  const { id: sourceId } = await requireLiveSource(database, ask.name);
  const since = ask.since === undefined ? undefined : new Date(ask.since);
  const until = Date.now() + Math.min(ask.waitMs ?? 0, LONGEST_WAIT_MS);
  for (;;) {
    const page = await pageOfEvents(database, { ...ask, sourceId, since, limit: Math.min(ask.limit, MAX_PAGE) });
    if (page.events.length > 0 || Date.now() >= until) return page;
    await sleep(LOOK_EVERY_MS);
  }
}

/** What receivers say of themselves, and which kinds have stopped coming. */
export async function intakeReport(database: Database, name: string): Promise<IntakeReport> {
  const [receivers, silences] = await Promise.all([readReceivers(database), readSilences(database)]);
  const silent = silences
    .filter(({ source, isTooLong }) => source === name && isTooLong)
    .map(({ kind, lastAt, silentForMs }) => ({ kind, lastAt: lastAt.toISOString(), silentForMs }));
  return { v: 1, receivers, silent };
}

export async function restoredReport(
  database: Database,
  { since, apply, by }: Ask<'restored'>,
): Promise<RestoredReport> {
  const at = new Date(since);
  const sources = apply
    ? await settleRestored(database, at, `the database was set back to ${since} (said by ${by})`)
    : await previewRestored(database, at);
  return { v: 1, since, applied: apply, sources };
}

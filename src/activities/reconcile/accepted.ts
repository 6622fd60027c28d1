/** The late audit: confirms accepted events in the lake, and finds those that are missing, invalid or repeated. */
import { absenceDeadlineMs, verdictOfSighting } from '../../domain/lookUp.js';
import type { Delivery } from '../../domain/manifest.js';
import type { Database } from '../../store/database.js';
import {
  type AuditedEvent,
  type AuditPage,
  type AuditRecord,
  confirmDelivery,
  type DueAudit,
  readAuditPage,
  recordAudit,
  reopenDelivery,
  unconfirmedDeliveries,
} from '../../store/lateAudit.js';
import type { Observer } from './observer.js';

/** One statement each. */
const PAGE_EVENTS = 1_000;

const MISSING = 'accepted by the inlet, and not in the lake while later events are';
const INVALID = 'accepted by the inlet, then refused: found in a failed batch';

/** @returns `done`: the plan is carried out. `more`: a page of it. `stuck`: the lake does not show enough yet. */
export async function auditPage(
  database: Database,
  observer: Observer,
  audit: DueAudit,
  delivery: Delivery,
): Promise<{ readonly state: 'done' | 'more' | 'stuck'; readonly audit: DueAudit }> {
  const page = await readAuditPage(database, audit, PAGE_EVENTS);
  const sought = page.events.filter(({ excepted }) => !excepted);
  const sightings = await observer.observe(sought.map((event) => ({ ...event, attemptAt: audit.plannedAt })));
  const verdicts = new Map(
    sought.map((event, index) => {
      const sighting = sightings[index] ?? NOT_SEEN;
      return [event.seq, { event, verdict: verdictOfSighting(sighting, audit.ageMs, delivery) }] as const;
    }),
  );
  const undecided = [...verdicts.values()].find(
    ({ verdict: { kind } }) => kind === 'look-again' || kind === 'cannot-tell',
  )?.event;
  const { events, throughSeq } = decidedPart(page, audit, undecided);
  const decided = events.flatMap(({ seq }) => verdicts.get(seq) ?? []);
  const record: AuditRecord = {
    audit,
    throughSeq,
    throughLoggedAt: events.at(-1)?.loggedAt,
    confirmed: decided.filter(({ verdict }) => verdict.kind === 'found').length,
    absent: decided.flatMap(({ event, verdict }): AuditRecord['absent'] => {
      if (verdict.kind === 'invalid') return [{ event, reason: 'invalid', fact: INVALID }];
      return verdict.kind === 'not-found' ? [{ event, reason: 'missing', fact: MISSING }] : [];
    }),
    repeated: decided.flatMap(({ event: { eventId }, verdict }) =>
      verdict.kind === 'found' && verdict.copies > 1 ? [{ eventId, copies: verdict.copies, attempts: 1 }] : [],
    ),
  };
  const advanced = throughSeq > audit.auditedSeq && (await recordAudit(database, record));
  if (undecided !== undefined || !advanced) return { state: 'stuck', audit };
  if (page.end === 'unanswered') return { state: 'stuck', audit };
  const rest = { ...audit, auditedSeq: throughSeq, auditedLoggedAt: record.throughLoggedAt ?? audit.auditedLoggedAt };
  return { state: page.end === 'whole' ? 'done' : 'more', audit: rest };
}

const NOT_SEEN = { copies: 0, inFailedBatch: false, failedBatchesRead: false, laterVisible: false };

/** Up to the first event without a verdict. */
function decidedPart({ events, end }: AuditPage, audit: DueAudit, undecided: AuditedEvent | undefined) {
  if (undecided !== undefined) {
    return { events: events.slice(0, events.indexOf(undecided)), throughSeq: undecided.seq - 1 };
  }
  return { events, throughSeq: end === 'whole' ? audit.throughSeq : (events.at(-1)?.seq ?? audit.auditedSeq) };
}

/** Exceptions that were delivered in the end: the watermark has left them out. */
export async function auditDeliveries(
  database: Database,
  observer: Observer,
  sourceId: number,
  delivery: Delivery,
): Promise<void> {
  const olderThanMs = absenceDeadlineMs(delivery);
  const due = await unconfirmedDeliveries(database, sourceId, { olderThanMs, limit: PAGE_EVENTS });
  const sightings = await observer.observe(due);
  for (const [index, event] of due.entries()) {
    const verdict = verdictOfSighting(sightings[index] ?? NOT_SEEN, event.ageMs, delivery);
    if (verdict.kind === 'found') await confirmDelivery(database, sourceId, event, verdict.copies);
    else if (verdict.kind === 'invalid') await reopenDelivery(database, event, 'invalid', INVALID);
    else if (verdict.kind === 'not-found') await reopenDelivery(database, event, 'missing', MISSING);
  }
}

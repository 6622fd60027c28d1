/** The late audit: confirms accepted events in the lake, and finds those that are missing, invalid or repeated. */
import { absenceDeadlineMs, type Sighting, verdictOfSighting } from '../../domain/lookUp.js';
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

export type AuditStep =
  /** The plan is carried out. */
  | { readonly state: 'done' }
  /** A page of it is; what is left. */
  | { readonly state: 'more'; readonly audit: DueAudit }
  /** It cannot go on now. */
  | { readonly state: 'stuck'; readonly why: string };

export async function auditPage(
  database: Database,
  observer: Observer,
  audit: DueAudit,
  delivery: Delivery,
): Promise<AuditStep> {
  const page = await readAuditPage(database, audit, PAGE_EVENTS);
  const sought = page.events.filter(({ excepted }) => !excepted);
  const sightings = await observer.observe(sought.map((event) => ({ ...event, attemptAt: event.passedAt })));
  const findings = new Map(
    sought.map((event, index) => [event.seq, findingOf(sightings[index] ?? NOT_SEEN, event.ageMs, delivery)] as const),
  );
  const undecided = page.events.find(({ seq }) => findings.get(seq)?.kind === 'undecided');
  const { events, throughSeq } = decidedPart(page, audit, undecided);
  const decided = events.flatMap((event) => {
    const finding = findings.get(event.seq);
    return finding === undefined ? [] : [{ event, finding }];
  });
  const record: AuditRecord = {
    audit,
    throughSeq,
    throughLoggedAt: events.at(-1)?.loggedAt,
    confirmed: decided.filter(({ finding }) => finding.kind === 'found').length,
    absent: decided.flatMap(({ event, finding }) => (finding.kind === 'absent' ? [{ event, ...finding }] : [])),
    repeated: decided.flatMap(({ event: { eventId }, finding }) =>
      finding.kind === 'found' && finding.copies > 1 ? [{ eventId, copies: finding.copies, attempts: 1 }] : [],
    ),
  };
  const advanced = throughSeq > audit.auditedSeq && (await recordAudit(database, record));
  const finding = undecided && findings.get(undecided.seq);
  if (finding?.kind === 'undecided') {
    return { state: 'stuck', why: `accepted events are not in the lake yet: ${finding.why}` };
  }
  if (page.end === 'unanswered') return { state: 'stuck', why: 'an attempt may still be answered' };
  if (!advanced) return { state: 'stuck', why: 'another worker looks as well' };
  if (page.end === 'whole') return { state: 'done' };
  return {
    state: 'more',
    audit: { ...audit, auditedSeq: throughSeq, auditedLoggedAt: record.throughLoggedAt ?? audit.auditedLoggedAt },
  };
}

/** What a sighting means for an event that the inlet has accepted. */
type Finding =
  | { readonly kind: 'found'; readonly copies: number }
  | { readonly kind: 'absent'; readonly reason: 'missing' | 'invalid'; readonly fact: string }
  | { readonly kind: 'undecided'; readonly why: string };

/** What stays undecided for long is held, unless the lake as a whole is late: then every event is, and none of them is missing. */
function findingOf(sighting: Sighting, ageMs: number, delivery: Delivery): Finding {
  const verdict = verdictOfSighting(sighting, ageMs, delivery);
  switch (verdict.kind) {
    case 'found':
      return verdict;
    case 'invalid':
      return { kind: 'absent', reason: 'invalid', fact: INVALID };
    case 'not-found':
      return { kind: 'absent', reason: 'missing', fact: MISSING };
    case 'cannot-tell':
      return verdict.laterVisible
        ? {
            kind: 'absent',
            reason: 'missing',
            fact: `${MISSING}; whether it was refused cannot be told: ${verdict.why}`,
          }
        : { kind: 'undecided', why: verdict.why };
    case 'look-again':
      return { kind: 'undecided', why: verdict.why };
    default:
      return verdict satisfies never;
  }
}

const NOT_SEEN: Sighting = { copies: 0, inFailedBatch: false, unreadBatches: [], laterVisible: false };

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
    const finding = findingOf(sightings[index] ?? NOT_SEEN, event.ageMs, delivery);
    if (finding.kind === 'found') await confirmDelivery(database, sourceId, event, finding.copies);
    else if (finding.kind === 'absent') await reopenDelivery(database, event, finding.reason, finding.fact);
  }
}

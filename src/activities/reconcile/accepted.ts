/** Confirmation: looks for accepted events in the lake, and finds those that are missing, invalid or repeated. */
import {
  absenceDeadlineMs,
  isUnprovenSighting,
  type Sighting,
  verdictOfSighting,
} from '../../domain/exceptions/lookUp.js';
import type { Delivery } from '../../domain/source/manifest.js';
import type { Database } from '../../store/connection/database.js';
import {
  type UnconfirmedDelivery,
  type UnconfirmedEvent,
  type ConfirmationPage,
  type ConfirmationRecord,
  confirmDelivery,
  type DueConfirmation,
  readConfirmationPage,
  recordConfirmation,
  reopenDelivery,
  unconfirmedDeliveries,
} from '../../store/exceptions/confirmation.js';
import type { Observer } from './observer.js';

/** One statement each. */
const PAGE_EVENTS = 1_000;

const MISSING = 'accepted by the inlet, but not in the lake, although later events are';
const INVALID = 'accepted by the inlet, then refused: found in a failed batch';

export type ConfirmationStep =
  /** The plan is carried out. */
  | { readonly state: 'done' }
  /** A page of it is; what is left. */
  | { readonly state: 'more'; readonly due: DueConfirmation }
  /** It cannot go on now. */
  | { readonly state: 'stuck'; readonly why: string };

export async function confirmPage(
  database: Database,
  observer: Observer,
  due: DueConfirmation,
  delivery: Delivery,
): Promise<ConfirmationStep> {
  const page = await readConfirmationPage(database, due, PAGE_EVENTS);
  const sought = page.events.filter(({ excepted }) => !excepted);
  const sightings = await observer.observe(sought.map((event) => ({ ...event, attemptAt: event.passedAt })));
  const findings = new Map(
    sought.map(
      (event, index) =>
        [event.seq, findingOf(sightings[index] ?? NOT_SEEN, { ...event, attempts: 1 }, delivery)] as const,
    ),
  );
  const undecided = page.events.find(({ seq }) => findings.get(seq)?.kind === 'undecided');
  const { events, throughSeq } = decidedPart(page, due, undecided);
  const decided = events.flatMap((event) => {
    const finding = findings.get(event.seq);
    return finding === undefined ? [] : [{ event, finding }];
  });
  const record: ConfirmationRecord = {
    due,
    throughSeq,
    throughLoggedAt: events.at(-1)?.loggedAt,
    confirmed: decided.filter(({ finding }) => finding.kind === 'found').length,
    absent: decided.flatMap(({ event, finding }) => (finding.kind === 'absent' ? [{ event, ...finding }] : [])),
    repeated: decided.flatMap(({ event: { eventId }, finding }) =>
      finding.kind === 'found' && finding.copies > 1 ? [{ eventId, copies: finding.copies, attempts: 1 }] : [],
    ),
  };
  const advanced = throughSeq > due.confirmedSeq && (await recordConfirmation(database, record));
  const finding = undecided && findings.get(undecided.seq);
  if (finding?.kind === 'undecided') {
    return { state: 'stuck', why: `accepted events are not in the lake yet: ${finding.why}` };
  }
  if (page.end === 'unanswered') return { state: 'stuck', why: 'an attempt may still be answered' };
  if (!advanced) return { state: 'stuck', why: 'another worker is looking as well' };
  if (page.end === 'whole') return { state: 'done' };
  return {
    state: 'more',
    due: { ...due, confirmedSeq: throughSeq, confirmedLoggedAt: record.throughLoggedAt ?? due.confirmedLoggedAt },
  };
}

/** What a sighting means for an event that the inlet has accepted. */
type Finding =
  | { readonly kind: 'found'; readonly copies: number }
  | { readonly kind: 'absent'; readonly reason: 'missing' | 'invalid'; readonly fact: string }
  /** It cannot be looked for: that it was accepted is all that will be known. */
  | { readonly kind: 'unproven' }
  | { readonly kind: 'undecided'; readonly why: string };

/** What stays undecided for long is held, unless the lake as a whole is late: then every event is, and none of them is missing. */
function findingOf(
  sighting: Sighting,
  { ageMs, attempts }: Pick<UnconfirmedDelivery, 'ageMs' | 'attempts'>,
  delivery: Delivery,
): Finding {
  if (isUnprovenSighting(sighting)) return { kind: 'unproven' };
  const verdict = verdictOfSighting(sighting, ageMs, delivery, attempts);
  switch (verdict.kind) {
    case 'found':
      return verdict;
    case 'invalid':
      return { kind: 'absent', reason: 'invalid', fact: INVALID };
    case 'not-found':
      return { kind: 'absent', reason: 'missing', fact: MISSING };
    case 'cannot-tell':
      if (verdict.isLakeLate) return { kind: 'undecided', why: verdict.why };
      return { kind: 'absent', reason: 'missing', fact: untold(sighting, verdict.why) };
    case 'look-again':
      return { kind: 'undecided', why: verdict.why };
    default:
      return verdict satisfies never;
  }
}

function untold({ laterVisible }: Sighting, why: string): string {
  return laterVisible
    ? `${MISSING}; it is not known whether it was refused: ${why}`
    : `accepted by the inlet, but it is not known whether it is in the lake: ${why}`;
}

/** Nothing is known of it. */
export const NOT_SEEN: Sighting = { copies: 0, inFailedBatch: false, unreadBatches: [], laterVisible: false };

/** Up to the first event without a verdict. */
function decidedPart({ events, end }: ConfirmationPage, due: DueConfirmation, undecided: UnconfirmedEvent | undefined) {
  if (undecided !== undefined) {
    return { events: events.slice(0, events.indexOf(undecided)), throughSeq: undecided.seq - 1 };
  }
  return { events, throughSeq: end === 'whole' ? due.throughSeq : (events.at(-1)?.seq ?? due.confirmedSeq) };
}

/** Exceptions that were delivered in the end: the watermark has left them out. */
export async function confirmDeliveries(
  database: Database,
  observer: Observer,
  sourceId: number,
  delivery: Delivery,
): Promise<void> {
  const olderThanMs = absenceDeadlineMs(delivery);
  const due = await unconfirmedDeliveries(database, sourceId, { olderThanMs, limit: PAGE_EVENTS });
  const sightings = await observer.observe(due);
  for (const [index, event] of due.entries()) {
    const finding = findingOf(sightings[index] ?? NOT_SEEN, event, delivery);
    if (finding.kind === 'found') await confirmDelivery(database, sourceId, event, finding.copies);
    else if (finding.kind === 'absent') await reopenDelivery(database, event, finding.reason, finding.fact);
  }
}

/** Reading: what is to be intended next. First what was taken back, then the log, read ahead in bounded pages. */
import { countWithin } from '../../../domain/countWithin.js';
import { maySend } from '../../../domain/delivery/canary.js';
import type { LoggedAt } from '../../../store/delivery/claim.js';
import type { LogEvent } from '../../../store/bodies/bodies.js';
import type { Candidate } from '../../../store/delivery/canaries.js';
import type { Batch, Reading } from '../state.js';
import type { DrainStore } from '../store.js';

const PAGE_EVENTS = 512;
/** Two pages are in memory at most. */
const PAGE_BYTES = 2_000_000;
const READ_AHEAD_EVENTS = PAGE_EVENTS / 2;

/** So far ahead of the cursor events are sent while some before them wait for a canary: the row of the partition stays small. */
const WAITING_WINDOW = 4_096;

/** Events that can be intended now, in their order. */
export function sendable({ queue, canaries }: Reading, cursor: number): readonly LogEvent[] {
  if (canaries.size === 0) return queue;
  return queue.filter((event) => event.seq <= cursor + WAITING_WINDOW && maySend(canaries, event));
}

/** How many those are; numbers without an event alone count too, so that the cursor passes them. */
export function available(reading: Reading, cursor: number): number {
  const { queue, absent } = reading;
  return queue.length === 0 ? absent.length : sendable(reading, cursor).length;
}

/** The first events of kinds that have no canary yet. */
export function canaryCandidates({ queue, canaries }: Reading): Candidate[] {
  const lacking = new Set([...canaries].flatMap(([kind, eventId]) => (eventId === undefined ? [kind] : [])));
  if (lacking.size === 0) return [];
  return queue.filter(({ kind }) => lacking.delete(kind));
}

/** Everything that was read, and may be read, waits for a canary. */
export function isWaiting(reading: Reading, cursor: number): boolean {
  const { queue, underWay } = reading;
  return queue.length > 0 && !underWay && !wantsPage(reading) && sendable(reading, cursor).length === 0;
}

/** Everything was handed out, as far as the log was read. */
export function isReadOut({ atEnd, underWay, takenBack, queue, absent }: Reading): boolean {
  return atEnd && !underWay && takenBack.length === 0 && queue.length === 0 && absent.length === 0;
}

/** Little is left, and there may be more. */
export function wantsPage({ atEnd, underWay, takenBack, queue }: Reading): boolean {
  if (underWay || queue.length > READ_AHEAD_EVENTS || (atEnd && takenBack.length === 0)) return false;
  return countWithin(queue, bytesOf, PAGE_BYTES) === queue.length;
}

export function bytesOf({ sealed }: LogEvent): number {
  return sealed.length;
}

export function takeBatch(reading: Reading, count: number, cursor: number): Batch {
  const events = takeSendable(reading, count, cursor);
  const last = reading.queue.length === 0 ? Number.POSITIVE_INFINITY : (events.at(-1)?.seq ?? 0);
  const batch = { events, absent: reading.absent.filter((seq) => seq <= last) };
  reading.absent = reading.absent.filter((seq) => seq > last);
  return batch;
}

function takeSendable(reading: Reading, count: number, cursor: number): LogEvent[] {
  if (reading.canaries.size === 0) return reading.queue.splice(0, count);
  const events = sendable(reading, cursor).slice(0, count);
  const taken = new Set(events);
  reading.queue = reading.queue.filter((event) => !taken.has(event));
  return events;
}

/** To be taken again, before all others. */
export function putBack(reading: Reading, { events, absent }: Batch): void {
  reading.queue = [...events, ...reading.queue].sort((a, b) => a.seq - b.seq);
  reading.absent = [...absent, ...reading.absent].sort((a, b) => a - b);
}

/** May be done twice: nothing is changed before the answer. */
export async function readNext(reading: Reading, store: Pick<DrainStore, 'readPage' | 'readEvents'>): Promise<void> {
  const fromLoggedAt = reading.marks[0]?.loggedAt ?? Number.NEGATIVE_INFINITY;
  if (reading.takenBack.length > 0) {
    const seqs = reading.takenBack.slice(0, PAGE_EVENTS);
    foundTakenBack(reading, seqs, await store.readEvents({ seqs, fromLoggedAt }));
    return;
  }
  const afterSeq = reading.readUpTo;
  foundPage(reading, await store.readPage({ afterSeq, fromLoggedAt, maxEvents: PAGE_EVENTS, maxBytes: PAGE_BYTES }));
}

function foundTakenBack(reading: Reading, seqs: readonly number[], events: readonly LogEvent[]): void {
  const found = new Set(events.map(({ seq }) => seq));
  reading.takenBack = reading.takenBack.slice(seqs.length);
  reading.queue = [...reading.queue, ...events];
  reading.absent = [...reading.absent, ...seqs.filter((seq) => !found.has(seq))];
}

function foundPage(reading: Reading, events: readonly LogEvent[]): void {
  for (const event of events) {
    skipTo(reading, event.seq - 1);
    reading.readUpTo = event.seq;
    reading.queue.push(event);
  }
  const last = events.at(-1);
  if (last === undefined) reading.atEnd = true;
  else reading.marks.push({ seq: last.seq, loggedAt: last.loggedAt });
}

/** No event has a number between what was read and this one, nor this one. */
export function skipTo(reading: Reading, seq: number): void {
  for (; reading.readUpTo < seq; reading.readUpTo += 1) reading.absent.push(reading.readUpTo + 1);
}

/** `logged_at` of an event at or before the cursor: later ones are not older. Marks that are passed are forgotten. */
export function loggedAtBefore(reading: Reading, cursor: number): LoggedAt {
  const passed = reading.marks.filter(({ seq }) => seq <= cursor);
  reading.marks = [...passed.slice(-1), ...reading.marks.filter(({ seq }) => seq > cursor)];
  return reading.marks[0]?.loggedAt ?? Number.NEGATIVE_INFINITY;
}

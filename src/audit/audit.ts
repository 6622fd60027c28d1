/**
 * The audit of one source. It reads; it imports nothing of what delivers, and has its own SQL.
 *
 * Three streams in the order of event ids are joined: what receivers took, what the log says, what the lake holds. Memory
 * does not grow with their length.
 */
import type { AuditedEvent, AuditPage, AuditReport } from '../domain/audit.js';
import { kindOfCode } from '../domain/events/kinds.js';
import { findCopies, type LakeCopies, lakeCopies, type LakeTable } from './lake.js';
import {
  attemptVersions,
  type AuditedPeriod,
  type Connection,
  countConflicts,
  deliveryTimes,
  knownIds,
  type LoggedEvent,
  loggedEvents,
  undecidedConflicts,
} from './log.js';
import type { JournalledId } from './journal.js';
import { join, none } from './merge.js';
import { createTally, type Tally } from './tally.js';
import { verdictOf } from './verdict.js';

export interface AuditedSource extends AuditedPeriod {
  readonly name: string;
  /** How long the lake may take to show what was accepted. */
  readonly lakeLatencyMs: number;
  /** Whether events were sent under a mapping that does not tell them apart in the lake. */
  readonly unproven?: 'all' | 'some';
  readonly page?: AuditPage;
}

export interface AuditSides {
  /** Inside a read-only transaction at `repeatable read`. */
  readonly snapshot: Connection;
  /** Outside of it: what has come since is no invention. */
  readonly present: Connection;
  /** What receivers answered with 2xx, ascending. Absent: no journal is there, the log stands in for it. */
  readonly journal?: AsyncIterable<JournalledId>;
  /** So many events of the source are in the receivers' spools. */
  readonly spooled?: number;
  /** Today's first, then those that the source's events went to before. Absent: the lake is not read. */
  readonly lakes?: readonly [LakeTable, ...LakeTable[]];
  /** Flows whose dataset could not be read: what was sent by them is not compared. */
  readonly unreadFlows?: ReadonlySet<string>;
  /** What could not be read, and why. */
  readonly notKnown: readonly string[];
  readonly now: Date;
  /** Called now and then. */
  readonly progress?: (compared: number) => void;
}

/** Looked at more closely at once. */
const CLOSER_LOOK = 500;
/** After so many looks in a row that have found nothing the lake is not asked for the rest: it is no matter of single events. */
const FRUITLESS_LOOKS = 20;
const PROGRESS_EVERY = 10_000;

/**
 * Compares what receivers took, the log and the lake, event by event. Times of the period are by the log; ids are 64 hexadecimal digits.
 *
 * @throws what the database or the lake throws; what could not be asked at all is in `notKnown` instead
 * @example
 * const period = { sourceId, since: new Date('2026-01-01'), until: new Date('2026-01-02') };
 * const source = { ...period, name: 'support-chat', lakeLatencyMs: 3_600_000 };
 * const sides = { snapshot: client, present: database.pool, notKnown: ['the lake was not read'], now: new Date() };
 * const { counts, lists } = await audit(source, sides);
 * log.info({ taken: counts.taken, lost: lists.lost });
 */
export async function audit(source: AuditedSource, sides: AuditSides): Promise<AuditReport> {
  const { snapshot, lakes, now } = sides;
  const tally = createTally(source.page);
  let rows = 0;
  let compared = 0;
  const closer = createCloserLook(source, sides, tally);

  const lakeRows =
    lakes === undefined
      ? none()
      : lakeCopies(lakes, { from: source.since, to: source.until }, (row) => {
          rows += row.copies;
          // Sent without proof, or by somebody else: nothing tells which.
          if (source.unproven !== undefined) tally.count('unrecognised', row.copies);
          else
            tally.list('invented', {
              eventId: row.id,
              copies: row.copies,
              what: 'an id that chatlio-aep did not make',
            });
        });
  const ours = join(sides.journal ?? none(), loggedEvents(snapshot, source));
  for await (const { id, a, b: copies } of join(ours, lakeRows)) {
    const event = a?.b;
    rows += copies?.copies ?? 0;
    compared += 1;
    if (compared % PROGRESS_EVERY === 0) sides.progress?.(compared);
    const journal = a?.a;
    if (journal !== undefined || event !== undefined) tally.count('taken');
    await judge({ id, journal, event, copies: lakes === undefined ? undefined : (copies?.copies ?? 0) });
  }
  await closer.finish();

  for await (const { id, kind, at } of undecidedConflicts(snapshot, source)) {
    const what = 'conflicts with another event of the same id';
    tally.list('undecided', { eventId: id, kind: kindOfCode(kind), loggedAt: at.toISOString(), what });
  }
  for (const [standing, count] of await countConflicts(snapshot, source)) {
    tally.count('taken', count);
    if (standing !== 'undecided') tally.count(standing === 'marked-delivered' ? 'markedDelivered' : standing, count);
  }
  return {
    v: 1,
    name: source.name,
    since: source.since.toISOString(),
    until: source.until.toISOString(),
    counts: tally.counts,
    lists: await withVersions(tally.lists(), sides.present, source.sourceId),
    ...(source.page === undefined ? {} : { hasMore: tally.hasMore() }),
    ...(source.unproven === 'all' ? { proof: 'none' } : {}),
    lake: lakes === undefined ? { read: false } : { read: true, table: lakes[0].table, rows },
    notKnown: sides.notKnown,
  };

  async function judge(one: {
    readonly id: string;
    readonly journal?: JournalledId;
    readonly event?: LoggedEvent;
    readonly copies?: number;
  }): Promise<void> {
    const { id, journal, event, copies } = one;
    const verdict = verdictOf({ journal: journal !== undefined, standing: event?.standing, lake: copies });
    if (event?.standing === 'accepted') tally.count('accepted');
    switch (verdict) {
      case 'accepted':
        return;
      case 'confirmed':
      case 'waiting':
      case 'abandoned':
      case 'replaced':
        return tally.count(verdict);
      case 'marked-delivered':
        return tally.count('markedDelivered');
      case 'undecided':
        return tally.list('undecided', described(id, event, copies, whatOfUndecided(copies)));
      case 'repeated':
        return tally.list('repeated', described(id, event, copies, `${copies} times in the lake`));
      case 'not-in-the-log':
        return closer.unlogged({ id, copies: copies ?? 0, isOnlySpooled: journal?.isOnlySpooled === true });
      case 'absent':
        // The log is younger than the acceptance can be, so most of a fresh backlog is told without asking.
        if (
          event !== undefined &&
          (source.unproven !== undefined || now.getTime() - event.loggedAt.getTime() >= source.lakeLatencyMs)
        ) {
          return closer.absent(event);
        }
        return tally.count('notYetVisible');
      case 'stranger':
        return closer.stranger({ id, copies: copies ?? 0 });
      default:
        return verdict satisfies never;
    }
  }
}

/** Of what was sent again: whether each attempt has sent the same, so that a second copy that differs is explained. */
async function withVersions(
  lists: AuditReport['lists'],
  present: Connection,
  sourceId: number,
): Promise<AuditReport['lists']> {
  const ids = Object.values(lists).flatMap((events) => events.map(({ eventId }) => eventId));
  const versions = await attemptVersions(present, sourceId, ids);
  const named = (events: readonly AuditedEvent[]): readonly AuditedEvent[] =>
    events.map((event) => {
      const ofEvent = versions.get(event.eventId);
      return ofEvent === undefined ? event : { ...event, versions: ofEvent };
    });
  const { lost, repeated, invented, undecided } = lists;
  return { lost: named(lost), repeated: named(repeated), invented, undecided: named(undecided) };
}

function whatOfUndecided(copies: number | undefined): string {
  if (copies === undefined) return 'waits for a person, or is looked for in the lake';
  return copies === 0 ? 'waits for a person; not in the lake now' : 'waits for a person; in the lake once';
}

function described(id: string, event: LoggedEvent | undefined, copies: number | undefined, what: string): AuditedEvent {
  return {
    eventId: id,
    kind: event === undefined ? undefined : kindOfCode(event.kind),
    standing: event?.standing,
    loggedAt: event?.loggedAt.toISOString(),
    copies,
    what,
  };
}

interface Unlogged extends LakeCopies {
  readonly isOnlySpooled: boolean;
}

/** A second look at what does not fit: by id, without the bounds of the period, some hundred at once. */
function createCloserLook(source: AuditedSource, sides: AuditSides, tally: Tally) {
  const { present, lakes, unreadFlows = new Set(), now } = sides;
  let absent: LoggedEvent[] = [];
  let strangers: LakeCopies[] = [];
  let unlogged: Unlogged[] = [];
  let spooled = sides.spooled ?? 0;
  let fruitlessLooks = 0;

  async function lookAtAbsent(): Promise<void> {
    const events = absent;
    absent = [];
    if (events.length === 0 || lakes === undefined) return;
    const times = await deliveryTimes(present, source.sourceId, events);
    const due: LoggedEvent[] = [];
    for (const event of events) {
      const known = times.get(event.id);
      if (known === undefined) tally.count('notCompared');
      else if (known.unproven === true) tally.count('unproven');
      else if (now.getTime() - known.acceptedAt.getTime() < source.lakeLatencyMs) tally.count('notYetVisible');
      else due.push(event);
    }
    const sought = due.map(({ id }) => ({ id, occurredAt: times.get(id)?.occurredAt ?? now }));
    const isHopeless = fruitlessLooks >= FRUITLESS_LOOKS;
    const found = isHopeless || due.length === 0 ? new Map<string, number>() : await findCopies(lakes, sought);
    if (due.length > 0) fruitlessLooks = found.size === 0 ? fruitlessLooks + 1 : 0;
    for (const event of due) {
      const copies = found.get(event.id) ?? 0;
      if (copies === 1) tally.count('confirmed');
      else if (copies > 1) tally.list('repeated', described(event.id, event, copies, `${copies} times in the lake`));
      else if (unreadFlows.has(times.get(event.id)?.flowId ?? '')) tally.count('notCompared');
      else tally.list('lost', described(event.id, event, 0, 'accepted by the inlet, not in the lake'));
    }
  }

  /** An event of another period or source is no invention. */
  async function lookAtStrangers(): Promise<void> {
    const rows = strangers;
    strangers = [];
    if (rows.length === 0) return;
    const known = await knownIds(
      present,
      rows.map(({ id }) => id),
    );
    for (const { id, copies } of rows) {
      if (!known.has(id))
        tally.list('invented', { eventId: id, copies, what: 'in the lake, but never taken by a receiver' });
    }
  }

  /** Logged since, or in another period; else in a spool, if it has been nowhere else and as far as those hold events; else gone. */
  async function lookAtUnlogged(): Promise<void> {
    const rows = unlogged;
    unlogged = [];
    if (rows.length === 0) return;
    const known = await knownIds(
      present,
      rows.map(({ id }) => id),
    );
    for (const { id, copies, isOnlySpooled } of rows) {
      if (known.has(id)) continue;
      if (isOnlySpooled && spooled > 0) {
        spooled -= 1;
        tally.count('spooled');
      } else tally.list('lost', { eventId: id, copies, what: 'answered by a receiver, but not in the event log' });
    }
  }

  return {
    async unlogged(row: Unlogged): Promise<void> {
      unlogged.push(row);
      if (unlogged.length >= CLOSER_LOOK) await lookAtUnlogged();
    },
    async absent(event: LoggedEvent): Promise<void> {
      absent.push(event);
      if (absent.length >= CLOSER_LOOK) await lookAtAbsent();
    },
    async stranger(row: LakeCopies): Promise<void> {
      strangers.push(row);
      if (strangers.length >= CLOSER_LOOK) await lookAtStrangers();
    },
    async finish(): Promise<void> {
      await lookAtAbsent();
      await lookAtStrangers();
      await lookAtUnlogged();
    },
  };
}

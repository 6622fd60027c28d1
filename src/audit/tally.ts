/** Counts and lists of an audit while it runs: the counts are exact, the lists bounded. */
import {
  AUDIT_LISTS,
  AUDIT_PAGE,
  type AuditCounts,
  type AuditedEvent,
  type AuditList,
  type AuditPage,
} from '../domain/audit.js';
import { createSmallestEvents, type SmallestEvents } from './smallest.js';

/** Of each list, for a look. */
const LISTED = 200;

type Counts = { -readonly [K in keyof AuditCounts]-?: number };

export interface Tally {
  readonly counts: Counts;
  readonly lists: () => Record<AuditList, readonly AuditedEvent[]>;
  /** The list that was asked for goes on behind what it has here. */
  readonly hasMore: () => boolean;
  count(name: keyof AuditCounts, by?: number): void;
  list(name: AuditList, event: AuditedEvent): void;
}

/** @param page absent: the first of each list */
export function createTally(page?: AuditPage): Tally {
  const counts: Counts = {
    taken: 0,
    accepted: 0,
    confirmed: 0,
    notYetVisible: 0,
    notCompared: 0,
    unproven: 0,
    unrecognised: 0,
    waiting: 0,
    spooled: 0,
    abandoned: 0,
    replaced: 0,
    markedDelivered: 0,
    lost: 0,
    repeated: 0,
    invented: 0,
    undecided: 0,
  };
  const lists = new Map<AuditList, SmallestEvents>(
    page === undefined
      ? AUDIT_LISTS.map((name) => [name, createSmallestEvents(LISTED)])
      : [[page.list, createSmallestEvents(AUDIT_PAGE, page.after)]],
  );
  const count: Tally['count'] = (name, by = 1) => {
    counts[name] += by;
  };
  const of = (name: AuditList) => lists.get(name)?.events() ?? [];
  return {
    counts,
    count,
    lists: () => ({ lost: of('lost'), repeated: of('repeated'), invented: of('invented'), undecided: of('undecided') }),
    hasMore: () => [...lists.values()].some((list) => list.hasMore()),
    list(name, event) {
      count(name);
      lists.get(name)?.add(event);
    },
  };
}

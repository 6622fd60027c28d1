/** Counts and lists of an audit while it runs: the counts are exact, the lists bounded. */
import { AUDIT_LISTS, type AuditCounts, type AuditedEvent, type AuditList } from '../domain/audit.js';

/** Keeps the report well below what Temporal takes. */
const LISTED = 200;

type Counts = { -readonly [K in keyof AuditCounts]: number };

export interface Tally {
  readonly counts: Counts;
  readonly lists: Record<AuditList, AuditedEvent[]>;
  count(name: keyof AuditCounts, by?: number): void;
  list(name: AuditList, event: AuditedEvent): void;
}

export function createTally(): Tally {
  const counts: Counts = {
    taken: 0,
    accepted: 0,
    confirmed: 0,
    notYetVisible: 0,
    notCompared: 0,
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
  const lists = Object.fromEntries(AUDIT_LISTS.map((name) => [name, []])) as unknown as Tally['lists'];
  const count: Tally['count'] = (name, by = 1) => {
    counts[name] += by;
  };
  return {
    counts,
    lists,
    count,
    list(name, event) {
      count(name);
      if (lists[name].length < LISTED) lists[name].push(event);
    },
  };
}

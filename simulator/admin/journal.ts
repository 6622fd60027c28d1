/** What the simulator was asked and what it answered, secrets masked: a ring in memory, newest last. */

interface JournalEntry {
  readonly sequence: number;
  /** Milliseconds since the epoch, by the simulator's clock. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly requestId: string;
  readonly method: string;
  /** With query, masked. */
  readonly path: string;
  readonly route: string;
  /** 0 when nothing was answered. */
  readonly status: number;
  /** Kinds of the faults that hit the request. */
  readonly faults: readonly string[];
  readonly orgId?: string;
  readonly sandboxName?: string;
  readonly requestBody?: unknown;
  readonly responseBody?: unknown;
  /** Strict mode: what the service does not know in the request, and took all the same. */
  readonly notes: readonly string[];
}

export interface JournalFilter {
  readonly route?: string;
  readonly method?: string;
  readonly status?: number;
  /** Text in the path. */
  readonly path?: string;
  readonly afterSequence?: number;
  readonly faulted?: boolean;
  /** The newest so many. */
  readonly limit?: number;
}

export interface Journal {
  add(entry: Omit<JournalEntry, 'sequence'>): void;
  list(filter?: JournalFilter): readonly JournalEntry[];
  clear(): void;
}

export function createJournal(capacity = 5_000): Journal {
  let entries: JournalEntry[] = [];
  let sequence = 0;
  return {
    add(entry) {
      entries.push({ sequence: ++sequence, ...entry });
      // Cut in halves, so that adding stays O(1) on average.
      if (entries.length >= 2 * capacity) entries = entries.slice(-capacity);
    },
    list(filter = {}) {
      const fitting = entries.filter(
        (entry) =>
          (filter.route === undefined || entry.route === filter.route) &&
          (filter.method === undefined || entry.method === filter.method) &&
          (filter.status === undefined || entry.status === filter.status) &&
          (filter.path === undefined || entry.path.includes(filter.path)) &&
          (filter.afterSequence === undefined || entry.sequence > filter.afterSequence) &&
          (filter.faulted === undefined || entry.faults.length > 0 === filter.faulted),
      );
      return filter.limit === undefined ? fitting : fitting.slice(-filter.limit);
    },
    clear() {
      entries = [];
    },
  };
}

/** Counts the fields that a drain's events have and nobody reads, until the drain ends. */
import type { Kind } from '../../domain/events/kinds.js';
import type { UnmappedField } from '../../store/bodies/unmappedFields.js';

/** Beyond it names are left out until the next drain. */
const MAX_NAMES = 200;

export interface UnmappedCounts {
  note(kind: Kind, names: readonly string[]): void;
  counted(): UnmappedField[];
}

export function createUnmappedCounts(): UnmappedCounts {
  const counts = new Map<string, UnmappedField>();
  return {
    note(kind, names) {
      for (const name of names) {
        const key = `${kind} ${name}`;
        const before = counts.get(key);
        if (before === undefined && counts.size >= MAX_NAMES) continue;
        counts.set(key, { kind, name, events: (before?.events ?? 0) + 1 });
      }
    },
    counted: () => [...counts.values()],
  };
}

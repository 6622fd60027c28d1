/** Of events that come in any order those that stand first in the order of ids, with room for so many and no more. */
import type { AuditedEvent } from '../domain/audit.js';

export interface SmallestEvents {
  /** Those of one id are never parted. */
  readonly events: () => readonly AuditedEvent[];
  /** There are others behind them. */
  readonly hasMore: () => boolean;
  add(event: AuditedEvent): void;
}

/** @param after the last id of the page before */
export function createSmallestEvents(room: number, after?: string): SmallestEvents {
  let kept: AuditedEvent[] = [];
  let hasMore = false;

  function smallest(): readonly AuditedEvent[] {
    kept.sort((a, b) => (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0));
    const last = kept[room - 1]?.eventId;
    const end = last === undefined ? -1 : kept.findIndex(({ eventId }) => eventId > last);
    if (end !== -1) {
      kept = kept.slice(0, end);
      hasMore = true;
    }
    return kept;
  }

  return {
    add(event) {
      if (after !== undefined && event.eventId <= after) return;
      kept.push(event);
      if (kept.length >= 2 * room) smallest();
    },
    events: smallest,
    hasMore: () => {
      smallest();
      return hasMore;
    },
  };
}

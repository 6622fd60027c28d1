/** Events that were shown and are on their way yet: their outcome is told when it is known. */
import {
  type ChangedEvent,
  isFinal,
  MAX_WATCHED,
  type ShownEvent,
  type WatchedEvent,
} from '../../domain/events/shownEvents.js';

export interface EventWatch {
  add(events: readonly ShownEvent[]): void;
  /** What to ask about. */
  watched(): readonly WatchedEvent[];
  /** @returns the events as they stand now, and how they stood */
  changed(changes: readonly ChangedEvent[]): { readonly event: ShownEvent; readonly was: ShownEvent['state'] }[];
  /** So many had to be let go, the oldest first. */
  dropped(): number;
}

export function createEventWatch(): EventWatch {
  let events: ShownEvent[] = [];
  let dropped = 0;
  return {
    add(more) {
      events.push(...more.filter(({ state }) => !isFinal(state)));
      dropped += Math.max(events.length - MAX_WATCHED, 0);
      events = events.slice(-MAX_WATCHED);
    },
    watched: () => events.map(({ partition, seq, exceptionId, state }) => ({ partition, seq, exceptionId, state })),
    changed(changes) {
      const told = changes.flatMap(({ index, ...standing }) => {
        const before = events[index];
        if (before === undefined) return [];
        const { reason: _reason, exceptionId, ...rest } = before;
        // A held arrival is known by the number of its exception for good.
        const event = { ...rest, ...(before.seq === 0 ? { exceptionId } : {}), ...standing };
        events[index] = event;
        return [{ event, was: before.state }];
      });
      events = events.filter(({ state }) => !isFinal(state));
      return told;
    },
    dropped: () => dropped,
  };
}

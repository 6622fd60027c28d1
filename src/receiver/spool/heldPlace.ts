/** While PostgreSQL is away nobody knows what a route has there: what it may put into this spool is bounded by itself. */
import type { HeldEvent } from '../../store/exceptions/heldOnArrival.js';

export class NoPlaceInSpool extends Error {
  override readonly name = 'NoPlaceInSpool';
  override readonly message = 'its URL has reached the limit for bodies that wait for a decision in the spool';
}

export interface SpoolPlace {
  /** @throws NoPlaceInSpool */
  take(sourceId: number, event: Pick<HeldEvent, 'kind' | 'widget' | 'sealed'>): void;
  /** The spool is empty. */
  clear(): void;
}

export function createSpoolPlace(maxBytes: number): SpoolPlace {
  const taken = new Map<string, number>();
  return {
    take(sourceId, { kind, widget = '', sealed }) {
      const route = `${sourceId}/${kind}/${widget}`;
      const bytes = (taken.get(route) ?? 0) + sealed.length;
      if (bytes > maxBytes) throw new NoPlaceInSpool();
      taken.set(route, bytes);
    },
    clear: () => taken.clear(),
  };
}

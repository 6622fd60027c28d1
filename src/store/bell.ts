/** Rings when an insert has met an idle partition: one LISTEN per process, heard by its drains and its waker. */
import type { Logger } from 'pino';
import type { PartitionId } from './claim.js';
import type { Database } from './database.js';
import { listen, WAKE_CHANNEL } from './listen.js';

export interface Bell {
  /** @returns a function that ends the subscription */
  onRing(partition: PartitionId, listener: () => void): () => void;
  /** For every partition. */
  onAnyRing(listener: () => void): () => void;
  close(): Promise<void>;
}

export function createBell(database: Database, log: Pick<Logger, 'warn'>): Bell {
  const listeners = new Map<string, Set<() => void>>();
  const anyListeners = new Set<() => void>();

  const listener = listen(
    database,
    WAKE_CHANNEL,
    (payload) => {
      // '' after a reconnect: whatever rang meanwhile was not heard.
      const heard = payload === '' ? [...listeners.values()] : [listeners.get(payload) ?? new Set<() => void>()];
      for (const set of heard) for (const ring of set) ring();
      for (const ring of anyListeners) ring();
    },
    log,
  );

  return {
    onRing({ sourceId, partition }, ring) {
      const key = `${sourceId}/${partition}`;
      const set = listeners.get(key) ?? new Set();
      listeners.set(key, set.add(ring));
      return () => {
        set.delete(ring);
        if (set.size === 0 && listeners.get(key) === set) listeners.delete(key);
      };
    },
    onAnyRing(ring) {
      anyListeners.add(ring);
      return () => anyListeners.delete(ring);
    },
    close: () => listener.close(),
  };
}

/** Tells of inserts that have met an idle partition and ask for a wake: one LISTEN per process, for its drains and its waker. */
import type { Logger } from 'pino';
import type { PartitionId } from './claim.js';
import type { Database } from '../connection/database.js';
import { listen, WAKE_CHANNEL } from '../connection/listen.js';

export interface WakeListener {
  /** @returns a function that ends the subscription */
  onWake(partition: PartitionId, listener: () => void): () => void;
  /** For every partition. */
  onAnyWake(listener: () => void): () => void;
  close(): Promise<void>;
}

export function createWakeListener(database: Database, log: Pick<Logger, 'warn'>): WakeListener {
  const listeners = new Map<string, Set<() => void>>();
  const anyListeners = new Set<() => void>();

  const listener = listen(
    database,
    WAKE_CHANNEL,
    (payload) => {
      // '' after a reconnect: what was asked for meanwhile was not heard.
      const heard = payload === '' ? [...listeners.values()] : [listeners.get(payload) ?? new Set<() => void>()];
      for (const set of heard) for (const call of set) call();
      for (const call of anyListeners) call();
    },
    log,
  );

  return {
    onWake({ sourceId, partition }, call) {
      const key = `${sourceId}/${partition}`;
      const set = listeners.get(key) ?? new Set();
      listeners.set(key, set.add(call));
      return () => {
        set.delete(call);
        if (set.size === 0 && listeners.get(key) === set) listeners.delete(key);
      };
    },
    onAnyWake(call) {
      anyListeners.add(call);
      return () => anyListeners.delete(call);
    },
    close: () => listener.close(),
  };
}

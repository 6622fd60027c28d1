/** The exceptions of all partitions that this process drains, looked at together: an idle drain asks for nothing of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import type { Database } from '../../store/connection/database.js';
import type { PartitionId } from '../../store/delivery/claim.js';
import { lookForResends } from '../../store/exceptions/exceptions.js';

const LOOK_EVERY_MS = 2_000;

export interface DueResends {
  /**
   * Looks at the partition from now on, with all others.
   *
   * @param due resends of it are to be claimed
   * @returns ends that
   */
  onDue(partition: PartitionId, due: () => void): () => void;
}

export function createDueResends(
  database: Database,
  log: Pick<Logger, 'warn'>,
  lookEveryMs: number = LOOK_EVERY_MS,
): DueResends {
  const watched = new Map<string, { readonly partition: PartitionId; readonly heard: Set<() => void> }>();
  let looks = false;

  async function lookOn(): Promise<void> {
    if (looks) return;
    looks = true;
    while (watched.size > 0) {
      // Keeps no process from ending.
      await delay(lookEveryMs, undefined, { ref: false });
      if (watched.size > 0) await look();
    }
    looks = false;
  }

  async function look(): Promise<void> {
    try {
      const due = await lookForResends(
        database,
        [...watched.values()].map(({ partition }) => partition),
      );
      for (const partition of due) for (const heard of watched.get(keyOf(partition))?.heard ?? []) heard();
    } catch (error) {
      // The next look finds the same. A drain that cannot go on without PostgreSQL tells so itself.
      log.warn({ reason: messageOf(error) }, 'PostgreSQL could not be asked for events to send again');
    }
  }

  return {
    onDue(partition, due) {
      const key = keyOf(partition);
      const one = watched.get(key) ?? { partition, heard: new Set() };
      watched.set(key, one);
      one.heard.add(due);
      void lookOn();
      return () => {
        one.heard.delete(due);
        if (one.heard.size === 0 && watched.get(key) === one) watched.delete(key);
      };
    },
  };
}

function keyOf({ sourceId, partition }: PartitionId): string {
  return `${sourceId}/${partition}`;
}

/** LISTEN on a channel, over one connection of its own that is made again when it breaks. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import type { Database } from './database.js';

const RECONNECT_MS = 1_000;

/** Set by an insert into an idle partition: payload `sourceId/partition`. */
export const WAKE_CHANNEL = 'chatlio_aep_wake';
/** Set by every change of the webhook routes or of a source's partitions. No payload. */
export const ROUTES_CHANNEL = 'chatlio_aep_routes';

export interface Listener {
  close(): Promise<void>;
}

/**
 * Calls `onMessage` with each payload, and with '' after each (re)connect, because notifications sent while nobody
 * listened are lost. A slow poll beside it is still needed: a connection can be dead without anybody noticing.
 */
export function listen(
  database: Database,
  channel: string,
  onMessage: (payload: string) => void,
  log: Pick<Logger, 'warn'>,
): Listener {
  const closing = new AbortController();
  const closed = once(closing.signal, 'abort');

  async function listenOnce(): Promise<void> {
    const client = await database.pool.connect();
    try {
      const broken = new Promise<void>((resolve, reject) => {
        client.on('error', reject);
        client.on('end', resolve);
      });
      client.on('notification', (message) => onMessage(message.payload ?? ''));
      // It may break before anybody waits for that.
      broken.catch(() => undefined);
      await client.query(`listen ${channel}`);
      isListening = true;
      onMessage('');
      await Promise.race([broken, closed]);
    } finally {
      client.release(true);
    }
  }

  let isListening = true;

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      await listenOnce().catch((error: unknown) => {
        // Once for each outage, not once a second.
        if (isListening)
          log.warn(
            { channel, reason: messageOf(error) },
            'notifications from PostgreSQL are interrupted; it is connected again',
          );
        isListening = false;
      });
      await delay(RECONNECT_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

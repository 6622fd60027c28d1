/** LISTEN on a channel, over one connection of its own that is made again when it breaks. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { codedError, sentenceOf } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';
import { type Database, openBeside } from './database.js';
import { keepsSessions, poolerName } from './pooler.js';
import { isPooled } from './session.js';

const RECONNECT_MS = 1_000;
/** Where nothing can be heard. */
const LOOK_EVERY_MS = 5_000;

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
 *
 * Where a pooler leaves no session to us, and there is no way past it, `onMessage` is called with '' every five seconds.
 */
export function listen(
  database: Database,
  channel: string,
  onMessage: (payload: string) => void,
  log: Pick<Logger, 'warn'>,
  lookEveryMs = LOOK_EVERY_MS,
): Listener {
  const closing = new AbortController();
  const closed = once(closing.signal, 'abort');
  const own = database.directUrl === undefined ? undefined : openBeside(database);
  const { pool } = own ?? database;
  let isListening = true;

  async function listenOnce(): Promise<'deaf' | 'ended'> {
    const client = await pool.connect();
    try {
      if (isPooled(client) && !(await keepsSessions(own ?? database))) return 'deaf';
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
      return 'ended';
    } finally {
      client.release(true);
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      const ended = await listenOnce().catch((error: unknown) => {
        // Once for each outage, not once a second.
        if (isListening)
          log.warn(
            { channel, reason: messageOf(error) },
            'notifications from PostgreSQL are interrupted; it is connected again',
          );
        isListening = false;
        return 'ended';
      });
      if (ended === 'deaf') return lookAgainAndAgain();
      await pause(RECONNECT_MS);
    }
  }

  async function lookAgainAndAgain(): Promise<void> {
    const pooler = await poolerName(pool.options.connectionString ?? '');
    const { error } = codedError('CAEP_DATABASE_SESSION_MISSING', { pooler });
    log.warn({ channel, code: error.code }, sentenceOf(error));
    while (!closing.signal.aborted) {
      onMessage('');
      await pause(lookEveryMs);
    }
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: closing.signal }).catch(() => undefined);
  }

  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
      await own?.close();
    },
  };
}

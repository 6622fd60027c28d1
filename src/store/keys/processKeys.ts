/** With which keys each worker and receiver works: told to the database by itself, compared by `doctor`. */
import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import type { Database } from '../connection/database.js';
import type { HeldKeys } from './keyRing.js';

const REPORT_EVERY_MS = 15_000;
/** Twice without a report, and some. */
const LIVE_FOR_MS = 45_000;

export interface ProcessKeys {
  /** For example `worker host/123`. */
  readonly process: string;
  /** `id:fingerprint` of its key file as it was last read. */
  readonly keys: readonly string[];
  readonly sealsWith: string;
}

/**
 * Reports at once and from then on, whatever the database does.
 *
 * @param held asked each time: the key file is read again
 */
export function startKeyReports(
  database: Pick<Database, 'pool'>,
  process: string,
  held: () => Pick<HeldKeys, 'keys' | 'active'>,
  log: Pick<Logger, 'warn'>,
): { close(): Promise<void> } {
  const instance = randomUUID();
  const inTurn = pLimit(1);

  async function report(): Promise<void> {
    const { keys, active } = held();
    await database.pool.query(
      `with forgotten as (delete from process_keys where reported_at < clock_timestamp() - interval '1 day')
       insert into process_keys (instance, process, keys, seals_with) values ($1, $2, $3, $4)
       on conflict (instance) do update set keys = excluded.keys, reported_at = clock_timestamp()`,
      [instance, process, keys.map(({ id, fingerprint }) => `${id}:${fingerprint}`), active],
    );
  }

  /** Said once for as long as it lasts: what is not reported now is reported the next time. */
  let failing = false;
  async function tryReport(): Promise<void> {
    try {
      await report();
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ reason: messageOf(error) }, 'cannot report to PostgreSQL which keys this process has');
      failing = true;
    }
  }

  function next(): void {
    void inTurn(tryReport);
  }

  next();
  const timer = setInterval(next, REPORT_EVERY_MS).unref();
  return {
    async close() {
      clearInterval(timer);
      await inTurn(() => undefined);
      await database.pool.query('delete from process_keys where instance = $1', [instance]).catch(() => undefined);
    },
  };
}

/** Of those that have reported lately. */
export async function readProcessKeys({ pool }: Database): Promise<ProcessKeys[]> {
  const { rows } = await pool.query<ProcessKeys>(
    `select process, keys, seals_with as "sealsWith" from process_keys
     where reported_at > clock_timestamp() - $1 * interval '1 millisecond' order by process, instance limit 1000`,
    [LIVE_FOR_MS],
  );
  return rows;
}

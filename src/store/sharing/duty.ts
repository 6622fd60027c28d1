/**
 * What one worker does for all: it has the lease, and the others ask for it. One that dies, or stands still, is followed by another
 * once its lease has run out; one that ends gives it back.
 *
 * All such work may be done twice, so that nothing need be fenced: a lease that ends in the middle of it does no harm.
 */
import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import type { Database } from '../connection/database.js';

/** How long an idle source may wait for its first event when the worker that has the lease dies. */
const LEASE_MS = 6_000;
const RENEW_EVERY_MS = 2_000;

export interface Duty {
  readonly isMine: () => boolean;
  /** Called each time that this process gets the lease. @returns ends the subscription */
  onTaken(listener: () => void): () => void;
}

export interface DutyOptions {
  readonly database: Database;
  /** Names this process to people. */
  readonly holder: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly duty?: string;
  readonly leaseMs?: number;
  readonly renewEveryMs?: number;
}

export function startDuty({
  database,
  holder,
  log,
  duty = 'for-all-sources',
  leaseMs = LEASE_MS,
  renewEveryMs = RENEW_EVERY_MS,
}: DutyOptions): Duty & { close(): Promise<void> } {
  const token = randomUUID();
  const inTurn = pLimit(1);
  const listeners = new Set<() => void>();
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  let failing = false;
  let closing = false;

  const isMine = (): boolean => performance.now() < heldUntilMs;

  async function ask(): Promise<void> {
    if (closing) return;
    // By this process's clock it ends before it does by the database's.
    const askedAtMs = performance.now();
    const had = isMine();
    try {
      const { rowCount } = await database.pool.query(TAKE, [duty, holder, token, leaseMs]);
      heldUntilMs = rowCount === 1 ? askedAtMs + leaseMs : Number.NEGATIVE_INFINITY;
      failing = false;
    } catch (error) {
      // Once for each outage.
      if (!failing)
        log.warn({ duty, reason: messageOf(error) }, 'PostgreSQL could not be asked who works for all sources');
      failing = true;
    }
    if (had || !isMine()) return;
    log.info({ duty }, 'this worker now does what is done for all sources at once');
    for (const call of listeners) call();
  }

  /** A statement that hangs is not followed by more of them. */
  const askInTurn = (): void => {
    if (inTurn.pendingCount + inTurn.activeCount === 0) void inTurn(ask);
  };
  const timer = setInterval(askInTurn, renewEveryMs);
  askInTurn();
  return {
    isMine,
    onTaken(listener) {
      listeners.add(listener);
      if (isMine()) listener();
      return () => listeners.delete(listener);
    },
    async close() {
      closing = true;
      clearInterval(timer);
      await inTurn(() => undefined);
      if (!isMine()) return;
      heldUntilMs = Number.NEGATIVE_INFINITY;
      await database.pool.query(GIVE_BACK, [duty, token]).catch(() => undefined);
    },
  };
}

/** Where nobody has it, its time is over, or a clock that was ahead has given it. */
const TAKE = `
  insert into duty_lease as l (duty, holder, token, lease_ms, lease_until)
  values ($1, $2, $3, $4::int, clock_timestamp() + $4 * interval '1 millisecond')
  on conflict (duty) do update
    set holder = excluded.holder, token = excluded.token, lease_ms = excluded.lease_ms,
      lease_until = clock_timestamp() + excluded.lease_ms * interval '1 millisecond'
    where l.token = excluded.token or l.lease_until < clock_timestamp()
      or l.lease_until > clock_timestamp() + l.lease_ms * interval '1 millisecond'`;

const GIVE_BACK = 'delete from duty_lease where duty = $1 and token = $2';

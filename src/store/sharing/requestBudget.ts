/**
 * How many requests an organisation may make at Adobe, over all its sources and workers: a token bucket in the database, and a pause
 * for all if Adobe has asked one of them for it.
 *
 * All who wait in a process ask with one statement, and one such statement runs at a time. What it grants begins at once: nothing is
 * kept for later, so that of two workers together no more begin than there are tokens.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BudgetStanding, Refusal, RequestBudget } from '../../domain/source/requestBudget.js';
import type { Database } from '../connection/database.js';

/** What may begin at once after a pause, as time at full rate. */
const BURST_MS = 1_000;
const MOST_AT_ONCE = 500;
/** Between two statements of a process, so that more may ask together. */
const GATHERS_MS = 2;
/** However few tokens there are, and however long the pause: the next statement knows more. */
const LONGEST_PAUSE_MS = 1_000;
/** Beyond it the request is not made, and whoever wanted it tries again after a while. */
const WAITS_AT_MOST_MS = 60_000;
/** Who waits for this long is told of. */
const TELLS_AFTER_MS = 250;

export interface RequestBudgetOptions {
  readonly organisation: string;
  /** Absent: as many as are wanted, but none while Adobe has asked for a pause. */
  readonly perSecond?: number;
  readonly meters?: { readonly waited: (ms: number) => void; readonly waiting: (count: number) => void };
  readonly waitsAtMostMs?: number;
}

interface Waiting {
  readonly sinceMs: number;
  readonly settle: (refusal: Refusal | undefined) => void;
}

export function createRequestBudget(database: Database, options: RequestBudgetOptions): RequestBudget {
  const { organisation, perSecond, meters, waitsAtMostMs = WAITS_AT_MOST_MS } = options;
  const burst = perSecond === undefined ? MOST_AT_ONCE : Math.max(1, (perSecond * BURST_MS) / 1_000);
  let waiting: Waiting[] = [];
  let isAsking = false;

  async function askForAll(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    try {
      await delay(GATHERS_MS);
      while (waiting.length > 0) {
        const pauseMs = await askOnce();
        if (pauseMs > 0) await delay(Math.min(Math.max(pauseMs, GATHERS_MS), LONGEST_PAUSE_MS));
        giveUp();
      }
    } finally {
      isAsking = false;
    }
  }

  /** @returns how long nothing is to be had */
  async function askOnce(): Promise<number> {
    const wanted = Math.min(waiting.length, MOST_AT_ONCE);
    const isLate = performance.now() - (waiting[0]?.sinceMs ?? 0) > TELLS_AFTER_MS;
    const answer = await take(database, { organisation, perSecond, burst, wanted, isLate }).catch(() => undefined);
    // Without the database nobody knows what the others begin: that matters only where there is a limit.
    if (answer === undefined && perSecond !== undefined) return LONGEST_PAUSE_MS;
    const { granted, pausedMs } = answer ?? { granted: wanted, pausedMs: 0 };
    for (const one of waiting.splice(0, granted)) one.settle(undefined);
    meters?.waiting(waiting.length);
    if (waiting.length === 0) return 0;
    return Math.max(pausedMs, perSecond === undefined ? 0 : 1_000 / perSecond);
  }

  function giveUp(): void {
    const beforeMs = performance.now() - waitsAtMostMs;
    const late = waiting.filter(({ sinceMs }) => sinceMs <= beforeMs);
    waiting = waiting.filter(({ sinceMs }) => sinceMs > beforeMs);
    for (const one of late) one.settle('used-up');
  }

  return {
    take(signal) {
      if (signal?.aborted === true) return Promise.resolve('aborted');
      return new Promise((resolve) => {
        const sinceMs = performance.now();
        const onAbort = (): void => {
          waiting = waiting.filter((one) => one !== mine);
          mine.settle('aborted');
        };
        const mine: Waiting = {
          sinceMs,
          settle(refusal) {
            signal?.removeEventListener('abort', onAbort);
            meters?.waited(performance.now() - sinceMs);
            resolve(refusal);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.push(mine);
        void askForAll();
      });
    },
    async pause(ms) {
      await database.pool
        .query(PAUSE, [organisation, burst, ms])
        // Each that asks Adobe meanwhile is told the same.
        .catch(() => undefined);
    },
  };
}

interface Asked {
  readonly organisation: string;
  readonly perSecond?: number;
  readonly burst: number;
  readonly wanted: number;
  /** Somebody has waited for so long that people are told. */
  readonly isLate: boolean;
}

async function take(
  { pool }: Database,
  { organisation, perSecond, burst, wanted, isLate }: Asked,
): Promise<{ readonly granted: number; readonly pausedMs: number }> {
  const { rows } = await pool.query<{ granted: number; pausedMs: number }>({
    name: 'take-request-tokens',
    text: TAKE,
    values: [organisation, burst, perSecond ?? null, wanted, isLate],
  });
  return rows[0] ?? { granted: 0, pausedMs: 0 };
}

const PAUSED = `coalesce(b.paused_until > statement_timestamp(), false)`;
/** A clock that has gone back refills nothing until it is where it was. */
const REFILLED = `case when $3::float8 is null then $2::float8 else least($2::float8,
  b.tokens + greatest(0, extract(epoch from statement_timestamp() - b.refilled_at)) * $3::float8) end`;
const GRANTED = `case when ${PAUSED} then 0 else floor(least($4::float8, greatest(0, ${REFILLED}))) end`;

/** The first statement of all makes the row, of a full bucket. */
const TAKE = `
  insert into request_budget as b (organisation, tokens, refilled_at, granted, per_second)
  values ($1, $2::float8 - floor(least($4::float8, $2::float8)), statement_timestamp(), floor(least($4::float8, $2::float8)), $3::float8)
  on conflict (organisation) do update
    set tokens = ${REFILLED} - ${GRANTED}, granted = ${GRANTED}, per_second = excluded.per_second,
      refilled_at = greatest(b.refilled_at, statement_timestamp()),
      waited_at = case when $5 then statement_timestamp() else b.waited_at end
  returning granted, greatest(0, coalesce(extract(epoch from paused_until - statement_timestamp()) * 1000, 0))::float8 as "pausedMs"`;

const PAUSE = `
  insert into request_budget as b (organisation, tokens, refilled_at, granted, paused_until)
  values ($1, $2, statement_timestamp(), 0, clock_timestamp() + $3::float8 * interval '1 millisecond')
  on conflict (organisation) do update set paused_until = greatest(b.paused_until, excluded.paused_until)`;

/** @returns undefined where nobody had to wait lately */
export async function readBudgetStanding(
  { pool }: Database,
  organisation: string,
): Promise<BudgetStanding | undefined> {
  const { rows } = await pool.query<{ [Key in keyof BudgetStanding]-?: number | null }>(
    `select per_second as "perSecond",
       (case when waited_at > clock_timestamp() - interval '1 minute'
         then greatest(0, extract(epoch from clock_timestamp() - waited_at)) * 1000 end)::float8 as "waitedAgoMs",
       (case when paused_until > clock_timestamp() then extract(epoch from paused_until - clock_timestamp()) * 1000 end)::float8
         as "pausedForMs"
     from request_budget
     where organisation = $1 and (waited_at > clock_timestamp() - interval '1 minute' or paused_until > clock_timestamp())`,
    [organisation],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    ...(row.perSecond === null ? {} : { perSecond: row.perSecond }),
    ...(row.waitedAgoMs === null ? {} : { waitedAgoMs: row.waitedAgoMs }),
    ...(row.pausedForMs === null ? {} : { pausedForMs: row.pausedForMs }),
  };
}

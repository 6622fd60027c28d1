/**
 * The gate of a source: while it is closed no intent is written, so nothing is sent.
 *
 * Each flush of a drain locks the row FOR SHARE, which makes a closing wait for the flushes that saw it open. What such a
 * flush has intended may still be sent; `settleQuiet` tells when that has ended.
 */
import { countUndecided } from '../domain/cursor.js';
import type { GateReport } from '../domain/forwarder.js';
import { lockCursor, settleLeftovers } from './claim.js';
import { type Database, inTransaction } from './database.js';
import { expireUnanswered } from './exceptions.js';
import { WAKE_CHANNEL } from './listen.js';

export interface Gate {
  readonly epoch: number;
  readonly open: boolean;
  readonly opensAt?: Date;
  /** 0 when it may be passed now, by the database's clock. Undefined while it is closed. */
  readonly opensInMs?: number;
  readonly flowId?: string;
  /** The inlet URL, sealed with `inletContext(sourceId)`. */
  readonly inletSealed?: Buffer;
  /** Why it is closed, or what is waited for. */
  readonly reason: string;
}

/** What a sealed inlet URL is bound to. */
export function inletContext(sourceId: number): Buffer {
  return Buffer.from(`inlet/${sourceId}`);
}

/** @returns undefined for a source that does not exist */
export async function readGate(database: Database, sourceId: number): Promise<Gate | undefined> {
  const { rows } = await database.pool.query<GateRow>({
    name: 'read-gate',
    text: `select epoch, open, opens_at, reason, flow_id, inlet_sealed,
             greatest(0, extract(epoch from opens_at - clock_timestamp()) * 1000)::float8 as opens_in_ms
           from gate where source_id = $1`,
    values: [sourceId],
  });
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    epoch: row.epoch,
    open: row.open,
    opensAt: row.opens_at ?? undefined,
    opensInMs: row.open ? (row.opens_in_ms ?? 0) : undefined,
    flowId: row.flow_id ?? undefined,
    inletSealed: row.inlet_sealed ?? undefined,
    reason: row.reason,
  };
}

export function gateReport(gate: Gate | undefined): GateReport {
  return {
    open: gate?.open ?? false,
    opensAt: gate?.opensAt?.toISOString(),
    opensInMs: gate?.opensInMs,
    // Once it may be passed there is nothing to wait for.
    reason: gate?.opensInMs === 0 ? '' : (gate?.reason ?? 'the source is not in the store'),
  };
}

interface GateRow {
  readonly epoch: number;
  readonly open: boolean;
  readonly opens_at: Date | null;
  readonly opens_in_ms: number | null;
  readonly flow_id: string | null;
  readonly inlet_sealed: Buffer | null;
  readonly reason: string;
}

export interface GateOpening {
  readonly sourceId: number;
  readonly flowId: string;
  /** Sealed with `inletContext(sourceId)`. */
  readonly inletSealed: Buffer;
  /** The flow's own last change plus the settle window. */
  readonly opensAt: Date;
}

/** Why nothing is sent through an open gate before its time. */
const SETTLING = 'settle window after a change of the flow';

/** Opens the gate from `opensAt` on, under a new epoch, and asks for a wake of every partition. Doing it twice is harmless. */
export async function openGate(database: Database, opening: GateOpening): Promise<{ readonly epoch: number }> {
  return inTransaction(database, async (client) => {
    const { rows } = await client.query<{ epoch: number }>(
      `update gate set open = true, opens_at = $2, flow_id = $3, inlet_sealed = $4, reason = $5, epoch = epoch + 1,
              changed_at = clock_timestamp()
       where source_id = $1 returning epoch`,
      [opening.sourceId, opening.opensAt, opening.flowId, opening.inletSealed, SETTLING],
    );
    await client.query(
      `with woken as (update partition_head set wake_seq = last_seq where source_id = $1 returning partition)
       select pg_notify($2, $1 || '/' || partition) from woken`,
      [opening.sourceId, WAKE_CHANNEL],
    );
    return { epoch: rows[0]?.epoch ?? 0 };
  });
}

/**
 * Closes the gate. Running requests end by themselves: wait with {@link settleQuiet} before changing anything at Adobe.
 *
 * @param ifEpoch only if nobody has changed the gate since it was of this epoch
 * @returns undefined when it was not closed
 */
export async function closeGate(
  database: Database,
  sourceId: number,
  reason: string,
  { ifEpoch }: { readonly ifEpoch?: number } = {},
): Promise<{ readonly epoch: number } | undefined> {
  const { rows } = await database.pool.query<{ epoch: number }>(
    `update gate set open = false, opens_at = null, reason = $2, epoch = epoch + 1, changed_at = clock_timestamp()
     where source_id = $1 and epoch = coalesce($3, epoch) returning epoch`,
    [sourceId, reason, ifEpoch],
  );
  return rows[0];
}

export type Quiet =
  | { readonly quiet: true }
  /** `waitMs`: not before this long it makes sense to ask again. */
  | { readonly quiet: false; readonly waitingFor: string; readonly waitMs: number };

/**
 * Whether everything that was intended before the gate was closed has ended: no drain holds a lease, nothing is undecided,
 * no attempt is unanswered. What a dead drain has left undecided becomes exceptions, so that this ends without a forwarder.
 */
export async function settleQuiet(database: Database, sourceId: number): Promise<Quiet> {
  await expireUnanswered(database, sourceId);
  const { rows } = await database.pool.query<{ partition: number }>(
    'select partition from partition_cursor where source_id = $1 order by partition',
    [sourceId],
  );
  for (const { partition } of rows) {
    const waitMs = await inTransaction(database, async (client) => {
      const row = await lockCursor(client, { sourceId, partition });
      if (row.leaseLeftMs > 0) return row.leaseLeftMs;
      if (countUndecided(row.window) > 0) await settleLeftovers(client, { sourceId, partition }, row);
      return 0;
    });
    if (waitMs > 0) return { quiet: false, waitingFor: `the drain of partition ${partition}`, waitMs };
  }
  const unanswered = await database.pool.query<{ count: number; wait_ms: number | null }>(
    `select count(*) as count, (extract(epoch from max(next_at) - clock_timestamp()) * 1000)::float8 as wait_ms
     from exception where source_id = $1 and state = 'sending'`,
    [sourceId],
  );
  const { count = 0, wait_ms: waitMs } = unanswered.rows[0] ?? {};
  if (count === 0) return { quiet: true };
  return { quiet: false, waitingFor: `${count} unanswered attempt(s)`, waitMs: Math.max(waitMs ?? 0, 0) };
}

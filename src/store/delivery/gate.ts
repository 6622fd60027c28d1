/**
 * The gate of a source: while it is closed no intent is written, so nothing is sent.
 *
 * Each flush of a drain locks the row FOR SHARE, which makes a closing wait for the flushes that saw it open. What such a
 * flush has intended may still be sent; `checkQuiet` tells when that has ended.
 */
import { countUndecided } from '../../domain/delivery/cursor.js';
import type { GateReport } from '../../domain/delivery/forwarder.js';
import type { Projection } from '../../domain/projection/projection.js';
import { noteDataset } from '../exceptions/destinations.js';
import { lockCursor, makeLeftoversUnknown } from './claim.js';
import type { ClientBase } from 'pg';
import { type Database, inTransaction } from '../connection/database.js';
import { expireUnanswered } from '../exceptions/exceptions.js';
import { wakePartitions } from '../connection/wakePartitions.js';
import type { VersionedProjection } from './projections.js';

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
  /** Our own look at the destination has closed it, and nobody has touched it since: a later look opens it. */
  readonly opensByItself: boolean;
  /** Under which originals are sent. Undefined for a source that keeps none. */
  readonly projection?: VersionedProjection;
}

/** @returns undefined for a source that does not exist */
export async function readGate(database: Database, sourceId: number): Promise<Gate | undefined> {
  const { rows } = await database.pool.query<GateRow>({
    name: 'read-gate',
    text: `select epoch, open, opens_at, reason, flow_id, inlet_sealed, not open and watched_epoch is not distinct from epoch as opens_by_itself,
             greatest(0, extract(epoch from opens_at - clock_timestamp()) * 1000)::float8 as opens_in_ms,
             projection_version, (select projection from projection p where p.source_id = $1 and version = projection_version)
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
    opensByItself: row.opens_by_itself,
    projection:
      row.projection_version === null || row.projection === null
        ? undefined
        : { version: row.projection_version, projection: row.projection },
  };
}

export function gateReport(gate: Gate | undefined): GateReport {
  return {
    open: gate?.open ?? false,
    opensAt: gate?.opensAt?.toISOString(),
    opensInMs: gate?.opensInMs,
    // Once it may be passed there is nothing to wait for.
    reason: gate?.opensInMs === 0 ? '' : (gate?.reason ?? 'the source is not in the store'),
    ...(gate?.opensByItself === true ? { opensByItself: true } : {}),
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
  readonly opens_by_itself: boolean;
  readonly projection_version: number | null;
  readonly projection: Projection | null;
}

export interface GateOpening {
  readonly sourceId: number;
  readonly flowId: string;
  /** To which the flow leads, where the caller knows it. */
  readonly datasetId?: string;
  /** Sealed with `inletContext(sourceId)`. */
  readonly inletSealed: Buffer;
  /** The flow's own last change plus the settle window. */
  readonly opensAt: Date;
  /** Somebody has said so: a gate that awaits an unpause opens, too. */
  readonly unpauses?: boolean;
}

/** Why nothing is sent through an open gate before its time. */
const SETTLING = 'settle window after a change of the flow';

/** Only if nobody has changed the gate since it was of this epoch. */
interface OnlyIf {
  readonly ifEpoch?: number;
}

/**
 * Opens the gate from `opensAt` on, under a new epoch, and asks for a wake of every partition. Doing it twice is harmless. One that
 * awaits an unpause stays closed, with its reason, unless this is one: it only learns of the flow.
 *
 * @returns undefined when it was not changed
 */
export async function openGate(
  database: Database,
  opening: GateOpening,
  onlyIf: OnlyIf = {},
): Promise<OpenedGate | undefined> {
  return inTransaction(database, (client) => openGateIn(client, opening, onlyIf));
}

interface OpenedGate {
  readonly epoch: number;
  readonly open: boolean;
}

/** The same as a part of a transaction. */
export async function openGateIn(
  client: ClientBase,
  { sourceId, opensAt, flowId, inletSealed, datasetId, unpauses = false }: GateOpening,
  { ifEpoch }: OnlyIf = {},
): Promise<OpenedGate | undefined> {
  const { rows } = await client.query<OpenedGate>(
    `update gate set open = $6 or not awaits_unpause,
            opens_at = case when $6 or not awaits_unpause then $2::timestamptz end,
            reason = case when $6 or not awaits_unpause then $5 else reason end,
            awaits_unpause = awaits_unpause and not $6,
            flow_id = $3, inlet_sealed = $4, epoch = epoch + 1, changed_at = clock_timestamp()
     where source_id = $1 and epoch = coalesce($7, epoch) returning epoch, open`,
    [sourceId, opensAt, flowId, inletSealed, SETTLING, unpauses, ifEpoch],
  );
  if (rows[0] === undefined) return undefined;
  if (datasetId !== undefined) await noteDataset(client, sourceId, { flowId, datasetId });
  await wakePartitions(client, sourceId);
  return rows[0];
}

/**
 * Until when a gate stays closed: until a person unpauses the source, whatever else is done to it; or, of a source that has ended,
 * until it is provisioned again. Without either it leaves a gate that awaits an unpause as it is.
 */
export type ClosedUntil = 'unpaused' | 'provisioned';

interface Closing {
  readonly until?: ClosedUntil;
  readonly opensByItself?: boolean;
}

/**
 * Closes the gate. Running requests end by themselves: wait with {@link checkQuiet} before changing anything at Adobe.
 *
 * One that awaits an unpause keeps why: a set-back that is paused as well has both reasons, in their order.
 *
 * @param options.opensByItself a later look at the destination is to open it, unless somebody changes it before
 * @returns undefined when it was not closed
 */
export async function closeGate(
  database: Database,
  sourceId: number,
  reason: string,
  { ifEpoch, until, opensByItself = false }: OnlyIf & Closing = {},
): Promise<{ readonly epoch: number } | undefined> {
  const { rows } = await database.pool.query<{ epoch: number }>(
    `update gate set open = false, opens_at = null, epoch = epoch + 1, changed_at = clock_timestamp(),
            watched_epoch = case when $4 then epoch + 1 end,
            reason = case
              when not awaits_unpause or $5::text = 'provisioned' then $2
              when $5 is null or position($2 in reason) > 0 then reason
              else reason || '; ' || $2
            end,
            awaits_unpause = case $5::text when 'unpaused' then true when 'provisioned' then false else awaits_unpause end
     where source_id = $1 and epoch = coalesce($3, epoch) returning epoch`,
    [sourceId, reason, ifEpoch, opensByItself, until],
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
export async function checkQuiet(database: Database, sourceId: number): Promise<Quiet> {
  await expireUnanswered(database, sourceId);
  const { rows } = await database.pool.query<{ partition: number }>(
    'select partition from partition_cursor where source_id = $1 order by partition',
    [sourceId],
  );
  for (const { partition } of rows) {
    const waitMs = await inTransaction(database, async (client) => {
      const row = await lockCursor(client, { sourceId, partition });
      if (row.leaseLeftMs > 0) return row.leaseLeftMs;
      if (countUndecided(row.window) > 0) await makeLeftoversUnknown(client, { sourceId, partition }, row);
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

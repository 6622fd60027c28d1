/**
 * Where attempts went: recorded by the gate's epoch, so that each is looked for where it was made, whatever the source leads to today.
 * The database itself records each opening of a gate and each first claim under it: migration `0033`.
 */
import type { ClientBase } from 'pg';
import type { Database } from '../connection/database.js';

export interface Destination {
  /** Null: the source never had a flow. */
  readonly flowId: string | null;
  /** Null: nobody has asked Adobe yet. */
  readonly datasetId: string | null;
  /** It was sent under a mapping that does not tell events apart: it cannot be looked for. */
  readonly unproven?: boolean | null;
}

/** Columns of {@link joinDestination}. */
export const DESTINATION = `destination.flow_id as "flowId", destination.dataset_id as "datasetId", destination.unproven`;

/**
 * Of an attempt that tells no epoch, or one of which nothing was recorded, what was there at its time.
 *
 * @param attempt SQL expressions
 */
export function joinDestination(attempt: {
  readonly sourceId: string;
  readonly epoch: string;
  readonly at: string;
}): string {
  const { sourceId, epoch, at } = attempt;
  return `left join lateral (
    select d.flow_id, d.dataset_id, ${isUnproven('d')} as unproven from epoch_destination d where d.source_id = ${sourceId}
    order by d.epoch = ${epoch} desc nulls last, d.since <= ${at} desc,
      case when d.since <= ${at} then d.since end desc nulls last, d.since, d.epoch desc
    limit 1
  ) destination on true`;
}

/** @param epoch SQL, a row with `source_id` and `projection_version` */
export function isUnproven(epoch: string): string {
  return `exists (
    select from projection p where p.source_id = ${epoch}.source_id and p.version = ${epoch}.projection_version
      and p.projection ->> 'proof' = 'none')`;
}

/** Joins the destination of the attempt that has delivered an exception. @param exception SQL, its row */
export function joinDeliveredTo(exception: string): string {
  return joinDestination({
    sourceId: `${exception}.source_id`,
    epoch: `${exception}.attempt_epochs[coalesce(${exception}.accepted_attempt, ${exception}.attempts)]`,
    at: `coalesce(${exception}.attempt_at, ${exception}.resolved_at)`,
  });
}

/** Whether that attempt was made under a mapping that does not tell events apart. @param exception SQL, its row */
export function isDeliveredUnproven(exception: string): string {
  return `coalesce((select destination.unproven from (select) here ${joinDeliveredTo(exception)}), false)`;
}

/** The epoch under which an event of the log was sent, if it was sent once: the newest for which it was still to be sent. */
export function epochOf(event: string): string {
  return `(
    select p.epoch from partition_epoch p
    where p.source_id = ${event}.source_id and p.partition = ${event}.partition and ${event}.seq > p.cursor_seq
      and case when ${event}.seq <= p.cursor_seq + octet_length(p.decided) * 8
            then get_bit(p.decided, (${event}.seq - p.cursor_seq - 1)::int) = 0 else true end
    order by p.epoch desc limit 1
  )`;
}

/**
 * Under which version of the source's projection an attempt was made, by its epoch; null where that is not known, or where the
 * source kept no originals then.
 *
 * @param attempt SQL expressions
 */
function versionAt(attempt: { readonly sourceId: string; readonly epoch: string }): string {
  const { sourceId, epoch } = attempt;
  return `(select d.projection_version from epoch_destination d where d.source_id = ${sourceId} and d.epoch = ${epoch})`;
}

/** The versions of all attempts at an exception, by number, as JSON; null where none is known. */
export function versionsOf({ sourceId, epochs }: { readonly sourceId: string; readonly epochs: string }): string {
  return `(
    select case when count(version) > 0 then jsonb_agg(version order by n) end
    from (
      select ${versionAt({ sourceId, epoch: 'a.epoch' })} as version, n from unnest(${epochs}) with ordinality as a (epoch, n)
    ) attempts
  )`;
}

/** For people, of a resend that is begun under another version than the attempt before it: both. Null otherwise. */
export function newVersionFact({ exception, epoch }: { readonly exception: string; readonly epoch: string }): string {
  const sourceId = `${exception}.source_id`;
  const before = versionAt({ sourceId, epoch: `${exception}.attempt_epochs[${exception}.attempts]` });
  return `(
    select format('attempt %s: made under version %s of the projection, attempt %s under %s', ${exception}.attempts + 1, now.version,
      ${exception}.attempts, coalesce('version ' || before.version, 'none that is known'))
    from (select ${versionAt({ sourceId, epoch })}) now (version), (select ${before}) before (version)
    where ${exception}.attempts > 0 and now.version is distinct from before.version and now.version is not null
  )`;
}

/** A flow leads to one dataset, however long it is there. */
export async function noteDataset(
  connection: Pick<ClientBase, 'query'>,
  sourceId: number,
  { flowId, datasetId }: { readonly flowId: string; readonly datasetId: string },
): Promise<void> {
  await connection.query(
    'update epoch_destination set dataset_id = $3 where source_id = $1 and flow_id = $2 and dataset_id is null',
    [sourceId, flowId, datasetId],
  );
}

/** To which the source leads, or led when events were sent: the newest first. */
export async function readFlowIds({ pool }: Database, sourceId: number): Promise<string[]> {
  const { rows } = await pool.query<{ flow_id: string }>(
    `select flow_id from (
       select flow_id, epoch as since from gate where source_id = $1 and flow_id is not null
       union all select flow_id, epoch from epoch_destination where source_id = $1
     ) led group by flow_id order by max(since) desc`,
    [sourceId],
  );
  return rows.map(({ flow_id: flowId }) => flowId);
}

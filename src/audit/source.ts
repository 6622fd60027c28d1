/** The source that is audited, also after its teardown: of several that had the name, the one that runs, else the last. */
import { codedError } from '../domain/errors.js';
import type { Connection } from './log.js';

interface SourceRow {
  readonly id: number;
  readonly uid: string;
  readonly sandbox: string | null;
  readonly created_at: Date;
  readonly lake_latency_ms: number | null;
  readonly flow_id: string | null;
  /** To which the flow leads, as it was recorded when the gate was opened. */
  readonly dataset_id: string | null;
  /** How many of its events were sent under a mapping that does not tell them apart in the lake. */
  readonly unproven: 'all' | 'some' | null;
}

export async function readSource(connection: Connection, name: string): Promise<SourceRow> {
  const { rows } = await connection.query<SourceRow>(
    `select s.id, uid, sandbox, created_at, (delivery ->> 'lakeLatencyMs')::float8 as lake_latency_ms, flow_id,
       (select max(d.dataset_id) from epoch_destination d where d.source_id = s.id and d.flow_id = g.flow_id) as dataset_id,
       (select case when bool_and(proof = 'none') then 'all' when bool_or(proof = 'none') then 'some' end from (
          select coalesce(p.projection ->> 'proof', '') as proof from partition_epoch join epoch_destination d using (source_id, epoch)
            left join projection p on p.source_id = d.source_id and p.version = d.projection_version where d.source_id = s.id
          union select coalesce(p.projection ->> 'proof', '') from projection p
            where p.source_id = s.id and p.version = g.projection_version
        ) sent) as unproven
     from source s left join gate g on g.source_id = s.id where name = $1
     order by retired_at desc nulls first limit 1`,
    [name],
  );
  if (rows[0] === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
  return rows[0];
}

/** Where attempts of the source went that are not of today's flow. */
export interface EarlierFlow {
  readonly flowId: string;
  /** Null: nobody has asked Adobe while the flow was there. */
  readonly datasetId: string | null;
}

/** Newest first. */
export async function readEarlierFlows(
  connection: Connection,
  { id, flow_id }: Pick<SourceRow, 'id' | 'flow_id'>,
): Promise<EarlierFlow[]> {
  const { rows } = await connection.query<EarlierFlow>(
    `select flow_id as "flowId", max(dataset_id) as "datasetId" from epoch_destination
     where source_id = $1 and flow_id is distinct from $2 group by flow_id order by max(epoch) desc`,
    [id, flow_id],
  );
  return rows;
}

/** Of every source at once: does an event wait for a decision, or its gate for somebody to open it, or have its objects in Adobe drifted? */
import type { SourceNeeds } from '../../domain/events/shownEvents.js';
import type { Database } from '../connection/database.js';

/** As many statements for a thousand sources as for one. @returns those that need something; of a name the live one, else the last */
export async function readNeeds(database: Database): Promise<SourceNeeds[]> {
  const { rows } = await database.pool.query<Row>(
    `select name, retired, held, case when not retired then coalesce(drifted, 0) else 0 end as drifted, case when awaits_unpause and not retired then reason end as "closedBecause"
     from (select distinct on (name) id, name, retired_at is not null as retired from source
           order by name, retired_at desc nulls first) s
     left join gate on gate.source_id = s.id
     left join source_drift on source_drift.source_id = s.id
     left join lateral (
       select count(*)::float8 as held from exception where source_id = s.id and state = 'held' and state <> 'resolved'
     ) e on true
     where held > 0 or ((awaits_unpause or drifted > 0) and not retired) order by name`,
  );
  return rows.map(({ closedBecause, drifted, ...row }) => ({
    ...row,
    ...(closedBecause === null ? {} : { closedBecause }),
    ...(drifted === 0 ? {} : { drifted }),
  }));
}

interface Row {
  readonly name: string;
  readonly retired: boolean;
  readonly held: number;
  readonly drifted: number;
  readonly closedBecause: string | null;
}

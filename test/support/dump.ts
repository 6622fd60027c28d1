/** A copy of a database, as `pg_dump` makes one: all tables in one snapshot, while others write. */
import { pipeline } from 'node:stream/promises';
import { type PoolClient } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { type Database, inTransaction } from '../../src/store/connection/database.js';
import { migrate } from '../../src/store/migrate.js';

const TABLES = `
  select oid::regclass::text as name from pg_class
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> 'migration'`;

/** @returns the time of the snapshot, by the database's clock */
export async function copyDatabase(from: Database, to: Database): Promise<Date> {
  await migrate(to);
  return inTransaction(
    from,
    async (source) => {
      const { rows: times } = await source.query<{ now: Date }>('select clock_timestamp() as now');
      const { rows: tables } = await source.query<{ name: string }>(TABLES);
      await inTransaction(to, async (target) => {
        // As a restore fills tables before it makes triggers.
        await target.query('set local session_replication_role = replica');
        await target.query(`truncate ${tables.map(({ name }) => name).join(', ')}`);
        for (const { name } of tables) await copyTable(source, target, name);
        await target.query(
          `select setval(s.oid::regclass, greatest(coalesce((xpath('/row/max/text()',
             query_to_xml(format('select max(%I) from %s', a.attname, d.refobjid::regclass), true, true, '')))[1]::text::bigint, 0), 1))
           from pg_class s join pg_depend d on d.objid = s.oid and d.deptype = 'i'
             join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
           where s.relkind = 'S' and s.relnamespace = 'public'::regnamespace`,
        );
      });
      return times[0]?.now ?? new Date();
    },
    'isolation level repeatable read read only',
  );
}

async function copyTable(source: PoolClient, target: PoolClient, name: string): Promise<void> {
  await pipeline(
    source.query(copyTo(`copy (select * from ${name}) to stdout`)),
    target.query(copyFrom(`copy ${name} from stdin`)),
  );
}

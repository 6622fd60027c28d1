/** Many sources at once, and how many statements something asks about them. */
import type { Database } from '../../src/store/connection/database.js';

const PARTITIONS = 4;

/**
 * Sources with a gate and routes. Of ten, three have events that wait, three delivered some, two have exceptions that are
 * held, and two have nothing yet.
 */
export async function addSources({ pool }: Database, count: number): Promise<void> {
  const before = (await pool.query<{ last: number }>('select coalesce(max(id), 0)::int as last from source')).rows[0];
  await pool.query(
    `insert into source (uid, name, partitions, lake_state, delivery, sandbox)
     select gen_random_uuid(), 'many-' || lpad(n::text, 5, '0'), ${PARTITIONS}, case when n % 2 = 0 then 'readable' end,
       '{"quietWarningMs": 60000}', 'prod'
     from generate_series($1::int + 1, $1::int + $2::int) n`,
    [before?.last ?? 0, count],
  );
  const fresh = 'select id from source where id > $1';
  const last = [before?.last ?? 0];
  await pool.query(`insert into gate (source_id, open, opens_at) select id, true, now() from (${fresh}) s`, last);
  await pool.query(
    `insert into route (source_id, widget, kind, generation, secret_sha256, secret_sealed)
     select id, 'main', kind, 1, decode(md5(id::text || '/' || kind::text), 'hex'), '' from (${fresh}) s, generate_series(1, 5) kind`,
    last,
  );
  await pool.query(
    `insert into last_event (source_id, kind, last_at)
     select id, kind, now() - interval '1 hour' from (${fresh}) s, generate_series(1, 5) kind where id % 10 < 6`,
    last,
  );
  await pool.query(
    `insert into partition_head (source_id, partition, last_seq, last_logged_at)
     select id, p, case when id % 10 < 8 then 5 else 0 end, now() - interval '1 minute'
     from (${fresh}) s, generate_series(0, ${PARTITIONS - 1}) p`,
    last,
  );
  await pool.query(
    `insert into event_body (source_id, partition, kind, seq, logged_at, occurred_at, event_id, sealed)
     select source_id, partition, 1, seq, last_logged_at, now(), sha256((source_id || '/' || partition || '/' || seq)::bytea), ''
     from partition_head, generate_series(1, 5) seq where source_id > $1 and last_seq > 0`,
    last,
  );
  await pool.query(
    `insert into partition_cursor (source_id, partition, cursor_seq, cursor_logged_at, intended_seq, accepted_count, last_accepted_at)
     select source_id, partition, case when source_id % 10 < 3 then 2 else 5 end, last_logged_at, 5,
       case when source_id % 10 < 3 then 2 else 5 end, now()
     from partition_head where source_id > $1 and last_seq > 0`,
    last,
  );
  await pool.query(
    `insert into receipt (source_id, partition, first_seq, last_seq, lines)
     select source_id, partition, 1, cursor_seq, '' from partition_cursor where source_id > $1`,
    last,
  );
  await pool.query(
    `insert into exception (source_id, partition, kind, event_id, reason, state, seq, logged_at)
     select source_id, partition, 1, event_id, 'unknown', 'held', seq, logged_at
     from event_body where source_id > $1 and source_id % 10 in (6, 7) and seq = 3`,
    last,
  );
}

/** Counts the statements, also those of its transactions. */
function counting(database: Database): { readonly database: Database; readonly statements: () => number } {
  const { pool } = database;
  let statements = 0;
  const query = (...parameters: Parameters<typeof pool.query>) => {
    statements += 1;
    return pool.query(...parameters);
  };
  const connect = async () => {
    const client = await pool.connect();
    const counted = (...parameters: Parameters<typeof client.query>) => {
      statements += 1;
      return client.query(...parameters);
    };
    return Object.assign(Object.create(client) as typeof client, {
      query: counted,
      release: (error?: Error | boolean) => client.release(error),
    });
  };
  return {
    database: { ...database, pool: Object.assign(Object.create(pool) as typeof pool, { query, connect }) },
    statements: () => statements,
  };
}

export async function statementsOf(database: Database, read: (of: Database) => Promise<unknown>): Promise<number> {
  const { database: counted, statements } = counting(database);
  await read(counted);
  return statements();
}

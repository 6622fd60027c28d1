/** Whether the role of a worker or a receiver may do what they do, where the tables belong to another one. */
import { codedError } from '../domain/errors.js';
import { type Database, inTransaction } from './connection/database.js';
import { schemaOf } from './connection/session.js';

/** `migration` is written by whoever upgrades the tables. */
const LACKING = `
  select relname as name from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) as needed
  where relnamespace = to_regnamespace(quote_ident($1)) and relkind in ('r', 'p')
    and relowner = (select relowner from pg_class where oid = 'partition_head'::regclass)
    and not has_table_privilege(c.oid, case relname when 'migration' then 'select' else needed end)
  union
  select proname from pg_proc p
  where pronamespace = to_regnamespace(quote_ident($1)) and prosecdef
    and proowner = (select relowner from pg_class where oid = 'partition_head'::regclass) and not has_function_privilege(p.oid, 'execute')
  order by name`;

/** @throws CodedError `CAEP_DATABASE_RIGHTS_MISSING` */
export async function requireRights(database: Database): Promise<void> {
  await inTransaction(database, async (client) => {
    const schema = schemaOf(client) ?? '';
    const { rows } = await client.query<{ name: string; role: string }>(
      `select name, current_user as role from (${LACKING}) as lacking`,
      [schema],
    );
    const [first] = rows;
    if (first === undefined) return;
    const role = client.escapeIdentifier(first.role);
    throw codedError('CAEP_DATABASE_RIGHTS_MISSING', {
      role,
      schema: client.escapeIdentifier(schema),
      names: rows.map(({ name }) => name).join(', '),
    });
  });
}

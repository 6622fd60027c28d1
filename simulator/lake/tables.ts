/** The dataset's table: a column per field of the schema's first level, the system columns, and no uniqueness whatever. */
import { type ClientBase, escapeIdentifier } from 'pg';
import type { XdmSchema } from '../xdm/schema.js';

interface Column {
  readonly name: string;
  readonly type: 'text' | 'timestamptz' | 'bigint' | 'double precision' | 'boolean' | 'jsonb';
}

/** Shown as Query Service shows them with `drop_system_columns=false`. */
const SYSTEM_COLUMNS: readonly Column[] = [
  { name: '_acp_system_metadata', type: 'jsonb' },
  { name: '_acp_batchid', type: 'text' },
];

function columnType(field: XdmSchema): Column['type'] {
  switch (field.type) {
    case 'string':
      return field.format === 'date-time' ? 'timestamptz' : 'text';
    case 'integer':
      return 'bigint';
    case 'number':
      return 'double precision';
    case 'boolean':
      return 'boolean';
    case 'object':
    case 'array':
    case undefined:
      return 'jsonb';
    default:
      return field.type satisfies never;
  }
}

/** Names are in lower case, so that a query need not quote `eventType`: Query Service does not tell cases apart. */
function columnsOf(schema: XdmSchema): readonly Column[] {
  const own = Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name: name.toLowerCase(),
    type: columnType(field),
  }));
  return [...own, ...SYSTEM_COLUMNS];
}

/** Makes the table, or adds the columns that the schema has got since. */
export async function ensureTable(client: ClientBase, table: string, schema: XdmSchema): Promise<void> {
  const name = escapeIdentifier(table);
  const columns = columnsOf(schema).map((column) => `${escapeIdentifier(column.name)} ${column.type}`);
  await client.query(`CREATE TABLE IF NOT EXISTS public.${name} (${columns.join(', ')})`);
  await client.query(
    `ALTER TABLE public.${name} ${columns.map((column) => `ADD COLUMN IF NOT EXISTS ${column}`).join(', ')}`,
  );
  await client.query(`CREATE INDEX IF NOT EXISTS ${escapeIdentifier(`${table}_id`)} ON public.${name} (_id)`);
}

export interface LakeRow {
  readonly entity: Readonly<Record<string, unknown>>;
  readonly systemMetadata: Readonly<Record<string, unknown>>;
  readonly batchId: string;
}

export async function insertRows(
  client: ClientBase,
  table: string,
  schema: XdmSchema,
  rows: readonly LakeRow[],
): Promise<void> {
  const columns = columnsOf(schema);
  const names = columns.map(({ name }) => escapeIdentifier(name)).join(', ');
  const typed = columns.map(({ name, type }) => `${escapeIdentifier(name)} ${type}`).join(', ');
  const json = storableJson(rows.map(asRecord));
  await client.query(
    `INSERT INTO public.${escapeIdentifier(table)} (${names}) SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS r (${typed})`,
    [json],
  );
}

function asRecord({ entity, systemMetadata, batchId }: LakeRow): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entity)) record[name.toLowerCase()] = value;
  return { ...record, _acp_system_metadata: systemMetadata, _acp_batchid: batchId };
}

const UNSTORABLE = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i;

/** jsonb takes neither U+0000 nor half a surrogate pair; parquet does. They become U+FFFD. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!UNSTORABLE.test(json)) return json;
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? inner.replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD') : inner,
  );
}

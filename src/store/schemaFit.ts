/**
 * Whether this release may use the tables as they are. Looked at on each new connection of a worker or a receiver, before its
 * first statement, and behind a pooler in each transaction, so that nothing is written that must not be.
 *
 * A later release may have changed the tables: it says which migration one must know to use them (`schema_floor`). An earlier
 * one may not have made what this release needs: the tables are then brought up to date first.
 */
import { readdir } from 'node:fs/promises';
import type { ClientBase } from 'pg';
import { CodedError, codedError, type ErrorCode } from '../domain/errors.js';
import { codeFolder } from '../process/packageFiles.js';
import { beginTransaction, checkWrites, schemaOf } from './connection/session.js';

export const MIGRATIONS = codeFolder('src/store/migrations');
export const MIGRATION_TABLE = 'migration';
/** As `raise_schema_floor` takes it. */
const FLOOR_LOCK = '7019304815230417';

/** By name, in their order. */
export async function knownMigrations(): Promise<readonly string[]> {
  return (await readdir(MIGRATIONS)).map((file) => file.replace(/\.sql$/, '')).toSorted();
}

export interface AppliedMigrations {
  /** The schema of the list. */
  readonly schema: string;
  readonly names: ReadonlySet<string>;
}

/** With the tables; beside tables that 0.1.0 has made elsewhere it is in `public`. */
export async function readApplied(client: ClientBase, schema: string): Promise<AppliedMigrations> {
  const { rows: found } = await client.query<{ there: boolean; before: boolean }>(
    `select to_regclass(format('%I.%I', $1::text, $2::text)) is not null as there,
       to_regclass(format('%I.partition_head', $1::text)) is not null
         and to_regclass(format('public.%I', $2::text)) is not null as before`,
    [schema, MIGRATION_TABLE],
  );
  const { there = false, before = false } = found[0] ?? {};
  if (!there && !before) return { schema, names: new Set() };
  const at = there ? schema : 'public';
  const { rows } = await client.query<{ name: string }>(
    `select name from ${client.escapeIdentifier(at)}.${MIGRATION_TABLE}`,
  );
  return { schema: at, names: new Set(rows.map(({ name }) => name)) };
}

/** @returns why this release must not touch tables of a later one; undefined if it may */
export async function readTooNew(client: ClientBase, schema: string): Promise<CodedError | undefined> {
  const table = `${client.escapeIdentifier(schema)}.schema_floor`;
  const { rows: found } = await client.query('select where to_regclass($1) is not null', [table]);
  if (found.length === 0) return undefined;
  const { rows } = await client.query<{ migration: string }>(`select migration from ${table}`);
  const migration = rows[0]?.migration;
  if (migration === undefined || (await knownMigrations()).includes(migration)) return undefined;
  return codedError('CAEP_SCHEMA_NEWER', { migration });
}

/** @throws CodedError `CAEP_SCHEMA_NEWER`, `CAEP_SCHEMA_OLDER` */
export async function requireFittingSchema(client: ClientBase): Promise<void> {
  await beginTransaction(client, 'isolation level read committed read only');
  // Until a migration that raises the floor is committed.
  await client.query(`select pg_advisory_xact_lock_shared(${FLOOR_LOCK})`);
  const schema = schemaOf(client) ?? '';
  const tooNew = await readTooNew(client, schema);
  const { names } = await readApplied(client, schema);
  await client.query('commit');
  if (tooNew !== undefined) throw tooNew;
  const known = await knownMigrations();
  const missing = known.find((name) => !names.has(name));
  if (missing !== undefined) throw codedError('CAEP_SCHEMA_OLDER', { migration: missing });
  checkWrites(client, {
    sql: `select pg_advisory_xact_lock_shared(${FLOOR_LOCK}); select migration from schema_floor`,
    judge(row) {
      const { migration } = row as { readonly migration: string };
      if (!known.includes(migration)) throw codedError('CAEP_SCHEMA_NEWER', { migration });
    },
  });
}

/** For a process that can do without the database for a while: why it gets no connection. */
export interface SchemaFit {
  /** For each new connection. */
  readonly admit: (client: ClientBase) => Promise<void>;
  /** Of the connection that was made last: none if the tables fit. */
  readonly codes: () => readonly ErrorCode[];
}

export function watchSchemaFit(): SchemaFit {
  let codes: readonly ErrorCode[] = [];
  return {
    codes: () => codes,
    async admit(client) {
      try {
        await requireFittingSchema(client);
        codes = [];
      } catch (error) {
        if (error instanceof CodedError) codes = [error.error.code];
        throw error;
      }
    },
  };
}

/** A source in a fresh database, and events for its log. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { KIND_FACTS, type Kind } from '../../src/domain/events/kinds.js';
import { type Database, openDatabase } from '../../src/store/connection/database.js';
import { registerSource } from '../../src/store/sources/sources.js';
import type { TakenEvent } from '../../src/store/log/takenEvent.js';
import { withPostgres } from './postgres.js';

export const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** As a database of somebody else's may have them: what we do must not depend on any of these. */
const HOSTILE_DEFAULTS: Readonly<Record<string, string>> = {
  datestyle: 'German, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'America/St_Johns',
  bytea_output: 'escape',
  extra_float_digits: '-10',
  search_path: 'pg_catalog',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  synchronous_commit: 'off',
  lock_timeout: '1ms',
  statement_timeout: '300ms',
  idle_in_transaction_session_timeout: '300ms',
  idle_session_timeout: '300ms',
  transaction_timeout: '300ms',
};

/** As the processes open it, over hostile defaults: so each test of the store is one of its sessions as well. */
export function withDatabase(): () => Database {
  const postgres = withPostgres(HOSTILE_DEFAULTS);
  let database: Database | undefined;
  beforeAll(() => {
    database = openDatabase({ url: postgres().url, applicationName: 'test', maxConnections: 20, log: silentLog });
  });
  afterAll(() => database?.close());
  return () => {
    if (database === undefined) throw new Error('the database exists from beforeAll on');
    return database;
  };
}

export function freshSource(database: Database, partitions = 1): Promise<number> {
  return registerSource(database, { uid: randomUUID(), name: `source-${randomUUID()}`, partitions });
}

export function takenEvent(name: string, changes: Partial<TakenEvent> & { kindName?: Kind } = {}): TakenEvent {
  const { kindName = 'feedback', ...rest } = changes;
  return {
    kind: KIND_FACTS[kindName].code,
    eventId: createHash('sha256').update(name).digest(),
    receivedAtMs: Date.now(),
    occurredAtMs: Date.now(),
    bodyMac: Buffer.alloc(16, 1),
    stableMac: Buffer.alloc(16, 2),
    sealed: randomBytes(200),
    ...rest,
  };
}

/** What `scripts/record-upgrade.ts` has recorded of a release: into databases of this run, as if it had been left just now. */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { openDatabase as openSimulator } from '../../../simulator/state/database.js';
import { inTransaction, openDatabase } from '../../../src/store/connection/database.js';
import { ensureBodyPartitions } from '../../../src/store/bodies/bodyPartitions.js';
import { migrate } from '../../../src/store/migrate.js';
import { knownMigrations } from '../../../src/store/schemaFit.js';
import type { SourceState } from '../../../src/domain/source/source.js';
import { takeBack } from '../../support/migrations.js';
import { silentLog } from '../../support/store.js';
import type { LeftBehind } from '../../activities/installation.js';

type Row = Readonly<Record<string, unknown>>;

interface SimulatedObject {
  readonly kind: string;
  readonly org_id: string;
  readonly sandbox_name: string;
  readonly id: string;
  readonly sequence: number;
  readonly value: object;
}

export interface Recorded extends LeftBehind {
  readonly state: SourceState;
  readonly history: unknown;
  /** Lower case hex, in the order in which they were taken. */
  readonly eventIds: readonly string[];
}

/** @param sandbox a name of the test file's own: lakes are databases named after sandboxes */
export function recordedOf(version: string, sandbox: string): Recorded {
  const folder = fileURLToPath(new URL(`../../upgrades/v${version}/`, import.meta.url));
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const { migration = [], ...tables } = read('database.json') as Record<string, readonly Row[]>;
  const keyFile = join(mkdtempSync(join(tmpdir(), 'keys-')), 'keys.json');
  copyFileSync(join(folder, 'keys.json'), keyFile);
  chmodSync(keyFile, 0o600);
  const state = read('state.json') as SourceState;
  return {
    sandbox,
    keyFile,
    state: { ...state, manifest: { ...state.manifest, sandbox } },
    history: read('history.json'),
    eventIds: (tables['event_body'] ?? []).map((row) => String(row['event_id']).slice(2)),
    async load(databaseUrl, simulatorDatabase) {
      await loadDatabase(
        databaseUrl,
        migration.map((row) => String(row['name'])),
        tables,
      );
      const objects = read('simulator.json') as readonly SimulatedObject[];
      await loadSimulator(databaseUrl, simulatorDatabase, objects, sandbox);
    },
  };
}

async function loadDatabase(
  url: string,
  migrations: readonly string[],
  tables: Readonly<Record<string, readonly Row[]>>,
): Promise<void> {
  const database = openDatabase({ url, applicationName: 'test', log: silentLog });
  try {
    const since = (await knownMigrations()).filter((name) => !migrations.includes(name)).length;
    await takeBack(database, since);
    await ensureBodyPartitions(database);
    const ageMs = Date.now() - Date.parse(String(tables['receiver_report']?.[0]?.['reported_at']));
    await inTransaction(database, async (client) => {
      // Rows come as they were, whatever refers to what.
      await client.query(`set local session_replication_role = 'replica'`);
      for (const [table, rows] of Object.entries(tables)) {
        await client.query(
          `insert into ${table} overriding system value select * from json_populate_recordset(null::${table}, $1)`,
          [JSON.stringify(rows.map((row) => later(row, ageMs)))],
        );
      }
      await client.query(`select setval(pg_get_serial_sequence('source', 'id'), (select max(id) from source))`);
    });
    await migrate(database);
  } finally {
    await database.close();
  }
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)$/;

function later(row: Row, byMs: number): Row {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'string' && TIME.test(value) ? new Date(Date.parse(value) + byMs).toISOString() : value,
    ]),
  );
}

async function loadSimulator(
  url: string,
  name: string,
  objects: readonly SimulatedObject[],
  sandbox: string,
): Promise<void> {
  const database = await openSimulator(url, name, pino({ level: 'silent' }));
  try {
    await database.sink.write(
      objects.map(({ kind, org_id: orgId, sandbox_name: sandboxName, id, sequence, value }) => ({
        kind,
        scope: { orgId, sandboxName: sandboxName === '' ? '' : sandbox },
        id,
        sequence,
        json: JSON.stringify(value),
      })),
    );
  } finally {
    await database.close();
  }
}

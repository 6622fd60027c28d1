/**
 * Records what a release leaves behind, once: a live source with a backlog, as database, simulator, keys, and Temporal have it.
 * `test/e2e/upgrade.test.ts` goes on from there.
 *
 * Usage: `tsx scripts/record-upgrade.ts FOLDER` with a checkout of that release in which its dependencies are installed.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Client, Connection } from '@temporalio/client';
import { Client as Database } from 'pg';
import { KINDS } from '../src/domain/events/kinds.js';
import { packageFile } from '../src/process/packageFiles.js';

const NAME = 'support-chat';
const EACH = 3;

const release = process.argv[2] ?? '';
const { version } = JSON.parse(readFileSync(join(release, 'package.json'), 'utf8')) as { version: string };
const folder = packageFile(`test/upgrades/v${version}/`);
const home = mkdtempSync(join(tmpdir(), 'upgrade-'));
const environment = {
  ...process.env,
  CHATLIO_AEP_HOME: home,
  CHATLIO_AEP_TEMPORAL_PORT: '0',
  CHATLIO_AEP_TEMPORAL_UI_PORT: '0',
  CHATLIO_AEP_POSTGRES_PORT: '0',
  CHATLIO_AEP_SIMULATOR_PORT: '0',
  RECEIVER_PORT: '0',
};
const program = (entry: string, ...args: string[]) => ['--import', 'tsx', join(release, 'src', entry), ...args];

async function client(...args: string[]): Promise<void> {
  const options = { cwd: release, env: environment };
  console.log((await promisify(execFile)('node', program('client.ts', ...args), options)).stdout);
}

async function rowsOf(url: string, table: string): Promise<unknown[]> {
  const database = new Database({ connectionString: url });
  await database.connect();
  try {
    const { rows } = await database.query<{ row: unknown }>(`select row_to_json(t) as row from ${table} t`);
    return rows.map(({ row }) => row);
  } finally {
    await database.end();
  }
}

/** Of the tables that hold something: rows as JSON, which `json_populate_record` reads. */
async function tablesOf(url: string): Promise<Record<string, unknown[]>> {
  const database = new Database({ connectionString: url });
  await database.connect();
  const { rows } = await database.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by c.relname`,
  );
  await database.end();
  const tables: Record<string, unknown[]> = {};
  for (const { name } of rows) {
    const found = await rowsOf(url, name);
    if (found.length > 0) tables[name] = found;
  }
  return tables;
}

function write(file: string, value: unknown): void {
  writeFileSync(join(folder, file), `${JSON.stringify(value, null, 1)}\n`);
}

if (existsSync(folder)) throw new Error(`${folder} stands already: what a release leaves behind is recorded once`);
const stack = spawn('node', program('dev.ts'), {
  cwd: release,
  env: environment,
  stdio: ['ignore', 'inherit', 'inherit'],
});
try {
  const known = join(home, 'dev', 'environment.json');
  while (!existsSync(known)) await delay(500);
  const variables = JSON.parse(readFileSync(known, 'utf8')) as Record<string, string>;
  const manifest = join(home, 'support-chat.yaml');
  writeFileSync(
    manifest,
    `version: 1\nname: ${NAME}\nsandbox: prod\ndataset: {name: Chatlio support chat}\nchatlio: {widgets: [{key: main-site}]}\n`,
  );
  await client('provision', manifest);
  // Within the settle window nothing is sent: this is the backlog.
  for (const kind of KINDS) await client('send', NAME, kind, '--count', String(EACH));

  const databaseUrl = variables['DATABASE_URL'] ?? '';
  const temporal = new Client({
    connection: await Connection.connect({ address: variables['TEMPORAL_ADDRESS'] }),
    namespace: variables['TEMPORAL_NAMESPACE'] ?? 'default',
  });
  mkdirSync(folder, { recursive: true });
  const source = temporal.workflow.getHandle(`source:${NAME}`);
  write('state.json', await source.query('state'));
  write('history.json', JSON.parse(historyToJSON(await source.fetchHistory())));
  write('database.json', await tablesOf(databaseUrl));
  const simulator = new URL(databaseUrl);
  const own = (file: string) => readFileSync(join(home, 'simulator', 'postgres', file), 'utf8').trim();
  [simulator.port, simulator.password, simulator.pathname] = [own('port'), own('password'), '/adobe_simulator'];
  const objects = (await rowsOf(simulator.href, 'sim_objects')) as { readonly kind: string }[];
  write(
    'simulator.json',
    objects.filter(({ kind }) => !['clock', 'faults', 'policy', 'tokens'].includes(kind)),
  );
  write('keys.json', JSON.parse(readFileSync(join(home, 'keys.json'), 'utf8')));
  await temporal.connection.close();
} finally {
  stack.kill('SIGINT');
}

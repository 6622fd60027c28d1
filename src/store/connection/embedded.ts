/**
 * An embedded PostgreSQL: real binaries from npm, a data folder of ours, an ordinary durable server.
 *
 * The folder holds `cluster/` (PostgreSQL's own), `password`, `port` and `postgres.log`. The server listens on 127.0.0.1
 * only, has no unix socket, and leads a process group of its own so that a Ctrl-C meant for us does not reach it first.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { type CodedError, codedError } from '../../domain/errors.js';
import { endProcess, type Escalation } from '../../process/programs/end.js';
import { replaceFile } from '../../process/files/wholeFile.js';
import { commandLineOf, identityOf } from '../../process/programs/identity.js';
import { assertPortFree, freePort, isPortFree } from '../../process/ports.js';
import { startFault } from '../../process/systemFaults.js';
import { lastLinesOf, spawnServer, type ServerProcess } from '../../process/programs/server.js';
import { within } from '../../process/within.js';
import { findPostgresBinaries, unprivilegedLaunch, type UnprivilegedLaunch } from './postgresBinaries.js';

export interface EmbeddedPostgresOptions {
  /** Belongs to this server alone; a server that still runs on it is stopped first. */
  readonly dataDir: string;
  /** Made when absent. */
  readonly database?: string;
  /** Default: a free one, remembered in the folder and used again while it is free. */
  readonly port?: number;
  /** Takes one line for a person. */
  readonly log: (line: string) => void;
  /** Server settings by name. What makes a commit durable cannot be changed. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** With user and password: never print it. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends it cleanly; resolves when it has ended. */
  stop(): Promise<void>;
}

const USER = 'chatlio_aep';
/** Recovery after a kill replays at most max_wal_size of log: seconds on a laptop's disk, more on a slow one. */
const READY_TIMEOUT_MS = 120_000;
const READY_POLL_MS = 25;
/** After a kill -9 of the postmaster its children need a moment to notice; until then the memory is "still in use". */
const ORPHANS_TIMEOUT_MS = 20_000;
/** Fast shutdown, then immediate shutdown (PostgreSQL documentation, "Shutting Down the Server"). */
const SHUTDOWN: readonly Escalation[] = [
  { signal: 'SIGINT', graceMs: 30_000 },
  { signal: 'SIGQUIT', graceMs: 10_000 },
];

/** Nothing of ours: PG* variables and locales of the shell would change how the server behaves. */
const SERVER_ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const DEFAULT_SETTINGS: Readonly<Record<string, string>> = { jit: 'off', log_checkpoints: 'off', timezone: 'UTC' };
const FIXED_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
};

/**
 * Starts the server, making its folder on first use.
 *
 * @throws CodedError `CAEP_PORT_TAKEN` for a port that was asked for; `CAEP_POSTGRES_NOT_STARTED` with the log's last lines
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o755 });
  const dataDir = realpathSync(options.dataDir);
  const cluster = join(dataDir, 'cluster');
  const binaries = await findPostgresBinaries();
  const launch = unprivilegedLaunch([dataDir, binaries.postgres]);

  await stopRunningServer(cluster, options.log);
  const password = readOrMakePassword(dataDir, launch);
  if (!existsSync(cluster)) await initialise(binaries.initdb, dataDir, cluster, launch, options.log);

  const port = await choosePort(dataDir, options.port);
  const url = (database: string) => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings, ...FIXED_SETTINGS, port: String(port) };
  const server = await startUntilReady(binaries.postgres, { dataDir, cluster, launch, settings, url: url('postgres') });
  const database = options.database ?? USER;
  try {
    await createDatabase(url('postgres'), database);
    replaceFile(join(dataDir, 'port'), String(port));
  } catch (error) {
    await server.end(SHUTDOWN);
    throw error;
  }

  return {
    url: url(database),
    port,
    pid: server.pid,
    exited: server.exited,
    stop: () => server.end(SHUTDOWN),
  };
}

/**
 * Ends a server that a killed process of ours has left behind, and removes the pid file of one that is dead already.
 * PostgreSQL itself refuses to start when the pid in its file belongs to any process at all, as after a restart of a container.
 */
async function stopRunningServer(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const identity = identityOf(Number(readFileSync(pidFile, 'utf8').split('\n')[0]));
  if (identity !== undefined && commandLineOf(identity.pid)?.includes(cluster) === true) {
    log(`PostgreSQL is still running from an earlier start (pid ${identity.pid}); stopping it`);
    await endProcess(identity, SHUTDOWN);
  }
  rmSync(pidFile, { force: true });
}

function readOrMakePassword(dataDir: string, launch: UnprivilegedLaunch): string {
  const file = join(dataDir, 'password');
  if (!existsSync(file)) replaceFile(file, randomBytes(24).toString('base64url'));
  if (launch.owner !== undefined) chownSync(file, launch.owner.uid, launch.owner.gid);
  return readFileSync(file, 'utf8').trim();
}

/** Into a folder beside, renamed when complete: an interrupted first start leaves nothing half made. */
async function initialise(
  initdb: string,
  dataDir: string,
  cluster: string,
  launch: UnprivilegedLaunch,
  log: (line: string) => void,
): Promise<void> {
  log('Preparing PostgreSQL (first start, about 2 s)');
  const unfinished = `${cluster}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (launch.owner !== undefined) chownSync(unfinished, launch.owner.uid, launch.owner.gid);
  const { file, args, options } = launch.command(initdb, [
    `--pgdata=${unfinished}`,
    `--username=${USER}`,
    `--pwfile=${join(dataDir, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The built-in provider is the same on every operating system; the C library's locales are not.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]);
  const child = spawn(file, args, {
    ...options,
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: SERVER_ENVIRONMENT,
  });
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw faultOfInitdb(printed, dataDir);
  renameSync(unfinished, cluster);
}

/** @param printed all of it: what went wrong stands above what initdb says last, that it has tidied up */
export function faultOfInitdb(printed: string, dataDir: string): CodedError {
  const [, uid] = /could not look up effective user ID (\d+)/.exec(printed) ?? [];
  const reason =
    uid === undefined
      ? `initdb: ${printed.trim().split('\n').slice(-3).join(' | ')}`
      : `this process runs as user ${uid}, who has no name in /etc/passwd, which PostgreSQL needs`;
  return startFault('CAEP_POSTGRES_NOT_STARTED', printed, dataDir, reason);
}

async function choosePort(dataDir: string, asked: number | undefined): Promise<number> {
  if (asked !== undefined && asked !== 0) {
    await assertPortFree(asked, 'PostgreSQL', 'another port');
    return asked;
  }
  const file = join(dataDir, 'port');
  const remembered = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return remembered > 0 && (await isPortFree(remembered)) ? remembered : freePort();
}

interface ServerStart {
  readonly dataDir: string;
  readonly cluster: string;
  readonly launch: UnprivilegedLaunch;
  readonly settings: Readonly<Record<string, string>>;
  readonly url: string;
}

async function startUntilReady(postgres: string, start: ServerStart): Promise<ServerProcess> {
  const logFile = join(start.dataDir, 'postgres.log');
  const orphansDeadline = performance.now() + ORPHANS_TIMEOUT_MS;
  for (;;) {
    const settings = Object.entries(start.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const { file, args, options } = start.launch.command(postgres, ['-D', start.cluster, ...settings]);
    const server = spawnServer(file, args, { ...options, cwd: start.dataDir, env: SERVER_ENVIRONMENT, logFile });
    if (await becomesReady(server, start.url)) return server;
    const said = lastLinesOf(logFile);
    const orphansHoldMemory = said.includes('still in use') && performance.now() < orphansDeadline;
    if (!orphansHoldMemory) throw startFault('CAEP_POSTGRES_NOT_STARTED', said, start.dataDir);
    await delay(READY_POLL_MS * 10);
  }
}

/** Ready means that it answers a query; false means that it has ended instead. */
async function becomesReady(server: ServerProcess, url: string): Promise<boolean> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!server.hasExited()) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch (cause) {
      if (performance.now() > deadline) {
        throw codedError('CAEP_POSTGRES_NOT_STARTED', { reason: 'it did not become ready in time' }, { cause });
      }
    } finally {
      await client.end().catch(() => undefined);
    }
    await within(READY_POLL_MS, server.exited, () => undefined);
  }
  return false;
}

/** Made where it is missing. @param url of another database of that server */
export async function createDatabase(url: string, database: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

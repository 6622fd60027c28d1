/** A PostgreSQL on a folder of the embedded one, with whatever settings: also those that ours does not allow. */
import { join } from 'node:path';
import { findPostgresBinaries, unprivilegedLaunch } from '../../src/store/connection/postgresBinaries.js';
import { type ServerProcess, spawnServer } from '../../src/process/programs/server.js';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

export interface PlainPostgres {
  readonly pid: number;
  stop(signal?: 'SIGINT' | 'SIGKILL'): Promise<void>;
}

/** @param url with the port to listen on. Resolves when it takes connections */
export async function startPlainPostgres(
  dataDir: string,
  url: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PlainPostgres> {
  const { postgres } = await findPostgresBinaries();
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: new URL(url).port, ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const launch = unprivilegedLaunch([dataDir, postgres]);
  const command = launch.command(postgres, ['-D', join(dataDir, 'cluster'), ...options]);
  const server = spawnServer(command.file, command.args, {
    ...command.options,
    cwd: dataDir,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    logFile: join(dataDir, 'plain.log'),
  });
  await untilReady(server, url);
  return {
    pid: server.pid,
    stop: (signal = 'SIGINT') => server.end([{ signal, graceMs: 20_000 }]),
  };
}

async function untilReady(server: ServerProcess, url: string): Promise<void> {
  while (!server.hasExited()) {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    const isReady = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (isReady) return;
    await delay(25);
  }
  throw new Error('PostgreSQL has ended');
}

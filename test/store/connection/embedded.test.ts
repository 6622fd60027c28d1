import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identityOf, isRunning } from '../../../src/process/programs/identity.js';
import { freePort } from '../../../src/process/ports.js';
import {
  type EmbeddedPostgresOptions,
  faultOfInitdb,
  startEmbeddedPostgres,
} from '../../../src/store/connection/embedded.js';
import { temporaryFolder } from '../../support/processes.js';

async function start(dataDir: string, more: Partial<EmbeddedPostgresOptions> = {}) {
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined, ...more });
  onTestFinished(() => server.stop());
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ value: unknown }>(text)).rows.map((row) => row.value);
  } finally {
    await client.end();
  }
}

const setting = (name: string) => `select current_setting('${name}') as value`;

describe('initdb that fails', () => {
  it.each([
    [
      'of a full disk, above its last words',
      'FATAL:  could not extend file "base/1/1249": No space left on device\nHINT:  Check free disk space.\nchild process exited with exit code 1\ninitdb: removing contents of data directory\ninitdb: data directory "x" not removed',
      'CAEP_DISK_FULL',
      /\/srv\/home/,
    ],
    [
      'of a user without a name',
      'initdb: error: could not look up effective user ID 12345: user does not exist',
      'CAEP_POSTGRES_NOT_STARTED',
      /user 12345, who has no name/,
    ],
    ['of something else', 'one\ntwo\nthree\nfour', 'CAEP_POSTGRES_NOT_STARTED', /initdb: two \| three \| four/],
  ])('%s', (_case, printed, code, told) => {
    expect(faultOfInitdb(printed, '/srv/home').error.code).toBe(code);
    expect(faultOfInitdb(printed, '/srv/home').message).toMatch(told);
  });
});

describe('the embedded PostgreSQL', () => {
  it('keeps its data over a clean stop and over a kill -9, on the same port', async () => {
    const dataDir = join(temporaryFolder(), 'postgres');
    const first = await start(dataDir);
    await query(first.url, 'create table kept as select 1 as value');
    await first.stop();

    const second = await start(dataDir);
    expect(second.port).toBe(first.port);
    await query(second.url, 'insert into kept values (2)');
    process.kill(second.pid, 'SIGKILL');
    await second.exited;

    const third = await start(dataDir);
    expect(await query(third.url, 'select value from kept order by 1')).toEqual([1, 2]);
    expect(third.url).toBe(first.url);
  });

  it('stops a server that a killed process has left running on the same folder', async () => {
    const dataDir = join(temporaryFolder(), 'postgres');
    const left = await start(dataDir);
    const identity = identityOf(left.pid);
    const next = await start(dataDir);
    expect(identity !== undefined && isRunning(identity)).toBe(false);
    expect(await query(next.url, 'select 1 as value')).toEqual([1]);
  });

  it('leaves no server behind where its folder takes nothing more', async () => {
    const dataDir = join(temporaryFolder(), 'postgres');
    mkdirSync(join(dataDir, 'port'), { recursive: true });
    await expect(start(dataDir, { port: await freePort() })).rejects.toThrow('EISDIR');
    expect(existsSync(join(dataDir, 'cluster', 'PG_VERSION'))).toBe(true);
    expect(existsSync(join(dataDir, 'cluster', 'postmaster.pid'))).toBe(false);
  });

  it('takes no notice of a pid file whose pid has become somebody else’s', async () => {
    const dataDir = join(temporaryFolder(), 'postgres');
    const first = await start(dataDir);
    await first.stop();
    // This very process: alive, and not PostgreSQL.
    writeFileSync(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${dataDir}\n1\n5432\n\n127.0.0.1\n`);
    const second = await start(dataDir);
    expect(await query(second.url, 'select 1 as value')).toEqual([1]);
  });

  it('starts in a folder that is closed to everybody else', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o700);
    const server = await start(join(folder, 'postgres'));
    expect(await query(server.url, 'select 1 as value')).toEqual([1]);
  });

  it('listens on loopback only, asks for the password, and speaks UTF-8 on every machine', async () => {
    const server = await start(join(temporaryFolder(), 'postgres'));
    expect(await query(server.url, setting('listen_addresses'))).toEqual(['127.0.0.1']);
    expect(await query(server.url, setting('unix_socket_directories'))).toEqual(['']);
    expect(await query(server.url, setting('server_encoding'))).toEqual(['UTF8']);
    const locale = 'select datlocale as value from pg_database where datname = current_database()';
    expect(await query(server.url, locale)).toEqual(['C.UTF-8']);
    const guess = Object.assign(new URL(server.url), { password: 'guess' }).href;
    await expect(query(guess, 'select 1 as value')).rejects.toThrow(/password authentication failed/);
  });

  it('takes settings, but none that would make a commit less than durable', async () => {
    const settings = { max_connections: '33', fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
    const server = await start(join(temporaryFolder(), 'postgres'), { settings });
    expect(await query(server.url, setting('max_connections'))).toEqual(['33']);
    for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      expect({ [name]: await query(server.url, setting(name)) }).toEqual({ [name]: ['on'] });
    }
  });

  it('says which port is taken', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    onTestFinished(() => void stranger.close());
    const address = stranger.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const taken = startEmbeddedPostgres({ dataDir: join(temporaryFolder(), 'postgres'), port, log: () => undefined });
    await expect(taken).rejects.toMatchObject({
      error: { code: 'CAEP_PORT_TAKEN', fields: { port: String(port), service: 'PostgreSQL' } },
    });
  });

  it('says with the server’s own words why it does not start', async () => {
    const settings = { max_connections: 'many' };
    const refused = startEmbeddedPostgres({ dataDir: join(temporaryFolder(), 'pg'), log: () => undefined, settings });
    await expect(refused).rejects.toMatchObject({ error: { code: 'CAEP_POSTGRES_NOT_STARTED' } });
    await expect(refused).rejects.toThrow(/max_connections/);
  });
});

import { createServer } from 'node:net';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identityOf, isRunning } from '../../src/process/programs/identity.js';
import { temporaryFolder } from '../support/processes.js';
import { processesOf, spawnStack, STACK_TIMEOUT_MS, stackEnvironmentOf } from '../support/stack.js';

const READY = 'Everything is running';

async function query(text: string, home: string): Promise<unknown> {
  const client = new Client({ connectionString: stackEnvironmentOf(home)['DATABASE_URL'] });
  await client.connect();
  try {
    return (await client.query<{ value: unknown }>(text)).rows[0]?.value;
  } finally {
    await client.end();
  }
}

const HAS_PROC = existsSync('/proc/self/environ');
const environmentOf = (pid: number) => (HAS_PROC ? readFileSync(`/proc/${pid}/environ`, 'utf8') : '');
const pidOf = (home: string, name: string) => processesOf(home).find((entry) => entry.name === name)?.pid ?? 0;

describe('npm start', () => {
  it(
    'brings everything up, refuses a second copy, restarts what dies, and ends everything on Ctrl-C',
    async () => {
      const home = temporaryFolder();
      const stack = spawnStack(home);
      await stack.waitFor(READY);
      const places = stackEnvironmentOf(home);
      const shown = [places['TEMPORAL_UI_URL'], places['RECEIVER_PUBLIC_URL'], places['SIMULATOR_ADMIN_URL']];
      await expect.poll(() => shown.filter((url) => !stack.output().includes(url ?? 'a URL'))).toEqual([]);
      const probed = [
        places['TEMPORAL_UI_URL'],
        `${places['RECEIVER_PUBLIC_URL']}/healthz`,
        places['SIMULATOR_ADMIN_URL'],
      ];
      const statuses = await Promise.all(probed.map(async (url) => (await fetch(url ?? '')).status));
      expect(statuses).toEqual([200, 200, 200]);

      const knowing = processesOf(home).filter(({ pid }) => environmentOf(pid).includes('ADOBE_CLIENT_SECRET='));
      expect(knowing.map(({ name }) => name)).toEqual(HAS_PROC ? ['worker'] : []);

      const second = spawnStack(home);
      expect(await second.exitCode).toBe(4);
      expect(second.output()).toContain(`Another copy is already running here (pid ${stack.pid})`);

      await query('create table kept as select 42 as value', home);
      process.kill(pidOf(home, 'postgres'), 'SIGKILL');
      process.kill(pidOf(home, 'worker'), 'SIGKILL');
      await stack.waitFor('postgres is running again');
      await stack.waitFor('worker is running again');
      expect(await query('select value from kept', home)).toBe(42);

      const running = processesOf(home);
      expect(running.map(({ name }) => name).toSorted()).toEqual([
        'postgres',
        'receiver',
        'simulator',
        'temporal',
        'worker',
      ]);
      // One press of Ctrl-C under npm, which passes on what the terminal has given us already.
      process.kill(stack.pid, 'SIGINT');
      await stack.waitFor('Stopping everything');
      expect(await stack.end('SIGINT')).toBe(0);
      expect(running.filter((entry) => isRunning(entry))).toEqual([]);
    },
    STACK_TIMEOUT_MS,
  );

  it(
    'ends what a killed start has left behind, and goes on with its data',
    async () => {
      const home = temporaryFolder();
      const first = spawnStack(home);
      await first.waitFor(READY);
      await query('create table kept as select 42 as value', home);
      const left = processesOf(home);
      await first.end('SIGKILL');
      expect(left.filter((entry) => isRunning(entry))).toEqual(left);

      const second = spawnStack(home);
      await second.waitFor(READY);
      expect(second.output()).toContain('left over from a start that was killed');
      expect(left.filter((entry) => isRunning(entry))).toEqual([]);
      expect(await query('select value from kept', home)).toBe(42);
      expect(await second.end('SIGTERM')).toBe(0);
    },
    STACK_TIMEOUT_MS,
  );

  it(
    'leaves nothing running where the others cannot be told how it is reached',
    async () => {
      const home = temporaryFolder();
      mkdirSync(join(home, 'dev', 'environment.json'), { recursive: true });
      const stack = spawnStack(home);
      expect(await stack.exitCode).toBe(4);
      expect(stack.output()).toContain('environment.json');
      expect(processesOf(home)).toHaveLength(5);
      expect(processesOf(home).filter((entry) => isRunning(entry))).toEqual([]);
    },
    STACK_TIMEOUT_MS,
  );

  it(
    'says which port is taken before it starts anything',
    async () => {
      const stranger = createServer().listen(0, '127.0.0.1');
      await once(stranger, 'listening');
      onTestFinished(() => void stranger.close());
      const address = stranger.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const home = temporaryFolder();
      const stack = spawnStack(home, { RECEIVER_PORT: String(port) });
      expect(await stack.exitCode).toBe(4);
      expect(stack.output()).toContain(`Port ${port}, needed for the receiver, is already in use.`);
      expect(stack.output()).toContain('RECEIVER_PORT');
      expect(processesOf(home)).toEqual([]);
      expect(identityOf(stack.pid)).toBeUndefined();
    },
    STACK_TIMEOUT_MS,
  );
});

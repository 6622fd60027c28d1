/** Every program of ours, with an output that cannot be written: a full disk, or a pipe whose reader has gone. */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { entryCommand } from '../../src/process/programs/entry.js';
import { createProcessLog } from '../../src/process/log.js';
import { freePort } from '../../src/process/ports.js';
import { type KeyRing, openKeyRing } from '../../src/store/keys/keyRing.js';
import { createRoutes } from '../../src/store/sources/routes.js';
import { pathOf } from '../receiver/receiver.js';
import { killGroup, spawnProgram, temporaryFolder } from '../support/processes.js';
import { withNamespace } from '../support/namespace.js';
import { FREE_PORTS } from '../support/freePorts.js';
import { killLeftoversAfterTest, STACK_TIMEOUT_MS, stackEnvironmentOf } from '../support/stack.js';
import { freshSource, withDatabase } from '../support/store.js';
import { withTemporal } from '../support/temporal.js';

const database = withDatabase();
const temporal = withTemporal();
const namespace = withNamespace(temporal);
let keyFile: string;
let keyRing: KeyRing;

beforeAll(async () => {
  keyFile = join(await mkdtemp(join(tmpdir(), 'caep-lost-output-')), 'keys.json');
  keyRing = await openKeyRing(keyFile, { create: true });
});

type Loss = 'on a full disk' | 'with no reader' | 'with a reader that stands still';
const LOSSES: readonly Loss[] = ['on a full disk', 'with no reader', 'with a reader that stands still'];

/** Both streams of the program are of that kind. */
function spawnWithout(loss: Loss, entry: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
  const command = entryCommand(entry);
  const to = loss === 'on a full disk' ? openSync('/dev/full', 'w') : 'pipe';
  const child = spawn(command.file, [...command.args, ...args], {
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', to, to],
  });
  onTestFinished(() => killGroup(child.pid as number));
  for (const stream of [child.stdout, child.stderr]) if (loss === 'with no reader') stream?.destroy();
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, exited };
}

/** What a program has to say at every event: more than any pipe holds. */
const LONG = 'x'.repeat(8_000);

describe.each(LOSSES)('%s', (loss) => {
  it('the receiver takes webhooks, serves its metrics, and ends when it is told to', { timeout: 60_000 }, async () => {
    const home = temporaryFolder();
    const sourceId = await freshSource(database(), 1);
    const path = pathOf(
      await createRoutes(database(), keyRing, sourceId, [{ key: LONG, kinds: ['feedback'] }]),
      'feedback',
    );
    const [port, metricsPort] = [await freePort(), await freePort()];
    const { child, exited } = spawnWithout(loss, 'src/receiver', [], {
      CHATLIO_AEP_HOME: home,
      CHATLIO_AEP_KEY_FILE: keyFile,
      DATABASE_URL: database().pool.options.connectionString,
      RECEIVER_PORT: String(port),
      RECEIVER_METRICS_PORT: String(metricsPort),
      LOG_LEVEL: 'info',
    });
    const get = async (url: string) => (await request(url)).body.text();
    await expect
      .poll(() => get(`http://127.0.0.1:${port}/readyz`).catch(() => ''), { timeout: 30_000 })
      .toContain('ready');
    // Each is held, which is logged with the name of its widget.
    for (let count = 0; count < 400; count += 1) {
      const response = await request(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: `no event ${count}` });
      expect(response.statusCode).toBe(200);
      await response.body.dump();
    }
    const metrics = await get(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(Number(/chatlio_aep_log_lines_lost_total (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(100);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  it('the worker serves, and ends when it is told to', { timeout: 120_000 }, async () => {
    const home = temporaryFolder();
    const metricsPort = await freePort();
    const nowhere = 'http://127.0.0.1:1';
    const { child, exited } = spawnWithout(loss, 'src/worker', [], {
      CHATLIO_AEP_HOME: home,
      CHATLIO_AEP_KEY_FILE: keyFile,
      DATABASE_URL: database().pool.options.connectionString,
      TEMPORAL_ADDRESS: temporal().address,
      TEMPORAL_NAMESPACE: namespace().options.namespace,
      ADOBE_CLIENT_ID: 'client',
      ADOBE_CLIENT_SECRET: 'secret',
      ADOBE_ORG_ID: 'org@AdobeOrg',
      ADOBE_IMS_URL: nowhere,
      ADOBE_PLATFORM_URL: nowhere,
      WORKER_METRICS_PORT: String(metricsPort),
      LOG_LEVEL: 'debug',
    });
    const polling = async () =>
      (await (await request(`http://127.0.0.1:${metricsPort}/metrics`)).body.text()).includes('temporal_num_pollers');
    await expect.poll(() => polling().catch(() => false), { timeout: 90_000 }).toBe(true);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});

describe('a command', () => {
  it.each([
    ['on a full disk', 1],
    ['with no reader', 141],
  ] as const)('%s ends with a code that says so, and no stack', { timeout: 30_000 }, async (loss, exitCode) => {
    const { exited } = spawnWithout(loss, 'src/client', ['--help'], {});
    expect(await exited).toBe(exitCode);
  });

  it('says on stderr that its output is lost', { timeout: 30_000 }, async () => {
    const { file, args } = entryCommand('src/client');
    const program = spawnProgram('sh', ['-c', 'exec "$0" "$@" >/dev/full', file, ...args, '--help'], {});
    expect(await program.exitCode).toBe(1);
    expect(program.output()).toContain('CAEP_OUTPUT_NOT_WRITTEN');
    expect(program.output()).not.toMatch(/^ {4}at /m);
  });
});

describe('the whole stack', () => {
  it('runs and ends where nothing of what it says can be written', { timeout: STACK_TIMEOUT_MS }, async () => {
    const home = temporaryFolder();
    killLeftoversAfterTest(home);
    const { child, exited } = spawnWithout('with no reader', 'src/dev', [], { ...FREE_PORTS, CHATLIO_AEP_HOME: home });
    const started = () => existsSync(join(home, 'dev', 'environment.json'));
    await expect.poll(started, { timeout: STACK_TIMEOUT_MS }).toBe(true);
    const response = await request(`${stackEnvironmentOf(home)['RECEIVER_PUBLIC_URL']}/readyz`);
    expect(await response.body.text()).toContain('ready');
    child.kill('SIGINT');
    expect(await exited).toBe(0);
  });
});

describe('the log of a process', () => {
  function disk() {
    const written: Record<string, unknown>[] = [];
    let isFull = false;
    // As standard output does it: each write is tried, whatever became of the one before.
    const stream = Object.assign(new EventEmitter(), {
      writableLength: 0,
      write(line: string, done: (error?: Error) => void) {
        const error = isFull ? new Error('ENOSPC: no space left on device, write') : undefined;
        if (error === undefined) written.push(JSON.parse(line) as Record<string, unknown>);
        else stream.emit('error', error);
        done(error);
        return true;
      },
    });
    return { stream, written, fill: (full: boolean) => (isFull = full) };
  }

  it('counts what it has lost, and says how much as soon as it can', async () => {
    const { stream, written, fill } = disk();
    const { log, lostLines } = createProcessLog({ level: 'info', stream });
    log.info('before');
    fill(true);
    log.info('lost');
    log.info('lost as well');
    expect(lostLines()).toBe(2);
    fill(false);
    log.info('after');
    log.info('later');
    expect(written.map(({ msg, lostLines: lines }) => [msg, lines])).toEqual([
      ['before', undefined],
      ['after', undefined],
      ['lines of this log could not be written and are lost', 2],
      ['later', undefined],
    ]);
  });
});

/** How a worker and a receiver end: within a bound, whatever does not answer, whole only if they were asked to, and with the reason. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TASK_QUEUES } from '../../src/domain/source/source.js';
import { ENDS_WITHIN_MS } from '../../src/process/ending.js';
import { freePort } from '../../src/process/ports.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { type Cuttable, cuttable } from '../support/cuttable.js';
import { withNamespace } from '../support/namespace.js';
import { type SpawnedProgram, spawnEntry } from '../support/processes.js';
import { withDatabase } from '../support/store.js';
import { withTemporal } from '../support/temporal.js';

const temporal = withTemporal();
const namespace = withNamespace(temporal);
const database = withDatabase();

vi.setConfig({ testTimeout: 180_000 });

interface Started extends SpawnedProgram {
  readonly toTemporal: Cuttable;
  readonly toDatabase: Cuttable;
}

/** On connections that can be made to fail; Adobe never answers. */
async function start(entry: 'src/worker' | 'src/receiver', environment: NodeJS.ProcessEnv = {}): Promise<Started> {
  const [host = '', port] = temporal().address.split(':');
  const toTemporal = await cuttable({ host, port: Number(port) });
  const url = new URL(database().pool.options.connectionString ?? '');
  const toDatabase = await cuttable({ host: url.hostname, port: Number(url.port) });
  const adobe = `http://127.0.0.1:${await listening(createServer(() => undefined))}`;
  const program = spawnEntry(entry, [], {
    CHATLIO_AEP_HOME: home,
    DATABASE_URL: Object.assign(new URL(url), { host: `127.0.0.1:${toDatabase.port}` }).href,
    TEMPORAL_ADDRESS: `127.0.0.1:${toTemporal.port}`,
    TEMPORAL_NAMESPACE: namespace().options.namespace,
    ADOBE_CLIENT_ID: 'client',
    ADOBE_CLIENT_SECRET: 'secret',
    ADOBE_ORG_ID: 'org@AdobeOrg',
    ADOBE_IMS_URL: adobe,
    ADOBE_PLATFORM_URL: adobe,
    ADOBE_REQUEST_TIMEOUT_MS: '600000',
    RECEIVER_PORT: '0',
    ...environment,
  });
  return { ...program, toTemporal, toDatabase };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Asks it to end. */
async function end(program: SpawnedProgram) {
  const askedMs = performance.now();
  const code = await program.end('SIGTERM');
  return { code, ms: performance.now() - askedMs, said: program.output() };
}

/** One installation for all tests: a database knows its keys. */
const home = mkdtempSync(join(tmpdir(), 'chatlio-aep-test-'));
beforeAll(() => openKeyRing(join(home, 'keys.json'), { create: true }));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('a process that is asked to end', () => {
  it('ends whole, and soon, when nothing is under way', async () => {
    const [worker, receiver] = await Promise.all([start('src/worker'), start('src/receiver')]);
    await Promise.all([worker.waitFor('"msg":"ready"'), receiver.waitFor('"msg":"ready"')]);
    for (const { code, ms, said } of await Promise.all([end(worker), end(receiver)])) {
      expect([code, said]).toEqual([0, expect.not.stringContaining('CAEP_')]);
      expect(ms).toBeLessThan(5_000);
    }
  });

  it('ends at once before it serves', async () => {
    const worker = await start('src/worker');
    await worker.waitFor('database ready');
    const { code, ms } = await end(worker);
    expect([code, ms < 1_000]).toEqual([0, true]);
  });

  it('ends within the bound, whatever does not answer, and says what has not ended', async () => {
    const ofAdobe = await start('src/worker');
    const { workflow } = namespace();
    const workflowId = `inquiry:accounts:${randomUUID()}`;
    const args = [{ ask: 'accounts', sandbox: 'prod' }];
    const asked = await workflow.start('inquiry', { taskQueue: TASK_QUEUES.source, workflowId, args });
    const begun = async () => (await asked.describe()).raw.pendingActivities?.[0]?.lastStartedTime;
    await expect.poll(begun, { timeout: 60_000 }).toBeTruthy();
    const others = await Promise.all([start('src/worker'), start('src/worker'), start('src/receiver')]);
    for (const program of others) await program.waitFor('"msg":"ready"');
    const [ofTemporal, ofDatabase, receiver] = others;
    ofTemporal.toTemporal.stall();
    ofDatabase.toDatabase.stall();
    receiver.toDatabase.stall();

    const programs = [ofAdobe, ...others];
    const ended = await Promise.all(programs.map(end));
    for (const { ms } of ended) expect(ms).toBeLessThan(ENDS_WITHIN_MS);
    const left = ended.map(
      ({ said }) => /after 25 s this had not ended: (.*)\. {2}CAEP_END_INCOMPLETE/.exec(said)?.[1],
    );
    expect(left.slice(0, 2)).toEqual([
      expect.stringMatching(`^activities of ${TASK_QUEUES.source} \\(1\\)`),
      expect.stringContaining(`Temporal’s answer to the end of ${TASK_QUEUES.forwarder}`),
    ]);
    // Statements are given up after 11 s, so that the others may end whole just in time.
    expect(ended.map(({ code }) => code)).toEqual(left.map((parts) => (parts === undefined ? 0 : 1)));
  });
});

describe('a later release that changes the tables so that this one must not write to them', () => {
  const changed = withDatabase();

  it('ends the worker, and no other one starts; a receiver goes on without writing', async () => {
    const DATABASE_URL = changed().pool.options.connectionString;
    const metricsPort = await freePort();
    const worker = await start('src/worker', { DATABASE_URL, WORKER_METRICS_PORT: String(metricsPort) });
    const receiver = await start('src/receiver', { DATABASE_URL });
    await Promise.all([worker.waitFor('"msg":"ready"'), receiver.waitFor('"msg":"ready"')]);
    const receiverUrl = /"url":"(http:[^"]*)"/.exec(receiver.output())?.[1];
    const readiness = async (url: string) => {
      const answer = await fetch(`${url}/readyz`);
      return [answer.status, await answer.json()];
    };
    const isReady = [200, { v: 1, status: 'ready', reasons: [], warnings: [] }];
    expect(await readiness(`http://127.0.0.1:${metricsPort}`)).toEqual(isReady);
    expect(await readiness(`${receiverUrl}`)).toEqual(isReady);

    await changed().pool.query('select raise_schema_floor($1)', ['9999_of-a-later-release']);
    expect([await worker.exitCode, worker.output()]).toEqual([4, expect.stringContaining('CAEP_SCHEMA_NEWER')]);
    const warnings = [{ check: 'schema', code: 'CAEP_SCHEMA_NEWER' }];
    await expect
      .poll(() => readiness(`${receiverUrl}`), { timeout: 60_000 })
      .toEqual([200, { v: 1, status: 'spooling', reasons: [], warnings }]);
    const late = await start('src/worker', { DATABASE_URL });
    expect([await late.exitCode, late.output()]).toEqual([4, expect.stringContaining('CAEP_SCHEMA_NEWER')]);
    expect((await end(receiver)).code).toBe(0);
  });
});

describe('a worker that may not poll any more', () => {
  /** Temporal takes no call any more. */
  async function refusing(status: number, message: string): Promise<number> {
    const server = createHttp2Server();
    const refusal = { 'grpc-status': String(status), 'grpc-message': message };
    const headers = { ':status': 200, 'content-type': 'application/grpc', ...refusal };
    server.on('stream', (stream) => stream.respond(headers, { endStream: true }));
    return listening(server);
  }

  it('ends by itself, with the reason', async () => {
    const refusals = [
      { port: await refusing(7, 'Request unauthorized.'), told: /Request unauthorized\..*CAEP_TEMPORAL_REFUSED/ },
      {
        port: await refusing(5, 'Namespace is not found.'),
        told: /has no namespace .*CAEP_TEMPORAL_NAMESPACE_UNKNOWN/,
      },
    ];
    const workers = await Promise.all(refusals.map(() => start('src/worker')));
    for (const worker of workers) await worker.waitFor('"msg":"ready"');
    for (const [n, worker] of workers.entries()) worker.toTemporal.divert(refusals[n]?.port ?? 0);
    for (const [n, worker] of workers.entries()) {
      expect([await worker.exitCode, worker.output()]).toEqual([4, expect.stringMatching(refusals[n]?.told ?? /^$/)]);
    }
  });
});

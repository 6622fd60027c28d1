import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { spawnEntry } from '../support/processes.js';
import { flowBody, makeParts, sourceConnectionBody } from './provisioned.js';
import { asClient, FLOW_SERVICE, send, type Simulated } from './simulated.js';

interface Ready {
  readonly baseUrl: string;
  readonly adminApiUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly sandboxNames: readonly string[];
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startProgram(dataDir: string, args: readonly string[] = []) {
  const program = spawnEntry('simulator/main', ['--port', '0', '--data-dir', dataDir, '--output', 'json', ...args], {});
  await program.waitFor('"msg":"ready"');
  const line = program
    .output()
    .split('\n')
    .find((one) => one.includes('"msg":"ready"'));
  return { program, ready: JSON.parse(line ?? '') as Ready };
}

/** A client that knows only what the program prints. */
function connect({ baseUrl, environment, sandboxNames }: Ready) {
  const credentials = {
    clientId: environment['ADOBE_CLIENT_ID'] ?? '',
    clientSecrets: [environment['ADOBE_CLIENT_SECRET'] ?? ''],
    orgId: environment['ADOBE_ORG_ID'] ?? '',
    scopes: environment['ADOBE_SCOPES'] ?? '',
    tenantId: 'acmetenant',
    sandboxNames,
  };
  const admin = {
    advance: async (advanceMs: number) => {
      await send(baseUrl, 'POST', '/__sim/api/clock', { body: { advanceMs } });
    },
  } as unknown as Simulated['admin'];
  return asClient({ port: 0, baseUrl, queryServiceUrl: '', credentials, admin, close: () => Promise.resolve() });
}

test('what was answered is there after a kill, and what was under way goes on', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const first = await startProgram(folder, ['--policy', 'flowActivationDelayMs=60000']);
  const client = await connect(first.ready);
  const parts = await makeParts(client);
  const rule = { match: { route: 'ims.token' }, fault: { kind: 'status', status: 503 }, nth: 5 };
  await send(first.ready.baseUrl, 'POST', '/__sim/api/faults', { body: rule });
  // Writers that note every id they were told, until the connection breaks in the middle.
  const answered: string[] = [];
  const killed = new AbortController();
  const writers = Array.from({ length: 4 }, async () => {
    while (!killed.signal.aborted) {
      const made = await client
        .call('POST', `${FLOW_SERVICE}/sourceConnections`, { body: sourceConnectionBody() })
        .catch(() => undefined);
      if (made?.status === 201) answered.push(made.json['id']);
    }
  });
  await expect.poll(() => answered.length, { timeout: 20_000 }).toBeGreaterThan(40);
  const flow = await client.call('POST', `${FLOW_SERVICE}/flows`, { body: flowBody(parts) });
  await first.program.end('SIGKILL');
  killed.abort();
  await Promise.all(writers);

  const second = await startProgram(folder);
  const again = { ...(await connect(second.ready)), token: client.token };
  const statuses = await Promise.all(
    answered.map(async (id) => (await again.call('GET', `${FLOW_SERVICE}/sourceConnections/${id}`)).status),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  const path = `${FLOW_SERVICE}/flows/${flow.json['id']}`;
  expect((await again.call('GET', path)).json['items'][0]['state']).toBe('initializing');
  await again.admin.advance(60_000);
  const enabled = (await again.call('GET', path)).json['items'][0];
  expect(enabled['state']).toBe('enabled');
  expect(enabled['options']['inletUrl']).toContain(`${second.ready.baseUrl}/collection/`);
  // The fault counts on where it stood: one token before it was placed, one after the restart.
  const faults = (await send(second.ready.baseUrl, 'GET', '/__sim/api/faults')).json;
  expect(faults).toMatchObject([{ rule, seen: 1, hits: 0 }]);
  expect(await second.program.end('SIGTERM')).toBe(0);
});

test('a taken port and a wrong policy are said in one sentence each', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  onTestFinished(() => void holder.close());
  const { port } = holder.address() as AddressInfo;
  const taken = spawnEntry('simulator/main', ['--port', String(port), '--data-dir', folder], {});
  expect(await taken.exitCode).toBe(4);
  expect(taken.output()).toContain(`CAEP_PORT_TAKEN: Port ${port}, needed for the simulator, is already in use.`);
  const wrong = spawnEntry('simulator/main', ['--port', '0', '--data-dir', folder, '--policy', 'moonPhase=full'], {});
  expect(await wrong.exitCode).toBe(4);
  expect(wrong.output()).toContain('there is no policy named moonPhase');
});

test('people are shown the base URL, the credentials and the page; a second copy on the same folder is refused', {
  timeout: 60_000,
}, async () => {
  const folder = temporaryFolder();
  const program = spawnEntry(
    'simulator/main',
    ['--port', '0', '--data-dir', folder, '--public-url', 'http://adobe.test/'],
    {},
  );
  await program.waitFor('Ctrl-C ends it');
  expect(program.output()).toContain('Adobe simulator at http://adobe.test\n');
  expect(program.output()).toContain("export ADOBE_IMS_URL='http://adobe.test'");
  expect(program.output()).toContain('http://adobe.test/__sim');
  const second = spawnEntry('simulator/main', ['--port', '0', '--data-dir', folder], {});
  expect(await second.exitCode).toBe(4);
  expect(second.output()).toContain(`CAEP_ALREADY_RUNNING: Another copy is already running here (pid ${program.pid}).`);
  expect(await program.end('SIGINT')).toBe(0);
});

test.each([
  ['--port=x', "argument 'x' is invalid"],
  ['--policy=moonPhase=full', 'there is no policy named moonPhase'],
])('a call with %s, which is wrong, is told as a document to whoever asks for JSON', async (wrong, told) => {
  const simulator = spawnEntry('simulator/main', [wrong, '--data-dir', temporaryFolder(), '--output', 'json'], {});
  expect(await simulator.exitCode).toBe(4);
  const document = simulator
    .output()
    .split('\n')
    // Its log may tell of connections that end with it.
    .find((line) => line.startsWith('{"v":'));
  expect(JSON.parse(document ?? '')).toMatchObject({ v: 1, command: 'simulator', error: { code: 'CAEP_USAGE' } });
  expect(document).toContain(told);
});

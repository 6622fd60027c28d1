/** A receiver with little memory, and senders who know one of its URLs. */
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { KINDS } from '../../../src/domain/events/kinds.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import { readReceivers } from '../../../src/store/receivers/receiverReports.js';
import { createRoutes } from '../../../src/store/sources/routes.js';
import { EXAMPLES } from '../../chatlio/examples.js';
import { freePort } from '../../../src/process/ports.js';
import { spawnEntry, temporaryFolder } from '../../support/processes.js';
import { freshSource, withDatabase } from '../../support/store.js';
import { pathOf } from '../receiver.js';
import { type Conversation, converse } from './strangers.js';

const MIB = 1024 * 1024;
/** Of its heap. More than a third of what it may have in all is the loader that runs it from source. */
const HEAP_MIB = 128;
const MOST_RESIDENT_MIB = 450;

const database = withDatabase();
let keyFile: string;
let keyRing: KeyRing;

beforeAll(async () => {
  keyFile = join(await mkdtemp(join(tmpdir(), 'caep-memory-')), 'keys.json');
  keyRing = await openKeyRing(keyFile, { create: true });
});

async function startSmall({
  heapMib = HEAP_MIB,
  environment = {},
}: {
  heapMib?: number;
  environment?: NodeJS.ProcessEnv;
} = {}) {
  const home = temporaryFolder();
  const sourceId = await freshSource(database(), 1);
  const routes = await createRoutes(database(), keyRing, sourceId, [{ key: 'w', kinds: KINDS }]);
  const program = spawnEntry('src/receiver', [], {
    CHATLIO_AEP_HOME: home,
    CHATLIO_AEP_KEY_FILE: keyFile,
    DATABASE_URL: database().pool.options.connectionString,
    RECEIVER_PORT: '0',
    LOG_LEVEL: 'info',
    NODE_OPTIONS: `--max-old-space-size=${heapMib}`,
    ...environment,
  });
  await program.waitFor('"msg":"ready"');
  const url = /"url":"(http[^"]+)"/.exec(program.output())?.[1] as string;
  const post = async (kind: (typeof KINDS)[number], body: string) => {
    const response = await request(url + pathOf(routes, kind), { method: 'POST', body });
    const answer = (await response.body.json()) as { arrival?: string };
    return { status: response.statusCode, arrival: answer.arrival };
  };
  /** Good webhooks one after the other, until something is over. @returns what they met */
  const postWhile = async (meanwhile: Promise<unknown>) => {
    const met: Awaited<ReturnType<typeof post>>[] = [];
    const over = new AbortController();
    void meanwhile.finally(() => over.abort());
    while (!over.signal.aborted) {
      met.push(await post('feedback', JSON.stringify(fixture('feedback', { seed: met.length, atMs: 1 }))));
    }
    return met;
  };
  const mostResidentMib = () =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1]) / 1024;
  return {
    url,
    pathOf: (kind: (typeof KINDS)[number]) => pathOf(routes, kind),
    post,
    postWhile,
    mostResidentMib,
    output: () => program.output(),
  };
}

/** Writes until the other side has taken all of it, or ends the connection. */
async function writeAll({ socket, answered }: Conversation, bytes: Buffer, times: number): Promise<void> {
  const written = async () => {
    for (let n = 0; n < times && socket.writable; n += 1) {
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    }
  };
  await Promise.race([written(), answered]);
}

describe('a receiver with little memory', () => {
  it('lives through bodies in chunks of a byte, and through bodies that are all structure', {
    timeout: 240_000,
  }, async () => {
    const { url, pathOf: path, post, postWhile, mostResidentMib } = await startSmall();

    const tinyChunks = Buffer.from('1\r\nx\r\n'.repeat(50_000));
    const inChunks = Array.from({ length: 8 }, async () => {
      const conversation = await converse(url);
      conversation.socket.write(`POST ${path('unanswered')} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
      await writeAll(conversation, tinyChunks, 10);
      conversation.socket.destroy();
    });
    const meanwhile = await postWhile(Promise.all(inChunks));

    const structures = [
      `{"a":[${'{},'.repeat(3_100_000)}{}]}`,
      `{"a":${'['.repeat(4_700_000)}${']'.repeat(4_700_000)}}`,
      '[{"a":'.repeat(1_600_000),
      `{"a":[${'"",'.repeat(3_100_000)}""]}`,
    ];
    const posting = Promise.all(structures.map((body) => post('unanswered', body)));
    const beside = await postWhile(posting);
    for (const { status, arrival } of await posting) expect([200, 503]).toContain(arrival === 'held' ? 200 : status);

    for (const met of [...meanwhile, ...beside]) expect(met.status).toBe(200);
    expect(mostResidentMib()).toBeLessThan(MOST_RESIDENT_MIB);

    const text = 'x'.repeat(3 * MIB);
    const transcript = { ...EXAMPLES.transcript, htmlBody: text, textBody: text, extra: text };
    expect(await post('transcript', JSON.stringify(transcript))).toMatchObject({ status: 200, arrival: 'logged' });
  });

  it('keeps room for the other URLs while one is kept busy', { timeout: 120_000 }, async () => {
    const { url, pathOf: path, postWhile, output } = await startSmall();
    const slow: Conversation[] = [];
    // Large ones first, then small ones into what they have left.
    const sizes = [5 * MIB, 64 * 1024, 1_024].flatMap((bytes) => Array.from({ length: 35 }, () => bytes));
    for (const bytes of sizes) {
      const conversation = await converse(url);
      onTestFinished(() => void conversation.socket.destroy());
      conversation.socket.write(`POST ${path('unanswered')} HTTP/1.1\r\nhost: x\r\ncontent-length: ${9 * MIB}\r\n\r\n`);
      await writeAll(conversation, Buffer.alloc(bytes, 'x'), 1);
      slow.push(conversation);
    }
    const answers = Promise.all(slow.map(({ answered }) => answered));
    const met = await postWhile(answers);
    expect(met.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set((await answers).map((answer) => answer.slice(0, 12)))).toEqual(
      new Set(['HTTP/1.1 408', 'HTTP/1.1 503']),
    );
    // By our own limit, not by the later one of the server.
    expect(output()).toContain('its body did not arrive in time');
  });
});

describe('a receiver with more connections than it may have', () => {
  it('closes those that come, counts them where people look, and goes on with the others', {
    timeout: 120_000,
  }, async () => {
    const metricsPort = await freePort();
    const { url, post, output } = await startSmall({
      heapMib: 64,
      environment: { RECEIVER_METRICS_PORT: `${metricsPort}` },
    });
    const open: Conversation[] = [];
    while (!output().includes('connections are refused') && open.length < 4_000) {
      open.push(...(await Promise.all(Array.from({ length: 50 }, () => converse(url)))));
    }
    const isClosed = () => open.filter(({ socket }) => socket.destroyed).length;
    await expect.poll(isClosed).toBeGreaterThan(0);
    const metrics = await (await request(`http://127.0.0.1:${metricsPort}/metrics`)).body.text();
    const refused = Number(/refused_connections_total (\d+)/.exec(metrics)?.[1]);
    expect(refused).toBeGreaterThanOrEqual(isClosed());
    await expect
      .poll(async () => (await readReceivers(database())).map(({ refusedConnections }) => refusedConnections), {
        timeout: 10_000,
      })
      .toContain(refused);
    for (const { socket } of open.splice(0, 60)) socket.destroy();
    const body = JSON.stringify(fixture('feedback', { seed: 1, atMs: 1 }));
    await expect
      .poll(() =>
        post('feedback', body).then(
          ({ status }) => status,
          () => 'refused',
        ),
      )
      .toBe(200);
  });
});

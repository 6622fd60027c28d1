/** What arrives from the open internet, from those who know no URL of ours, and from those who know one. */
import { bodyContext } from '../../../src/store/keys/contexts.js';
import { once } from 'node:events';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { readNearMisses } from '../../../src/store/receivers/receiverReports.js';
import { EXAMPLES } from '../../chatlio/examples.js';
import { withDatabase } from '../../support/store.js';
import { withReceiver } from '../receiver.js';
import { converse, pour } from './strangers.js';

const MIB = 1024 * 1024;
const database = withDatabase();
const setup = withReceiver(database);

let seed = 0;
const body = () => JSON.stringify(fixture('feedback', { seed: (seed += 1), atMs: 1 }));
const post = (target: string, content: string) =>
  `POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(content)}\r\n\r\n${content}`;

describe('a request', () => {
  it('with the whole URL in its first line, as proxies send it, is taken', async () => {
    const { path, receiver } = setup();
    for (const prefix of ['http://hooks.example.com', 'HTTPS://hooks.example.com:8443']) {
      const { socket, answered } = await converse(receiver.url);
      socket.end(post(`${prefix}${path('feedback')}`, body()));
      expect(await answered).toContain('"arrival":"logged"');
    }
    const { socket, answered } = await converse(receiver.url);
    socket.end('GET http://x/readyz HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await answered).toContain('"status":"ready"');
  });

  it('whose sender closes its half after the body is answered', async () => {
    const { path, receiver, sourceId } = setup();
    const holder = await database().pool.connect();
    await holder.query('begin');
    await holder.query('select 1 from partition_head where source_id = $1 for update', [sourceId]);
    const { socket, answered } = await converse(receiver.url);
    socket.end(post(path('feedback'), body()));
    await once(socket, 'finish');
    await holder.query('commit');
    holder.release();
    expect(await answered).toMatch(/^HTTP\/1\.1 200 [^]*"arrival":"(logged|spooled)"/);
  });

  it('is taken with a URL that was copied or passed on a little differently', async () => {
    const { post: send, path } = setup();
    const right = path('feedback');
    const [, , , widget = '', kind = '', secret = ''] = right.split('/');
    const escaped = (text: string) => text.replace(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`);
    for (const at of [
      `${right}/`,
      `${right}//`,
      `/${right}`,
      right.replace(`/${kind}`, `//${kind}`),
      `${right}%20`,
      `${right}%0A`,
      `${right}%E2%80%8B`,
      `${right}?utm=x`,
      `/hooks/chatlio/${escaped(widget)}/${escaped(kind)}/${escaped(secret)}`,
    ]) {
      expect({ at, ...(await send(at, body())) }).toMatchObject({ at, status: 200, body: { arrival: 'logged' } });
    }
  });

  it('that is near a route and wrong is counted there and told of, and the secret is not', async () => {
    const { post: send, path, receiver, logged, sourceId } = setup();
    const near = path('transcript').slice(0, -3);
    for (const at of [near, near, `${path('transcript')}.`, '/hooks/chatlio/nobody/transcript/x']) {
      expect((await send(at, EXAMPLES.transcript)).status).toBe(404);
    }
    expect(receiver.nearMisses()).toEqual([
      expect.objectContaining({ sourceId, widget: 'main-site', kind: 'transcript', count: 3 }),
    ]);
    await expect
      .poll(() => readNearMisses(database(), sourceId), { timeout: 10_000 })
      .toMatchObject([{ widget: 'main-site', kind: 'transcript', count: 3 }]);
    const { rows } = await database().pool.query<{ details: object }>('select details from receiver_report');
    expect(JSON.stringify(rows)).not.toContain(near.split('/')[5]);
    expect(logged().match(/wrong or expired secret/g)).toHaveLength(1);
    expect(logged()).not.toContain(near.split('/')[5]);
  });
});

describe('a compressed body', () => {
  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ])('is read: %s', async (coding, compress) => {
    const { post: send, path } = setup();
    const content = body();
    const headers = { 'content-encoding': coding };
    const first = await send(path('feedback'), compress(Buffer.from(content)), headers);
    expect(first).toMatchObject({ status: 200, body: { arrival: 'logged' } });
    const again = await send(path('feedback'), content);
    expect(again.body).toEqual({ ...first.body, arrival: 'redelivered' });
  });

  it.each(['br', 'zstd', 'gzip, gzip', 'constructor'])(
    'in %s is refused, and it is said what is read',
    async (coding) => {
      const { post: send, path } = setup();
      const response = await send(path('feedback'), body(), { 'content-encoding': coding });
      expect(response).toMatchObject({ status: 415, headers: { 'accept-encoding': 'gzip, deflate' } });
      expect(response.body.error).toContain('gzip, deflate');
    },
  );

  it('that unpacks to more than a body may have is refused', async () => {
    const { post: send, path } = setup();
    const bomb = gzipSync(Buffer.alloc(200 * MIB));
    expect((await send(path('feedback'), bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('that is none is read as it is: a proxy may have unpacked it and left the header', async () => {
    const response = await setup().post(setup().path('feedback'), body(), { 'content-encoding': 'gzip' });
    expect(response).toMatchObject({ status: 200, body: { arrival: 'logged' } });
  });

  it('that is damaged is held, with its bytes and why', async () => {
    const { post: send, path, keyRing, sourceId } = setup();
    const content = gzipSync(body()).subarray(0, -9);
    const response = await send(path('feedback'), content, { 'content-encoding': 'gzip' });
    expect(response.body.arrival).toBe('held');
    const id = Buffer.from(response.body.eventId as string, 'hex');
    const { rows } = await database().pool.query<{ sealed: Buffer; evidence: object[] }>(
      'select sealed, evidence from exception where source_id = $1 and event_id = $2',
      [sourceId, id],
    );
    expect(keyRing.open(rows[0]?.sealed as Buffer, bodyContext(sourceId, id))).toEqual(content);
    expect(JSON.stringify(rows[0]?.evidence)).toContain('its content-encoding says gzip, but it cannot be decoded');
  });
});

describe('a sender without end', () => {
  const chunks = Buffer.from(`${MIB.toString(16)}\r\n${'x'.repeat(MIB)}\r\n`);
  const start = (path: string) => `POST ${path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`;

  it('is told 404 and cut off, when it knows no URL', async () => {
    const conversation = await converse(setup().receiver.url);
    conversation.socket.write(start('/hooks/chatlio/x/feedback/y'));
    expect(await pour(conversation, chunks, 1_000 * MIB)).toBeLessThan(30 * MIB);
    await conversation.answered;
  });

  it('is told 413 and cut off, when it knows one', async () => {
    const conversation = await converse(setup().receiver.url);
    conversation.socket.write(start(setup().path('feedback')));
    expect(await pour(conversation, chunks, 1_000 * MIB)).toBeLessThan(60 * MIB);
    await conversation.answered;
  });

  it('is told 503 and cut off, when its body comes in very many chunks of a byte; a body in small ones is taken', async () => {
    const conversation = await converse(setup().receiver.url);
    conversation.socket.write(start(setup().path('feedback')));
    expect(await pour(conversation, Buffer.from('1\r\nx\r\n'.repeat(10_000)), 100 * MIB)).toBeLessThan(20 * MIB);
    // The answer is lost where the end of the connection meets a byte on its way.
    expect(await conversation.answered).toMatch(/^(HTTP\/1\.1 503|$)/);
    expect(setup().receiver.counts()).toMatchObject({ 'no-room': 1 });

    const small = await converse(setup().receiver.url);
    const content = JSON.stringify({
      ...EXAMPLES.transcript,
      conversationUUID: 'in chunks',
      extra: 'x'.repeat(500_000),
    });
    const inChunks = content.replace(/.{10}/gs, (ten) => `a\r\n${ten}\r\n`);
    const last = content.slice(content.length - (content.length % 10));
    const end = last === '' ? '' : `${last.length}\r\n${last}\r\n`;
    small.socket.end(
      `${start(setup().path('transcript'))}${inChunks.slice(0, inChunks.length - last.length)}${end}0\r\n\r\n`,
    );
    expect(await small.answered).toContain('"arrival":"logged"');
  });

  it('has its connection closed after a 404, and kept after a 200', async () => {
    const { receiver, path } = setup();
    const missed = await request(`${receiver.url}/hooks/chatlio/x/feedback/y`, { method: 'POST', body: body() });
    expect([missed.statusCode, missed.headers.connection]).toEqual([404, 'close']);
    // Also where there is nothing left to read.
    const probe = await request(`${receiver.url}/hooks/chatlio/x/feedback/y`);
    expect([probe.statusCode, probe.headers.connection]).toEqual([404, 'close']);
    const taken = await request(receiver.url + path('feedback'), { method: 'POST', body: body() });
    expect([taken.statusCode, taken.headers.connection]).toEqual([200, 'keep-alive']);
    await Promise.all([missed, probe, taken].map(({ body: rest }) => rest.dump()));
  });
});

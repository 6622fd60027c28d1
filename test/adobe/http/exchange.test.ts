import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Agent, Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, exchange, type ExchangeRequest, targetOf } from '../../../src/adobe/http/exchange.js';
import { scriptedServer, type ScriptedServer } from '../scriptedServer.js';

let server: ScriptedServer;
let agent: Agent;

beforeEach(async () => {
  server = await scriptedServer();
  agent = new Agent({ connect: { timeout: 1_000 } });
});

afterEach(async () => {
  await server.close();
  await agent.destroy();
});

function post(overrides: Partial<ExchangeRequest> = {}): Promise<Exchange> {
  return exchange(agent, {
    origin: server.url,
    path: '/thing',
    method: 'POST',
    headers: {},
    body: Buffer.from('{"a":1}'),
    queueTimeoutMs: 5_000,
    answerTimeoutMs: 5_000,
    maxAnswerBytes: 10_000,
    ...overrides,
  });
}

describe('how far a request came', () => {
  it('complete: status, headers and the whole body', async () => {
    server.reply({ status: 201, body: { id: 'x' }, headers: { 'x-request-id': 'r1' } });
    const seen = await post();
    expect(seen).toMatchObject({ phase: 'complete', answer: { status: 201, headers: { 'x-request-id': 'r1' } } });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/thing', body: '{"a":1}' });
    expect(server.requests[0]?.headers['content-length']).toBe('7');
  });

  it('queued: nobody listens', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(await post({ origin: `http://127.0.0.1:${port}` })).toEqual({ phase: 'queued', fault: 'ECONNREFUSED' });
  });

  it('queued: an unknown host', async () => {
    expect((await post({ origin: 'http://nowhere.invalid' })).phase).toBe('queued');
  });

  it('sent: the request was read and the connection closed without an answer', async () => {
    server.reply('cut');
    expect(await post()).toEqual({ phase: 'sent', fault: 'UND_ERR_SOCKET' });
    expect(server.requests).toHaveLength(1);
  });

  it('sent: no answer in time', async () => {
    server.reply('hang');
    expect(await post({ answerTimeoutMs: 50 })).toEqual({ phase: 'sent', fault: 'answer-timeout' });
  });

  it('status: the body was cut', async () => {
    server.reply({ truncated: '{"id":"half' });
    const seen = await post();
    expect(seen).toMatchObject({ phase: 'status', answer: { status: 200 } });
    expect('answer' in seen && seen.answer.body.toString()).toBe('{"id":"half');
  });

  it('status: more than one is willing to read', async () => {
    server.reply({ status: 200, body: 'x'.repeat(2_000) });
    expect(await post({ maxAnswerBytes: 1_000 })).toMatchObject({ phase: 'status', fault: 'answer-too-large' });
  });

  it('does not follow a redirect', async () => {
    server.reply({ status: 307, headers: { location: '/elsewhere' } });
    expect(await post()).toMatchObject({ phase: 'complete', answer: { status: 307 } });
    expect(server.requests).toHaveLength(1);
  });

  it('repeats nothing after a connection is cut with others waiting behind it', async () => {
    const pool = new Pool(server.url, { connections: 1, pipelining: 1 });
    server.reply('cut', { status: 200, body: {} });
    const request = { origin: server.url, path: '/', method: 'POST', headers: {}, queueTimeoutMs: 5_000 } as const;
    const rest = { answerTimeoutMs: 5_000, maxAnswerBytes: 100 };
    const both = await Promise.all([
      exchange(pool, { ...request, ...rest, body: Buffer.from('1') }),
      exchange(pool, { ...request, ...rest, body: Buffer.from('2') }),
    ]);
    expect(both.map((seen) => seen.phase)).toEqual(['sent', 'complete']);
    expect(server.requests.map((received) => received.body)).toEqual(['1', '2']);
    await pool.destroy();
  });
});

describe('withdrawing a request', () => {
  it('right before the first byte: nothing is sent', async () => {
    server.reply({ status: 200 });
    expect(await post({ mayStart: () => false })).toEqual({ phase: 'queued', fault: 'withdrawn' });
    expect(await post({ mayStart: () => true })).toMatchObject({ phase: 'complete' });
    expect(server.requests).toHaveLength(1);
  });

  it('by a signal that was raised before', async () => {
    expect(await post({ signal: AbortSignal.abort() })).toEqual({ phase: 'queued', fault: 'aborted' });
  });

  it('by a signal while it waits for the answer: it has been sent', async () => {
    server.reply('hang');
    const controller = new AbortController();
    const seen = post({ signal: controller.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort();
    expect(await seen).toEqual({ phase: 'sent', fault: 'aborted' });
  });

  it('by a signal while it waits for a connection: it is never sent', async () => {
    const pool = new Pool(server.url, { connections: 1, pipelining: 1 });
    const on = (overrides: Partial<ExchangeRequest>): Promise<Exchange> =>
      exchange(pool, {
        origin: server.url,
        path: '/',
        method: 'POST',
        headers: {},
        queueTimeoutMs: 5_000,
        answerTimeoutMs: 300,
        maxAnswerBytes: 100,
        ...overrides,
      });
    server.reply('hang', { status: 200 });
    const first = on({ body: Buffer.from('first') });
    await expect.poll(() => server.requests.length).toBe(1);
    const controller = new AbortController();
    const second = on({ body: Buffer.from('second'), signal: controller.signal });
    controller.abort();
    expect(await second).toEqual({ phase: 'queued', fault: 'aborted' });
    const third = on({ body: Buffer.from('third'), queueTimeoutMs: 20 });
    expect(await third).toEqual({ phase: 'queued', fault: 'connect-timeout' });
    expect(await first).toEqual({ phase: 'sent', fault: 'answer-timeout' });
    expect(await on({ body: Buffer.from('fourth') })).toMatchObject({ phase: 'complete' });
    expect(server.requests.map((received) => received.body)).toEqual(['first', 'fourth']);
    await pool.destroy();
  });
});

describe('base URLs', () => {
  it('keep a path, without its last slash', () => {
    expect(targetOf('https://platform.adobe.io')).toEqual({ origin: 'https://platform.adobe.io', prefix: '' });
    expect(targetOf('http://proxy:8080/adobe/')).toEqual({ origin: 'http://proxy:8080', prefix: '/adobe' });
  });
});

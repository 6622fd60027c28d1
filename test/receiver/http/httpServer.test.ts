import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startHttpServer } from '../../../src/receiver/http/httpServer.js';
import { createByteBudget } from '../../../src/receiver/http/byteBudget.js';
import { readBody } from '../../../src/receiver/http/requestBody.js';
import { silentLog } from '../../support/store.js';

const REQUEST_MS = 2_000;
const HEADERS_MS = 1_000;
const SLOW_SENDERS = 40;

const EVENT_ID = '4f1e'.repeat(16);
const bodies: string[] = [];
const answered: string[] = [];
let url: string;

beforeEach(async () => {
  bodies.length = 0;
  answered.length = 0;
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 1_000,
    onRefused: () => undefined,
    async answerTo(incoming) {
      const reading = await readBody(incoming, createByteBudget(1e6, 1e6).open('route'));
      if (reading.outcome !== 'read') return undefined;
      bodies.push(reading.raw.toString());
      return { status: 200, body: {}, eventId: EVENT_ID };
    },
    onAnswered: (_request, { requestId }) => answered.push(requestId),
    log: silentLog,
    timesMs: { requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS, connectionsCheckingInterval: 50 },
  });
  ({ url } = server);
  onTestFinished(() => server.close());
});

/** Sends a text, then one more byte again and again for as long as it may. */
async function dribble(start: string, more: string): Promise<{ readonly answer: Promise<string> }> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(start);
  const dribbling = setInterval(() => void socket.write(more), 20);
  return { answer: closed.then(() => answer).finally(() => clearInterval(dribbling)) };
}

describe('a sender that takes its time', () => {
  it.each([
    ['headers', 'POST / HTTP/1.1\r\nhost: x\r\nx-slow: ', 'x'],
    ['its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n', 'x'],
    ['a chunk of its body', 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n186A0\r\n', 'x'],
    ['nothing at all', '', ''],
  ])('over %s is cut off, and others are answered meanwhile', async (_what, start, more) => {
    const slow = await Promise.all(Array.from({ length: SLOW_SENDERS }, () => dribble(start, more)));
    const endings = Promise.all(slow.map(({ answer }) => answer));
    const ended = new AbortController();
    void endings.finally(() => ended.abort());
    const sent: string[] = [];
    while (!ended.signal.aborted) {
      const body = `webhook ${sent.length}`;
      const response = await request(url, { method: 'POST', body });
      await response.body.dump();
      expect(response.statusCode).toBe(200);
      sent.push(body);
      await delay(50, undefined, { signal: ended.signal }).catch(() => undefined);
    }
    expect(sent.length).toBeGreaterThan(1);
    expect(bodies).toEqual(sent);
    // The answer is lost where the end of the connection meets a byte on its way.
    for (const answer of await endings) expect(answer).toMatch(/^(HTTP\/1.1 408|$)/);
  });
});

describe('the id of a request', () => {
  const send = (requestId?: string | string[]) =>
    request(url, { method: 'POST', body: 'x', headers: requestId === undefined ? {} : { 'x-request-id': requestId } });

  it('is the one that a proxy has given it, and beside it stands that of the event', async () => {
    const { headers } = await send('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(headers).toMatchObject({ 'x-request-id': '4bf92f3577b34da6a3ce929d0e0e4736', 'x-event-id': EVENT_ID });
    expect(answered).toEqual(['4bf92f3577b34da6a3ce929d0e0e4736']);
  });

  it.each([
    ['there is none', undefined],
    ['it is too short to tell requests apart', '1'],
    ['it is too long to repeat', 'a'.repeat(65)],
    ['it is text', 'hello, is anybody there'],
    ['it is markup', '<b>0b9a3f6e-2c1d</b>'],
    ['there are two', ['4bf92f3577b34da6', 'a3ce929d0e0e4736']],
  ])('is made where %s', async (_why, given) => {
    const { headers } = await send(given);
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(answered).toEqual([headers['x-request-id']]);
  });
});

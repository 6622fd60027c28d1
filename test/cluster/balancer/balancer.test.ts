import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startBalancer } from '../../../cluster/balancer/balancer.js';
import { freePort } from '../../../src/process/ports.js';

const HOST = '127.0.0.1';
const SOON = { timeout: 10_000, interval: 20 };

interface FakeReceiver {
  readonly port: number;
  readonly taken: string[];
  isReady: boolean;
  kill(): Promise<void>;
}

/** @param answers `taken`: with 202 and its body; `cut`: reads it, and ends the connection */
async function receiver(answers: 'taken' | 'cut' = 'taken'): Promise<FakeReceiver> {
  const taken: string[] = [];
  const server: Server = createServer((request, response) => {
    if (request.url === '/readyz') {
      response.writeHead(fake.isReady ? 200 : 503).end();
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      taken.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
      if (answers === 'cut') request.socket.destroy();
      else response.writeHead(202, { 'x-of': 'receiver' }).end(body);
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const kill = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(kill);
  const fake = { port: (server.address() as AddressInfo).port, taken, isReady: true, kill };
  return fake;
}

async function balanced(...receivers: FakeReceiver[]) {
  const port = await freePort();
  const places = receivers.map((one) => ({ host: HOST, port: one.port }));
  const place = { host: HOST, port, service: 'the balancer', option: 'RECEIVER_PORT' };
  const balancer = await startBalancer({ ...place, receivers: places, lookEveryMs: 20 });
  onTestFinished(() => balancer.close());
  return async (body: string) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://${HOST}:${port}/hooks/x?y=1`, { method: 'POST', body, headers });
    return { status: answer.status, text: await answer.text(), of: answer.headers.get('x-of') };
  };
}

it('gives each receiver its turn, and passes on what it is sent and answered', async () => {
  const [a, b] = [await receiver(), await receiver()];
  const post = await balanced(a, b);
  for (const body of ['1', '2', '3', '4']) {
    expect(await post(body)).toEqual({ status: 202, text: body, of: 'receiver' });
  }
  expect([a.taken.length, b.taken.length]).toEqual([2, 2]);
  expect([...a.taken, ...b.taken].toSorted()).toContain('POST /hooks/x?y=1 application/json 1');
});

it('passes by one that says that it is not ready, until it says that it is', async () => {
  const [a, b] = [await receiver(), await receiver()];
  a.isReady = false;
  const post = await balanced(a, b);
  for (const body of ['1', '2', '3']) await post(body);
  expect([a.taken.length, b.taken.length]).toEqual([0, 3]);
  a.isReady = true;
  await vi.waitUntil(async () => {
    await post('4');
    return a.taken.length > 0;
  }, SOON);
});

it('gives a request to the next one where one has been killed just now, and none is lost or sent twice', async () => {
  const [a, b] = [await receiver(), await receiver()];
  const post = await balanced(a, b);
  await a.kill();
  for (const body of ['1', '2', '3']) expect((await post(body)).status).toBe(202);
  expect(b.taken).toHaveLength(3);
});

it('does not send again what one has read and not answered: whether it was taken is not known', async () => {
  const [a, b] = [await receiver('cut'), await receiver('cut')];
  const post = await balanced(a, b);
  expect((await post('1')).status).toBe(502);
  expect([...a.taken, ...b.taken]).toHaveLength(1);
});

it('says so where it reaches none', async () => {
  const a = await receiver();
  const post = await balanced(a);
  await a.kill();
  expect(await post('1')).toMatchObject({ status: 503, text: 'No receiver can be reached.\n' });
});

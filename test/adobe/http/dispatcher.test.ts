import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProxySettings } from '../../../src/configuration.js';
import { createDispatcher } from '../../../src/adobe/http/dispatcher.js';
import { exchange } from '../../../src/adobe/http/exchange.js';
import { scriptedServer, type ScriptedServer } from '../scriptedServer.js';

/** Of no machine; the proxy leads it to the scripted server. */
const ADOBE = 'http://platform.adobe.test:8080';

interface Proxy {
  readonly url: string;
  /** `host:port` of each tunnel that was asked for, with the credentials. */
  readonly tunnels: (readonly [host: string, authorization: string | undefined])[];
  /** Requests that it was to make itself. */
  readonly plain: string[];
  answer: 'open' | 'hang' | 407;
  close(): Promise<void>;
}

async function startProxy(to: ScriptedServer): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    proxy.plain.push(request.url ?? '');
    response.writeHead(500).end();
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request, socket: Socket) => {
    proxy.tunnels.push([request.url ?? '', request.headers['proxy-authorization']]);
    if (proxy.answer === 'hang') return;
    if (proxy.answer !== 'open') {
      socket.end(`HTTP/1.1 ${proxy.answer} Proxy Authentication Required\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(to.url);
    const onwards = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(onwards).pipe(socket);
    });
    for (const one of [socket, onwards]) one.on('error', () => undefined);
    sockets.add(onwards);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: Proxy = {
    url: `http://127.0.0.1:${port}`,
    tunnels: [],
    plain: [],
    answer: 'open',
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return proxy;
}

let server: ScriptedServer;
let proxy: Proxy;
let opened: Dispatcher[] = [];

beforeEach(async () => {
  server = await scriptedServer();
  server.reply({ status: 200, body: {} });
  proxy = await startProxy(server);
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.destroy()));
  opened = [];
  await Promise.all([server.close(), proxy.close()]);
});

function post(origin: string, settings: ProxySettings | undefined, connectTimeoutMs = 5_000) {
  const dispatcher = createDispatcher(settings, { connectTimeoutMs, connections: 2, keepAliveMaxTimeout: 4_000 });
  opened.push(dispatcher);
  return exchange(dispatcher, {
    origin,
    path: '/collection/secret',
    method: 'POST',
    headers: {},
    body: Buffer.from('{"a":1}'),
    queueTimeoutMs: 10_000,
    answerTimeoutMs: 5_000,
    maxAnswerBytes: 10_000,
  });
}

describe('through a proxy', () => {
  it('a request has a tunnel, in which the proxy sees neither path nor body', async () => {
    const withPassword = proxy.url.replace('//', '//ana:p%40ss@');
    expect(await post(ADOBE, { httpProxy: withPassword })).toMatchObject({
      phase: 'complete',
      answer: { status: 200 },
    });
    expect(proxy.tunnels).toEqual([
      ['platform.adobe.test:8080', `Basic ${Buffer.from('ana:p@ss').toString('base64')}`],
    ]);
    expect(proxy.plain).toEqual([]);
    expect(server.requests).toMatchObject([{ url: '/collection/secret', body: '{"a":1}' }]);
    expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('a tunnel that is refused means that nothing was sent', async () => {
    proxy.answer = 407;
    expect(await post(ADOBE, { httpProxy: proxy.url })).toEqual({ phase: 'queued', fault: 'proxy-refused-407' });
    expect(server.requests).toEqual([]);
  });

  it('a proxy that does not answer is given up, and nothing was sent', async () => {
    proxy.answer = 'hang';
    expect(await post(ADOBE, { httpProxy: proxy.url }, 100)).toMatchObject({ phase: 'queued' });
    expect(server.requests).toEqual([]);
  });

  it('what was sent through a tunnel and not answered stays unknown', async () => {
    server.reply('cut');
    expect(await post(ADOBE, { httpProxy: proxy.url })).toMatchObject({ phase: 'sent' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('past a proxy', () => {
  it.each(['127.0.0.1', 'localhost'])('this machine is reached directly (%s)', async (host) => {
    const origin = server.url.replace('127.0.0.1', host);
    expect(await post(origin, { httpProxy: proxy.url })).toMatchObject({ phase: 'complete' });
    expect(proxy.tunnels).toEqual([]);
  });

  it.each(['platform.adobe.test', 'a.example, .adobe.test', '*'])('so is what NO_PROXY names (%s)', async (noProxy) => {
    // Nobody is there: it was tried without the proxy.
    expect(await post(ADOBE, { httpProxy: proxy.url, noProxy })).toMatchObject({ phase: 'queued' });
    expect(proxy.tunnels).toEqual([]);
  });

  it('without settings the environment is not read', async () => {
    process.env['http_proxy'] = proxy.url;
    try {
      expect(await post(ADOBE, undefined)).toMatchObject({ phase: 'queued' });
      expect(await post(ADOBE, { httpsProxy: proxy.url, httpProxy: '' })).toMatchObject({ phase: 'queued' });
    } finally {
      delete process.env['http_proxy'];
    }
    expect(proxy.tunnels).toEqual([]);
  });
});

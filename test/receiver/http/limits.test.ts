import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { EXAMPLES } from '../../chatlio/examples.js';
import { spawnEntry } from '../../support/processes.js';
import { withDatabase } from '../../support/store.js';
import { withReceiver } from '../receiver.js';

const IDLE = 10_000;

describe('a receiver on the open internet', () => {
  const database = withDatabase();
  const setup = withReceiver(database);

  async function open(): Promise<Socket> {
    const { port, hostname } = new URL(setup().receiver.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  it('answers promptly beside 10,000 idle connections, each of which costs little', { timeout: 120_000 }, async () => {
    const { post, path, receiver } = setup();
    // One end of each is in this process. The limit counts per process.
    const openFiles = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
    expect(openFiles, 'as many files must a process be able to open (ulimit -n)').toBeGreaterThan(IDLE + 200);
    const before = process.memoryUsage().rss;
    const program = spawnEntry('test/receiver/http/holdConnections', [receiver.url, String(IDLE)], {});
    await program.waitFor(`held ${IDLE}`);
    const startedMs = performance.now();
    const response = await post(path('feedback'), fixture('feedback', { seed: 1, atMs: 1 }));
    expect(response.status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect((process.memoryUsage().rss - before) / IDLE).toBeLessThan(50_000);
    expect(program.output()).not.toContain('lost one');
  });

  it.each([
    ['headers of 20 kB', `x-long: ${'x'.repeat(20_000)}\r\n\r\n`, '431'],
    ['a path of 20 kB', undefined, '431'],
    ['two lengths that differ', 'content-length: 5\r\ncontent-length: 6\r\n\r\n', '400'],
    ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n', '400'],
  ])('refuses %s and closes', async (_what, headers, status) => {
    const socket = await open();
    const path = headers === undefined ? `/${'x'.repeat(20_000)}` : '/';
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\n${headers ?? '\r\n'}`);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(socket, 'close');
    expect(answer).toContain(`HTTP/1.1 ${status}`);
  });

  it.each([
    ['1 MB', 1_000_000],
    ['1.5 MB', 1_500_000],
  ])('takes a transcript of %s', async (name, length) => {
    const { post, path } = setup();
    const body = { ...EXAMPLES.transcript, conversationUUID: name, htmlBody: 'é'.repeat(length / 2) };
    expect(await post(path('transcript'), body)).toMatchObject({ status: 200, body: { arrival: 'logged' } });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=iso-8859-1', ''])(
    'reads a body as JSON that is called “%s”',
    async (contentType) => {
      const { post, path } = setup();
      const body = fixture('feedback', { seed: 100 + contentType.length, atMs: 1 });
      const response = await post(path('feedback'), body, contentType === '' ? {} : { 'content-type': contentType });
      expect(response.body.arrival).toBe('logged');
    },
  );

  it.each([
    ['visitorTraits as an empty text', { visitorTraits: '' }],
    ['visitorTraits as JSON in a text', { visitorTraits: '{"plan":"gold"}' }],
    ['identTraits as an object', { visitor: { ...EXAMPLES.transcript.visitor, identTraits: { plan: 'gold' } } }],
    ['no messages', { messages: [] }],
    ['an empty message', { messages: [{}] }],
    ['emoji and line ends', { textBody: 'a\r\n👩‍🚀', messages: [{ ts: '1714642181.000200', text: '👩‍🚀\r\n' }] }],
    ['a rendered chat of 300 KB', { htmlBody: 'x'.repeat(300_000) }],
    ['null for nothing', { agentName: null, extraData: null, visitorEmail: null }],
    ['times with Z', { endedAt: '2024-05-02T09:31:15.002500057Z' }],
    ['times eight hours behind', { endedAt: '2024-05-02T01:31:15-08:00' }],
    ['times five and a half hours ahead', { endedAt: '2024-05-02T15:01:15.1+05:30' }],
  ])('logs a transcript with %s', async (name, changes) => {
    const { post, path } = setup();
    const body = { ...EXAMPLES.transcript, conversationUUID: name, ...changes };
    expect(await post(path('transcript'), body)).toMatchObject({ status: 200, body: { arrival: 'logged' } });
  });

  it('knows a transcript that is exported again, with a later end and on another page; not one with a message more', async () => {
    const { post, path } = setup();
    const body = { ...EXAMPLES.transcript, conversationUUID: 'exported-again' };
    const first = await post(path('transcript'), body);
    const later = {
      ...body,
      endedAt: '2024-05-02T11:00:00Z',
      visitor: { ...body.visitor, currentPage: 'https://x.example' },
    };
    const again = await post(path('transcript'), later);
    expect(again.body).toEqual({ eventId: first.body.eventId, arrival: 'drifted' });
    const more = { ...body, messages: [...body.messages, { ts: '1714642300.000100', text: 'One more thing' }] };
    expect((await post(path('transcript'), more)).body).toMatchObject({ arrival: 'logged' });
  });

  it('lets nobody find out what is there by probing', async () => {
    const { receiver } = setup();
    const probes = ['/.env', '/admin', '/metrics', '/hooks/chatlio/', '/hooks/chatlio/../../etc/passwd', '//', '/?x=y'];
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const) {
      for (const probe of probes) {
        const response = await request(receiver.url + probe, { method });
        expect([method, probe, response.statusCode, await response.body.text()]).toEqual([
          method,
          probe,
          404,
          '{"error":"not found"}',
        ]);
      }
    }
  });
});

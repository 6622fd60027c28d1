import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInlet, type Inlet, type InletOptions } from '../../../src/adobe/services/inlet.js';
import { type Reply, scriptedServer, type ScriptedServer } from '../scriptedServer.js';

const INLET_ID = 'e7'.repeat(32);
const BODY = Buffer.from('{"eventId":"9f","message":"Olá, Zoë: ещё 🙂"}');
const RECEIPT = { inletId: INLET_ID, xactionId: '1714642267498:2153:240', receivedTimeMs: 1_714_642_267_498 };
const ACCEPTED: Reply = { status: 200, body: RECEIPT };

let server: ScriptedServer;
let inlet: Inlet;

function inletWith(overrides: Partial<InletOptions> = {}): Inlet {
  return createInlet({
    url: `${server.url}/collection/${INLET_ID}`,
    flowId: '5c1b6f0a-7c1e-4f55-9a3d-2f1e0a7b6c90',
    requestTimeoutMs: 300,
    on503: 'strict',
    connections: 1,
    ...overrides,
  });
}

beforeEach(async () => {
  server = await scriptedServer();
  inlet = inletWith();
});
afterEach(async () => {
  await inlet.close();
  await server.close();
});

describe('an attempt', () => {
  it('posts exactly the given bytes, with their length and the flow', async () => {
    server.reply(ACCEPTED);
    expect(await inlet.post(BODY)).toEqual({ outcome: 'accepted', receipt: RECEIPT });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', url: `/collection/${INLET_ID}`, body: BODY.toString('utf8') });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(BODY.length),
      'x-adobe-flow-id': '5c1b6f0a-7c1e-4f55-9a3d-2f1e0a7b6c90',
    });
    expect(request?.headers['transfer-encoding']).toBeUndefined();
    expect(request?.headers.expect).toBeUndefined();
  });

  it('names the sandbox where it is known, and no other header then', async () => {
    server.reply(ACCEPTED);
    server.reply(ACCEPTED);
    const named = inletWith({ sandbox: 'prod' });
    await named.post(BODY);
    await inlet.post(BODY);
    const [first, second] = server.requests.map(({ headers }) => headers);
    expect(first?.['x-sandbox-name']).toBe('prod');
    expect(second).not.toHaveProperty('x-sandbox-name');
    await named.close();
  });

  it('goes to another host below its path when told so, for the same inlet', async () => {
    const recorded = inletWith({
      url: `https://dcs.adobedc.net/collection/${INLET_ID}`,
      baseUrl: `${server.url}/recorded/`,
    });
    server.reply(ACCEPTED);
    expect((await recorded.post(BODY)).outcome).toBe('accepted');
    expect(server.requests[0]?.url).toBe(`/recorded/collection/${INLET_ID}`);
    await recorded.close();
  });

  const rows: [string, Reply, object][] = [
    ['another inlet', { status: 200, body: { inletId: 'x' } }, { outcome: 'unknown', scope: 'destination' }],
    ['a page', { status: 200, body: '<html>' }, { outcome: 'unknown', scope: 'destination', cause: 'foreign-answer' }],
    ['half a receipt', { truncated: '{"inletId"' }, { outcome: 'unknown', probably: 'accepted', status: 200 }],
    ['no receipt', { status: 200 }, { outcome: 'unknown', probably: 'accepted', cause: 'empty-answer' }],
    ['a cut', 'cut', { outcome: 'unknown', probably: 'either', cause: 'UND_ERR_SOCKET' }],
    ['no answer', 'hang', { outcome: 'unknown', probably: 'either', cause: 'answer-timeout' }],
    ['500', { status: 500 }, { outcome: 'unknown', cause: 'http-500' }],
    ['503', { status: 503, headers: { 'retry-after': '2' } }, { outcome: 'unknown', retryAfterMs: 2_000 }],
    ['400', { status: 400, body: { title: 'Bad' } }, { outcome: 'refused', scope: 'event', status: 400 }],
    ['half a 400', { truncated: '{"title"', status: 400 }, { outcome: 'refused', scope: 'event', status: 400 }],
    ['403', { status: 403 }, { outcome: 'refused', scope: 'destination', status: 403 }],
    ['429', { status: 429, headers: { 'retry-after': '3' } }, { outcome: 'refused', retryAfterMs: 3_000 }],
  ];
  it.each(rows)('answered with %s', async (_name, reply, expected) => {
    server.reply(reply);
    expect(await inlet.post(BODY)).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
  });

  it('does not follow a redirect, which would post the event twice', async () => {
    server.reply({ status: 307, headers: { location: `/collection/${INLET_ID}` } }, ACCEPTED);
    expect(await inlet.post(BODY)).toMatchObject({ outcome: 'refused', scope: 'destination', status: 307 });
    expect(server.requests).toHaveLength(1);
  });

  it('takes a 503 with Retry-After as refused when lenient', async () => {
    const lenient = inletWith({ on503: 'lenient' });
    server.reply({ status: 503, headers: { 'retry-after': '2' } });
    expect(await lenient.post(BODY)).toMatchObject({ outcome: 'refused', status: 503, retryAfterMs: 2_000 });
    await lenient.close();
  });

  it('is not sent when nobody listens', async () => {
    const nowhere = inletWith({ url: `http://127.0.0.1:1/collection/${INLET_ID}` });
    expect(await nowhere.post(BODY)).toEqual({ outcome: 'not-sent', cause: 'ECONNREFUSED' });
    await nowhere.close();
  });

  it('is not sent when it may not start any more, asked right before its first byte', async () => {
    server.reply(ACCEPTED);
    expect(await inlet.post(BODY, { mayStart: () => false })).toEqual({ outcome: 'not-sent', cause: 'withdrawn' });
    expect(server.requests).toHaveLength(0);
  });

  it('does not lend its time limit to those that wait for its connection', async () => {
    server.reply('hang', ACCEPTED);
    const both = await Promise.all([inlet.post(BODY), inlet.post(BODY)]);
    expect(both.map(({ outcome }) => outcome)).toEqual(['unknown', 'accepted']);
  });
});

describe('connections', () => {
  it('are used again, one request at a time', async () => {
    server.reply(ACCEPTED);
    await Promise.all([inlet.post(BODY), inlet.post(BODY), inlet.post(BODY)]);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  it('are not used again when the server will close them soon', async () => {
    server.reply({ status: 200, body: RECEIPT, headers: { 'keep-alive': 'timeout=2' } });
    await inlet.post(BODY);
    await inlet.post(BODY);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  it('as many as there may be requests in flight', async () => {
    const wide = inletWith({ connections: 3 });
    server.reply('hang');
    const attempts = Promise.all([wide.post(BODY), wide.post(BODY), wide.post(BODY)]);
    await expect.poll(() => new Set(server.requests.map(({ connection }) => connection)).size).toBe(3);
    expect((await attempts).map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
    await wide.close();
  });
});

describe('evidence', () => {
  /** A text of the event as an answer may quote it: cut, in lower case, escaped, percent-encoded. */
  const QUOTES = [
    'Olá, Zo',
    'olá, zoë',
    'Ol\\u00e1, Zo\\u00eb',
    'Ol&aacute;, Zo&euml;',
    encodeURIComponent('Olá, Zoë'),
  ];

  it.each(QUOTES)('is a code and a request id; words, such as %s, are kept apart', async (quote) => {
    const requestId = '0f7d3a52-8c39-4f0c-9b1a-1d2e3f405162';
    const said = `inletId: [${INLET_ID}] Message has unknown xdm format near "${quote}"`;
    server.reply({
      status: 400,
      headers: { 'x-request-id': requestId },
      body: { error_code: 'DCVS-1106-400', title: `Invalid ${quote}`, report: { message: said } },
    });
    const attempt = await inlet.post(BODY);
    expect(attempt).toMatchObject({
      evidence: `DCVS-1106-400, request ${requestId}`,
      said: expect.stringContaining(quote) as string,
    });
    expect(JSON.stringify(attempt)).not.toContain(INLET_ID);
  });

  it.each(QUOTES)('has no place for %s where an answer puts it instead of a code', async (quote) => {
    server.reply({
      status: 400,
      headers: { 'x-request-id': quote.replaceAll(/[^ -~]/g, '?'), 'content-type': `text/html; near=x` },
      body: { error_code: quote, title: quote },
    });
    expect(await inlet.post(BODY)).toMatchObject({
      evidence: expect.stringMatching(/^text\/html, \d+ bytes$/) as string,
    });
  });

  it('of a page is its kind and size: a page may quote anything', async () => {
    server.reply({
      status: 403,
      body: '<p>Blocked: Ol&aacute;, Zo&euml;</p>',
      headers: { 'content-type': 'text/html' },
    });
    expect(await inlet.post(BODY)).toMatchObject({ evidence: 'text/html, 36 bytes' });
  });

  it('of no answer is none, and the cause holds no address', async () => {
    server.reply('cut');
    const attempt = await inlet.post(BODY);
    expect(attempt).not.toHaveProperty('evidence');
    expect(JSON.stringify(attempt)).not.toMatch(/collection|127\.0\.0\.1/);
  });
});

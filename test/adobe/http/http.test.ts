import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAdobe } from '../../../src/adobe/clients.js';
import { catalogueErrorOf } from '../../../src/adobe/http/catalogue.js';
import { AdobeCallError, mayPass } from '../../../src/adobe/http/errors.js';
import { createTokens } from '../../../src/adobe/http/ims.js';
import type { RequestBudget } from '../../../src/domain/source/requestBudget.js';
import { CLIENT_SECRET, clientsOnServer, configurationFor, type Reply, silent, tokenBody } from '../scriptedServer.js';

let world: Awaited<ReturnType<typeof clientsOnServer>>;
beforeEach(async () => {
  world = await clientsOnServer({ requestTimeoutMs: 300 });
});
afterEach(() => world.close());

const INVALID_TOKEN: Reply = { status: 401, body: { error_code: '401013', message: 'Oauth token is not valid' } };
const STATS: Reply = { status: 200, body: { tenantId: 'acmetenant' } };

const read = (): Promise<unknown> => world.clients.schemaRegistry.stats();
const write = (): Promise<unknown> => world.clients.schemaRegistry.createSchema({ title: 'Chatlio Events' });

async function failure(call: () => Promise<unknown>): Promise<AdobeCallError> {
  const error: unknown = await call().catch((caught: unknown) => caught);
  if (!(error instanceof AdobeCallError)) throw new Error(`expected an AdobeCallError, got ${String(error)}`);
  return error;
}

describe('every call', () => {
  it('carries token, key, organisation and sandbox', async () => {
    world.server.reply(STATS);
    await read();
    expect(world.server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer token-1',
      'x-api-key': 'client-id-1',
      'x-gw-ims-org-id': 'ABC123@AdobeOrg',
      'x-sandbox-name': 'dev',
      accept: 'application/json',
    });
    expect(world.server.requests[0]?.headers['content-type']).toBeUndefined();
  });

  it('declares JSON when it has a body, and its length', async () => {
    world.server.reply({ status: 201, body: { $id: 'https://ns.adobe.com/acme/schemas/1' } });
    await write();
    expect(world.server.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(world.server.requests[0]?.headers['content-length']).toBe(String(world.server.requests[0]?.body.length));
  });

  it('goes below the path of a proxy', async () => {
    const { server } = world;
    const adobe = createAdobe({
      configuration: configurationFor(server.url, { platformUrl: `${server.url}/recorded/` }),
      log: silent,
    });
    server.reply(STATS);
    await adobe.forSandbox('dev').schemaRegistry.stats();
    expect(server.requests[0]?.url).toBe('/recorded/data/foundation/schemaregistry/stats');
    await adobe.close();
  });

  it('does not begin when it may not, and has no effect then', async () => {
    const clients = world.adobe.forSandbox('dev', { mayBegin: () => false });
    expect(await failure(() => clients.schemaRegistry.createSchema({}))).toMatchObject({
      kind: 'not-sent',
      effect: 'none',
    });
    expect(world.server.requests).toEqual([]);
  });

  it('can be broken off', async () => {
    world.server.reply('hang');
    const controller = new AbortController();
    const call = failure(() => world.adobe.forSandbox('dev', { signal: controller.signal }).schemaRegistry.stats());
    await expect.poll(() => world.server.requests.length).toBe(1);
    controller.abort();
    expect((await call).error.detail).toBe('aborted');
  });
});

describe('the budget of the organisation', () => {
  const withBudget = (budget: RequestBudget) =>
    createAdobe({ configuration: configurationFor(world.server.url), budget, log: silent });

  it('is taken of by each request, and one that it has nothing for is not sent', async () => {
    const answers = [undefined, 'used-up'] as const;
    let taken = 0;
    const adobe = withBudget({ take: () => Promise.resolve(answers[taken++]), pause: () => Promise.resolve() });
    const { schemaRegistry } = adobe.forSandbox('dev');
    world.server.reply(STATS);
    await schemaRegistry.stats();
    const refused = await failure(() => schemaRegistry.createSchema({}));
    expect(refused).toMatchObject({ kind: 'throttled', effect: 'none' });
    expect(catalogueErrorOf(refused).code).toBe('CAEP_ADOBE_BUDGET');
    expect(mayPass(refused)).toBe(true);
    expect(world.server.requests).toHaveLength(1);
    expect(taken).toBe(2);
    await adobe.close();
  });

  it('is closed to all for as long as Adobe has asked one for, a minute at most', async () => {
    const pauses: number[] = [];
    const adobe = withBudget({
      take: () => Promise.resolve(undefined),
      pause: (ms) => Promise.resolve(void pauses.push(ms)),
    });
    const { schemaRegistry } = adobe.forSandbox('dev');
    for (const retryAfter of ['3', '600', undefined]) {
      world.server.reply({
        status: 429,
        headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
        body: {},
      });
      await failure(() => schemaRegistry.stats());
    }
    expect(pauses).toEqual([3_000, 60_000]);
    await adobe.close();
  });
});

describe('the token', () => {
  it('is asked for with the credentials in the body, not in the URL', async () => {
    world.server.reply(STATS);
    await read();
    const [request] = world.server.tokenRequests;
    expect(request?.url).toBe('/ims/token/v3');
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client-id-1',
      client_secret: CLIENT_SECRET,
      scope: 'openid,AdobeID',
    });
  });

  it('is asked for once, however many calls wait for it', async () => {
    world.server.reply(STATS);
    await Promise.all(Array.from({ length: 8 }, read));
    expect(world.server.tokenRequests).toHaveLength(1);
    expect(world.server.requests).toHaveLength(8);
  });

  it('is renewed once after a 401, and the call is made again: also a POST, of which nothing was done', async () => {
    world.server.reply(INVALID_TOKEN, { status: 201, body: { $id: 'https://ns.adobe.com/acme/schemas/1' } });
    await write();
    expect(world.server.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('is renewed once for all calls that were refused together', async () => {
    world.server.reply((request) => (request.headers.authorization === 'Bearer token-1' ? INVALID_TOKEN : STATS));
    await Promise.all([read(), read(), read()]);
    expect(world.server.tokenRequests).toHaveLength(2);
  });

  it('that is refused again ends the call', async () => {
    world.server.reply(INVALID_TOKEN);
    expect(await failure(write)).toMatchObject({ kind: 'refused', effect: 'none', error: { code: '401013' } });
    expect(world.server.requests).toHaveLength(2);
    expect(world.server.tokenRequests).toHaveLength(2);
  });

  it('is not renewed after a 403', async () => {
    world.server.reply({ status: 403, body: { error_code: '403025', message: 'Profile is not valid' } });
    expect(await failure(read)).toMatchObject({ kind: 'refused', error: { code: '403025', httpStatus: 403 } });
    expect(world.server.tokenRequests).toHaveLength(1);
  });

  it('is renewed early: one that ends within the tenth of its life is not used', async () => {
    world.server.replyToken({ status: 200, body: tokenBody('short', 0.05) });
    world.server.reply(STATS);
    await read();
    await expect
      .poll(async () => {
        await read();
        return world.server.tokenRequests.length;
      })
      .toBeGreaterThan(1);
  });

  it('may have its life in milliseconds, as an older page shows it', async () => {
    let nowMs = 0;
    const dispatcher = new Agent();
    const tokens = createTokens({
      configuration: configurationFor(world.server.url),
      dispatcher,
      log: silent,
      now: () => nowMs,
    });
    world.server.replyToken({ status: 200, body: tokenBody('in-ms', 86_399_992) });
    await tokens.get();
    nowMs = 86_399_992 - 500_001;
    await tokens.get();
    expect(world.server.tokenRequests).toHaveLength(1);
    nowMs += 2;
    await tokens.get();
    expect(world.server.tokenRequests).toHaveLength(2);
    await dispatcher.close();
  });

  it('that is not given says why, and that nothing was done', async () => {
    const body = { error: 'invalid_client', error_description: 'invalid client_secret parameter' };
    world.server.replyToken({ status: 400, body });
    expect(await failure(write)).toMatchObject({
      kind: 'refused',
      effect: 'none',
      error: { service: 'IMS', httpStatus: 400, code: 'invalid_client', detail: 'invalid client_secret parameter' },
    });
    world.server.replyToken({ status: 429, headers: { 'retry-after': '7' } });
    expect(await failure(write)).toMatchObject({ kind: 'throttled', effect: 'none', retryAfterMs: 7_000 });
    world.server.replyToken('cut');
    expect(await failure(write)).toMatchObject({ kind: 'unavailable', effect: 'none' });
    world.server.replyToken({ status: 200, body: '<html>proxy</html>' });
    expect(await failure(write)).toMatchObject({ kind: 'unavailable', effect: 'none' });
    expect(world.server.requests).toHaveLength(0);
    world.server.replyToken({ status: 200, body: tokenBody('good') });
    world.server.reply(STATS);
    expect(await read()).toMatchObject({ tenantId: 'acmetenant' });
  });
});

describe('what a failure says of its effect', () => {
  const rows: [string, Reply, { write: [string, string]; read: [string, string] }][] = [
    ['400', { status: 400, body: {} }, { write: ['refused', 'none'], read: ['refused', 'none'] }],
    ['404', { status: 404 }, { write: ['refused', 'none'], read: ['refused', 'none'] }],
    ['408', { status: 408 }, { write: ['unavailable', 'maybe'], read: ['unavailable', 'none'] }],
    ['429', { status: 429 }, { write: ['throttled', 'none'], read: ['throttled', 'none'] }],
    ['500', { status: 500 }, { write: ['unavailable', 'maybe'], read: ['unavailable', 'none'] }],
    ['503', { status: 503, body: '<html>' }, { write: ['unavailable', 'maybe'], read: ['unavailable', 'none'] }],
    ['504', { status: 504 }, { write: ['unavailable', 'maybe'], read: ['unavailable', 'none'] }],
    ['a redirect', { status: 302 }, { write: ['unexpected', 'none'], read: ['unexpected', 'none'] }],
    ['a cut connection', 'cut', { write: ['ambiguous', 'maybe'], read: ['unavailable', 'none'] }],
    ['no answer in time', 'hang', { write: ['ambiguous', 'maybe'], read: ['unavailable', 'none'] }],
    ['half a 2xx', { truncated: '{"a"' }, { write: ['ambiguous', 'maybe'], read: ['unavailable', 'none'] }],
    ['half a 4xx', { truncated: '{"a"', status: 400 }, { write: ['refused', 'none'], read: ['refused', 'none'] }],
    ['a 2xx page', { status: 200, body: '<html>' }, { write: ['ambiguous', 'maybe'], read: ['unavailable', 'none'] }],
    ['an empty 2xx', { status: 200 }, { write: ['ambiguous', 'maybe'], read: ['unavailable', 'none'] }],
    ['an odd 2xx', { status: 200, body: [7] }, { write: ['unexpected', 'maybe'], read: ['unexpected', 'none'] }],
  ];
  it.each(rows)('%s', async (_name, reply, expected) => {
    world.server.reply(reply);
    const written = await failure(write);
    expect([written.kind, written.effect]).toEqual(expected.write);
    const asked = await failure(read);
    expect([asked.kind, asked.effect]).toEqual(expected.read);
  });

  it('nobody listens: certainly none', async () => {
    const adobe = createAdobe({
      configuration: configurationFor(world.server.url, { platformUrl: 'http://127.0.0.1:1' }),
      log: silent,
    });
    const error = await failure(() => adobe.forSandbox('dev').schemaRegistry.createSchema({}));
    expect(error).toMatchObject({ kind: 'not-sent', effect: 'none', error: { detail: 'ECONNREFUSED' } });
    await adobe.close();
  });

  it('takes over how long Adobe asks to wait', async () => {
    world.server.reply({ status: 503, headers: { 'retry-after': '12' } });
    expect(await failure(write)).toMatchObject({ retryAfterMs: 12_000 });
  });
});

describe('secrets', () => {
  it('do not stand in errors, whatever Adobe echoes, nor in the log', async () => {
    const lines: string[] = [];
    const log = pino(
      { level: 'trace' },
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      }),
    );
    const adobe = createAdobe({ configuration: configurationFor(world.server.url), log });
    const inlet = `https://dcs.adobedc.net/collection/${'e7'.repeat(32)}`;
    world.server.replyToken({ status: 200, body: tokenBody('opaque-access-token') });
    world.server.reply({
      status: 400,
      body: `${'.'.repeat(500)} Bearer opaque-access-token and ${CLIENT_SECRET} and ${inlet}`,
    });
    const raw = await failure(() => adobe.forSandbox('dev').schemaRegistry.stats());
    world.server.reply({ status: 400, body: { title: 'no', detail: `token opaque-access-token at ${inlet}` } });
    const told = await failure(() => adobe.forSandbox('dev').schemaRegistry.stats());
    const seen = [JSON.stringify(raw), raw.stack, raw.message, JSON.stringify(told), ...lines].join('\n');
    expect(told.error.detail).toBe('token *** at https://dcs.adobedc.net/collection/***');
    expect(raw.error.raw?.length).toBeLessThanOrEqual(512);
    expect(seen).not.toContain('opaque-access');
    expect(seen).not.toContain('p8e-very');
    expect(seen).not.toContain('e7e7');
    expect(lines.length).toBeGreaterThan(0);
    await adobe.close();
  });
});

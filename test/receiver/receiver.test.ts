import { bodyContext } from '../../src/store/keys/contexts.js';
import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { KIND_FACTS, KINDS } from '../../src/domain/events/kinds.js';
import { placeOf } from '../../src/receiver/slot.js';
import { openDatabase } from '../../src/store/connection/database.js';
import { pageOfExceptions } from '../../src/store/views/exceptionPages.js';
import { createRoutes, listRoutes, retireRoutes, rotateRoutes } from '../../src/store/sources/routes.js';
import { registerSource, retireSource } from '../../src/store/sources/sources.js';
import { EXAMPLES } from '../chatlio/examples.js';
import { temporaryFolder } from '../support/processes.js';
import { freshSource, silentLog, withDatabase } from '../support/store.js';
import { AWAY, pathOf, postTo, startTestReceiver, WIDGET, withReceiver } from './receiver.js';

const NOT_FOUND = { status: 404, body: { error: 'not found' } };

describe('receiver', () => {
  const database = withDatabase();
  const setup = withReceiver(database);

  async function storedEvent(eventId: string): Promise<Record<string, unknown> | undefined> {
    const { sourceId, keyRing } = setup();
    const id = Buffer.from(eventId, 'hex');
    const { rows } = await database().pool.query<{ sealed: Buffer }>(
      'select sealed from event_body where source_id = $1 and event_id = $2',
      [sourceId, id],
    );
    const sealed = rows[0]?.sealed;
    if (sealed === undefined) return undefined;
    return JSON.parse(keyRing.open(sealed, bodyContext(sourceId, id)).toString()) as Record<string, unknown>;
  }

  async function heldBody(eventId: string) {
    const { sourceId, keyRing } = setup();
    const id = Buffer.from(eventId, 'hex');
    const { rows } = await database().pool.query<{ reason: string; sealed: Buffer; evidence: { fact: string }[] }>(
      'select reason, sealed, evidence from exception where source_id = $1 and event_id = $2',
      [sourceId, id],
    );
    const row = rows[0];
    if (row === undefined) throw new Error('not held');
    return {
      reason: row.reason,
      body: keyRing.open(row.sealed, bodyContext(sourceId, id)).toString(),
      facts: row.evidence.map(({ fact }) => fact),
    };
  }

  it.each(KINDS)('takes %s: in the log, encrypted, before it answers', async (kind) => {
    const { post, path } = setup();
    const response = await post(path(kind), EXAMPLES[kind]);
    expect(response).toMatchObject({ status: 200, body: { arrival: 'logged' } });
    const stored = await storedEvent(response.body.eventId as string);
    expect(stored).toMatchObject({
      eventId: response.body.eventId,
      eventType: KIND_FACTS[kind].eventType,
      widgetKey: WIDGET,
      visitorUUID: EXAMPLES[kind].visitor.UUID,
    });
  });

  it('takes the same event twice, logs it once', async () => {
    const { post, path } = setup();
    const body = fixture('feedback', { seed: 1, atMs: Date.now() });
    const first = await post(path('feedback'), body);
    const again = await post(path('feedback'), JSON.stringify(body, undefined, 4), { 'content-type': 'text/plain' });
    expect([first.body.arrival, again.body.arrival]).toEqual(['logged', 'redelivered']);
    expect(again.body.eventId).toBe(first.body.eventId);
  });

  it('takes many deliveries of few events at once, logs each event once', async () => {
    const { post, path, sourceId } = setup();
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        post(path('unanswered'), fixture('unanswered', { seed: 1_000 + (index % 20), atMs: 1_763_000_000_000 })),
      ),
    );
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(responses.filter(({ body }) => body.arrival === 'logged')).toHaveLength(20);
    const ids = [...new Set(responses.map(({ body }) => body.eventId as string))].map((id) => Buffer.from(id, 'hex'));
    const { rows } = await database().pool.query(
      `select count(*) as ids, sum(arrivals) as arrivals,
              (select count(*) from event_body b where b.source_id = $1 and b.event_id = any($2)) as bodies
         from event_id where source_id = $1 and event_id = any($2)`,
      [sourceId, ids],
    );
    expect(rows).toEqual([{ ids: 20, arrivals: 200, bodies: 20 }]);
  });

  it.each([
    ['nothing', '', 'empty body'],
    ['no JSON', '{"message": "as printed", // with a comment\n}', 'not JSON'],
    ['a list', '[1]', 'not a JSON object'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'not UTF-8'],
    [
      'deep nesting',
      `{"conversationUUID":"c","message":"m","deep":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      'nested',
    ],
    ['a body without its conversation', '{"message":"Hello"}', 'conversationUUID is missing'],
    ['a transcript', JSON.stringify(EXAMPLES.transcript), 'misrouted'],
  ])('holds %s with its bytes and the reason, and answers 200', async (_what, body, why) => {
    const { post, path } = setup();
    const response = await post(path('feedback'), body);
    expect(response).toMatchObject({ status: 200, body: { arrival: 'held' } });
    const held = await heldBody(response.body.eventId as string);
    expect(held).toMatchObject({ reason: 'unreadable', body: body.toString() });
    expect(held.facts.join()).toContain(why);
    const page = await pageOfExceptions(database(), setup().sourceId, { filter: {}, states: ['held'], limit: 100 });
    expect(page.exceptions.find(({ eventId }) => eventId === response.body.eventId)?.lastFact).toContain(why);
    expect(await post(path('feedback'), body)).toMatchObject({ status: 200, body: { arrival: 'redelivered' } });
  });

  it('holds a reopened conversation as a conflict, with its body', async () => {
    const { post, path } = setup();
    const body = fixture('new-conversation', { seed: 77, atMs: Date.now() });
    await post(path('new-conversation'), body);
    const response = await post(path('new-conversation'), { ...body, message: 'Something else' });
    expect(response).toMatchObject({ status: 200, body: { arrival: 'conflict' } });
    const held = await heldBody(response.body.eventId as string);
    expect(held.reason).toBe('conflict');
    expect(JSON.parse(held.body)).toMatchObject({ message: 'Something else' });
  });

  it.each([
    ['numbers beyond 2^53', '"order":9007199254740993', '"order":9007199254740992'],
    ['a key that stands twice', '"order":1,"order":3', '"order":2,"order":3'],
  ])('holds a body as a conflict that differs in %s only', async (_what, one, other) => {
    const { post, path } = setup();
    const start = JSON.stringify(fixture('new-conversation', { seed: one.length + 900, atMs: 1 })).slice(0, -1);
    const arrivals = [];
    for (const part of [one, other, one]) {
      const response = await post(path('new-conversation'), `${start},${part}}`);
      arrivals.push(response.body.arrival);
    }
    expect(arrivals).toEqual(['logged', 'conflict', 'redelivered']);
  });

  it('gives one answer to every wrong secret, widget, kind, path and method', async () => {
    const { post, path, receiver } = setup();
    const right = path('feedback');
    const [, , , widget, kind, secret] = right.split('/') as [string, string, string, string, string, string];
    const wrong = [
      right.slice(0, -1),
      `${right}x`,
      right.replace(secret, path('transcript').split('/')[5] as string),
      right.replace(widget, 'other-site'),
      right.replace(kind, 'transcript'),
      right.replace(kind, 'conversations'),
      `${right}/more`,
      '/hooks/chatlio//feedback/',
      '/hooks/chatlio/%E0%A4%A/feedback/x',
      '/',
    ];
    for (const at of wrong) expect({ at, ...(await post(at, EXAMPLES.feedback)) }).toMatchObject({ at, ...NOT_FOUND });
    const got = await request(receiver.url + right, { method: 'GET' });
    expect([got.statusCode, await got.body.json()]).toEqual([404, NOT_FOUND.body]);
  });

  it('refuses more than 10 MB, announced or not, and takes 9 MB', async () => {
    const { path, receiver, post } = setup();
    const large = Buffer.alloc(11 * 1024 * 1024, 'x');
    expect((await post(path('transcript'), large)).status).toBe(413);
    const unannounced = await request(receiver.url + path('transcript'), {
      method: 'POST',
      body: (function* () {
        for (let n = 0; n < 11; n += 1) yield large.subarray(0, 1024 * 1024);
      })() as unknown as Buffer,
    });
    await unannounced.body.dump();
    expect(unannounced.statusCode).toBe(413);
    const transcript = { ...EXAMPLES.transcript, conversationUUID: 'large', htmlBody: 'x'.repeat(9 * 1024 * 1024) };
    expect(await post(path('transcript'), transcript)).toMatchObject({ status: 200, body: { arrival: 'logged' } });
    expect(receiver.counts()['too-large']).toBe(2);
  });

  it('writes neither secrets nor text of chats into its log', async () => {
    const { logged, post, path, routes } = setup();
    await post(path('feedback'), '{"message":"a very private text", oops');
    await post(`${path('feedback')}x`, EXAMPLES.feedback);
    expect(logged()).toContain('is held');
    expect(logged()).not.toContain('private');
    expect(logged()).not.toContain('Porto');
    for (const { secret } of routes) expect(logged()).not.toContain(secret);
  });

  it('says that it is alive and ready', async () => {
    const { receiver } = setup();
    const statuses = await Promise.all(
      ['/healthz', '/readyz'].map(async (path) => {
        const response = await request(receiver.url + path);
        await response.body.dump();
        return response.statusCode;
      }),
    );
    expect(statuses).toEqual([200, 200]);
  });
});

describe('routes of a receiver', () => {
  const database = withDatabase();
  const setup = withReceiver(database);

  it('are taken when they are made, retired when they are retired, while it runs', async () => {
    const { keyRing, post } = setup();
    const sourceId = await freshSource(database());
    const routes = await createRoutes(database(), keyRing, sourceId, [{ key: 'late', kinds: ['feedback'] }]);
    const path = pathOf(routes, 'feedback');
    await expect.poll(async () => (await post(path, EXAMPLES.feedback)).status).toBe(200);
    await retireRoutes(database(), sourceId);
    await expect.poll(async () => (await post(path, EXAMPLES.feedback)).status).toBe(404);
  });

  it('are the same when they are made again', async () => {
    const { keyRing, sourceId, routes } = setup();
    const widgets = [{ key: WIDGET, kinds: KINDS }];
    expect(await createRoutes(database(), keyRing, sourceId, widgets)).toEqual(routes);
    expect(new Set(routes.map(({ secret }) => secret)).size).toBe(KINDS.length);
    expect(routes.every(({ secret }) => /^[\w-]{32}$/.test(secret))).toBe(true);
  });

  it('overlap when they are rotated', async () => {
    const { keyRing, post } = setup();
    const sourceId = await freshSource(database());
    const old = await createRoutes(database(), keyRing, sourceId, [{ key: 'rotated', kinds: ['feedback'] }]);
    expect(await rotateRoutes(database(), keyRing, sourceId, { overlapMs: 1_500 })).toBe(1);
    const all = await listRoutes(database(), keyRing, sourceId);
    const oldPath = pathOf(old, 'feedback');
    const newPath = pathOf(all, 'feedback');
    expect(all).toHaveLength(2);
    expect(newPath).not.toBe(oldPath);
    await expect.poll(async () => (await post(newPath, EXAMPLES.feedback)).status).toBe(200);
    await expect.poll(async () => (await post(oldPath, EXAMPLES.feedback)).status, { timeout: 5_000 }).toBe(404);
    expect((await post(newPath, EXAMPLES.feedback)).status).toBe(200);
  });

  it('of two sources with a widget of the same name are told apart by their secrets', async () => {
    const { keyRing, post } = setup();
    const other = await freshSource(database());
    const routes = await createRoutes(database(), keyRing, other, [{ key: WIDGET, kinds: ['feedback'] }]);
    await expect.poll(async () => (await post(pathOf(routes, 'feedback'), EXAMPLES.feedback)).status).toBe(200);
    const { rows } = await database().pool.query('select count(*) as n from event_id where source_id = $1', [other]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('end with their source', async () => {
    const { keyRing, post } = setup();
    const uid = '00000000-0000-4000-8000-00000000000f';
    const sourceId = await registerSource(database(), { uid, name: 'ending', partitions: 1 });
    const path = pathOf(
      await createRoutes(database(), keyRing, sourceId, [{ key: 'ending', kinds: ['feedback'] }]),
      'feedback',
    );
    await expect.poll(async () => (await post(path, EXAMPLES.feedback)).status).toBe(200);
    await retireSource(database(), uid);
    await expect.poll(async () => (await post(path, EXAMPLES.feedback)).status).toBe(404);
  });

  it('are cached in a file for the owner alone, as hashes', async () => {
    const { home, routes } = setup();
    const file = join(home, 'routes.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const content = await readFile(file, 'utf8');
    expect(content).toContain(WIDGET);
    for (const { secret } of routes) expect(content).not.toContain(secret);
  });
});

describe('receiver without PostgreSQL', () => {
  const database = withDatabase();
  const setup = withReceiver(database);

  it('knows its routes from the file and spools; one that it does not know may be newer: 503, not 404', async () => {
    const { keyRing, home, path } = setup();
    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    const { receiver } = await startTestReceiver({ database: away, keyRing, home });
    const body = fixture('feedback', { seed: 77, atMs: 1 });
    expect(await postTo(receiver, path('feedback'), body)).toMatchObject({ status: 200, body: { arrival: 'spooled' } });
    expect(await postTo(receiver, path('feedback'), 'no JSON')).toMatchObject({ body: { arrival: 'spooled' } });
    expect(await postTo(receiver, `${path('feedback')}x`, body)).toMatchObject({ status: 503 });
    expect(receiver.spoolDepth().records).toBe(2);
    const ready = await request(`${receiver.url}/readyz`);
    const warnings = [{ check: 'database', code: 'CAEP_DATABASE_UNREACHABLE' }];
    expect([ready.statusCode, await ready.body.json()]).toEqual([
      200,
      { v: 1, status: 'spooling', reasons: [], warnings },
    ]);
    await receiver.close();
    await away.close();
  });

  it('says 503 with Retry-After when the spool is full as well', async () => {
    const { keyRing, home, path } = setup();
    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    const { receiver } = await startTestReceiver({ database: away, keyRing, home, spoolMaxBytes: 100 });
    const response = await postTo(receiver, path('feedback'), EXAMPLES.feedback);
    expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    const ready = await request(`${receiver.url}/readyz`);
    const reasons = [{ check: 'spool', code: 'CAEP_SPOOL_FULL' }];
    expect([ready.statusCode, await ready.body.json()]).toMatchObject([503, { status: 'spool full', reasons }]);
    await receiver.close();
    await away.close();
  });

  it('is not ready where the disk takes nothing, and ready again when it does', async () => {
    const { keyRing, home, path } = setup();
    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    onTestFinished(() => away.close());
    const { receiver } = await startTestReceiver({ database: away, keyRing, home });
    onTestFinished(() => receiver.close());
    const readiness = async () => {
      const ready = await request(`${receiver.url}/readyz`);
      return [ready.statusCode, await ready.body.json()];
    };
    // The first place is that of the receiver that has PostgreSQL.
    const { spoolFolder } = placeOf(home, '2');
    await rename(spoolFolder, `${spoolFolder}.away`);
    const reasons = [{ check: 'spool', code: 'CAEP_SPOOL_FULL' }];
    expect(await readiness()).toMatchObject([503, { status: 'the disk of the spool cannot be written', reasons }]);
    expect(await postTo(receiver, path('feedback'), EXAMPLES.feedback)).toMatchObject({ status: 503 });
    await rename(`${spoolFolder}.away`, spoolFolder);
    expect(await readiness()).toMatchObject([200, { status: 'spooling', reasons: [] }]);
    const body = fixture('feedback', { seed: 78, atMs: 1 });
    expect(await postTo(receiver, path('feedback'), body)).toMatchObject({ status: 200, body: { arrival: 'spooled' } });
  });

  it('says 503 to everything while it knows no routes', async () => {
    const { keyRing, path } = setup();
    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    const { receiver } = await startTestReceiver({ database: away, keyRing, home: temporaryFolder() });
    expect((await postTo(receiver, path('feedback'), EXAMPLES.feedback)).status).toBe(503);
    expect((await postTo(receiver, '/hooks/chatlio/x/feedback/y', EXAMPLES.feedback)).status).toBe(503);
    const ready = await request(`${receiver.url}/readyz`);
    const reasons = [{ check: 'routes', code: 'CAEP_ROUTES_UNKNOWN' }];
    expect([ready.statusCode, await ready.body.json()]).toMatchObject([503, { reasons }]);
    await receiver.close();
    await away.close();
  });

  it('has every event once that it acknowledged while its connections were being killed', async () => {
    const { post, path, sourceId, receiver } = setup();
    const bodies = Array.from({ length: 300 }, (_, index) => fixture('feedback', { seed: 5_000 + index, atMs: 1 }));
    const acknowledged = new Set<string>();
    let kills = 0;
    const killing = new AbortController();
    const killer = (async () => {
      const client = await database().pool.connect();
      while (!killing.signal.aborted) {
        const { rowCount } = await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and query like '%partition_head%'`,
        );
        kills += rowCount ?? 0;
      }
      client.release();
    })();
    for (let n = 0; n < bodies.length; n += 30) {
      await Promise.all(
        bodies.slice(n, n + 30).map(async (body) => {
          const response = await post(path('feedback'), body);
          expect(response.status).toBe(200);
          acknowledged.add(response.body.eventId as string);
        }),
      );
    }
    killing.abort();
    await killer;
    expect(kills).toBeGreaterThan(0);
    expect(receiver.counts().spooled).toBeGreaterThan(0);
    await expect.poll(() => receiver.spoolDepth().records, { timeout: 20_000 }).toBe(0);
    const { rows } = await database().pool.query<{ id: string }>(
      `select encode(event_id, 'hex') as id from event_body where source_id = $1`,
      [sourceId],
    );
    // What other tests have spooled may come later.
    const logged = rows.map(({ id }) => id).filter((id) => acknowledged.has(id));
    expect(logged.sort()).toEqual([...acknowledged].sort());
  });

  it('drains what another receiver of its folder has left, when that one is gone', async () => {
    const { keyRing, path, sourceId } = setup();
    const home = temporaryFolder();
    const here = await startTestReceiver({ database: database(), keyRing, home });
    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    const second = await startTestReceiver({ database: away, keyRing, home });
    const response = await postTo(second.receiver, path('feedback'), fixture('feedback', { seed: 78, atMs: 1 }));
    expect(response.body.arrival).toBe('spooled');
    await second.receiver.close();
    await away.close();
    await here.receiver.close();
    const again = await startTestReceiver({ database: database(), keyRing, home });
    await expect
      .poll(async () => {
        const { rows } = await database().pool.query(
          'select 1 from event_body where source_id = $1 and event_id = $2',
          [sourceId, Buffer.from(response.body.eventId as string, 'hex')],
        );
        return rows.length;
      })
      .toBe(1);
    await again.receiver.close();
  });
});

describe('stopping a receiver', () => {
  const database = withDatabase();
  const setup = withReceiver(database);

  it('answers the request that it is working on, then ends', async () => {
    const { keyRing, home, path, sourceId } = setup();
    const { receiver } = await startTestReceiver({ database: database(), keyRing, home });
    const holder = await database().pool.connect();
    await holder.query('begin');
    await holder.query('select 1 from partition_head where source_id = $1 for update', [sourceId]);
    const posting = postTo(receiver, path('feedback'), fixture('feedback', { seed: 9, atMs: 1 }));
    await expect
      .poll(async () => {
        const { rows } = await database().pool.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length;
      })
      .toBe(1);
    const closing = receiver.close();
    await holder.query('commit');
    holder.release();
    expect(await posting).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await closing;
    await expect(request(`${receiver.url}/healthz`)).rejects.toThrow('ECONNREFUSED');
  });
});

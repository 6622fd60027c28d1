/** What Chatlio may send, against a real receiver: copies at any distance, events that look like copies, odd bodies. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { createRoutes, retireRoutes } from '../../src/store/sources/routes.js';
import { registerSource, retireSource } from '../../src/store/sources/sources.js';
import { EXAMPLES } from '../chatlio/examples.js';
import { freshSource, withDatabase } from '../support/store.js';
import { pathOf, WIDGET, withReceiver } from './receiver.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const YEAR_MS = 365 * 24 * HOUR_MS;

const database = withDatabase();
const setup = withReceiver(database);

/** A body of its own: nobody else's conversation or visitor. */
function freshBody(kind: Kind): Record<string, unknown> {
  const visitor = { ...EXAMPLES[kind].visitor, UUID: randomUUID() };
  return {
    ...EXAMPLES[kind],
    visitor,
    ...('conversationUUID' in EXAMPLES[kind] && { conversationUUID: randomUUID() }),
  };
}

async function take(kind: Kind, body: object) {
  const { post, path } = setup();
  const { status, body: answer } = await post(path(kind), body);
  expect(status).toBe(200);
  return { eventId: answer.eventId ?? '', arrival: answer.arrival };
}

/** As if the event had come that long ago. */
async function age(eventId: string, ms: number): Promise<void> {
  const { rowCount } = await database().pool.query(
    `update event_id set logged_at = logged_at - $2 * interval '1 millisecond' where event_id = $1`,
    [Buffer.from(eventId, 'hex'), ms],
  );
  expect(rowCount).toBe(1);
}

/** How often the event arrived, how many bodies are kept to be sent, and what waits for a person. */
async function standing(eventId: string) {
  const { rows } = await database().pool.query<object>(
    `select (select sum(arrivals)::int from event_id where event_id = $1) as arrivals,
            (select count(*)::int from event_body where event_id = $1) as bodies,
            (select array_agg(reason::text) from exception where event_id = $1) as held`,
    [Buffer.from(eventId, 'hex')],
  );
  return rows[0];
}

describe('a webhook that comes again', () => {
  it.each(KINDS)('minutes later is the same event: %s', async (kind) => {
    const body = freshBody(kind);
    const { eventId, arrival } = await take(kind, body);
    expect(arrival).toBe('logged');
    await age(eventId, 20 * MINUTE_MS);
    expect(await take(kind, body)).toEqual({ eventId, arrival: 'redelivered' });
    expect(await standing(eventId)).toEqual({ arrivals: 2, bodies: 1, held: null });
  });

  it.each(['new-conversation', 'transcript'] as const)('a year later is the same event: %s', async (kind) => {
    const body = freshBody(kind);
    const { eventId } = await take(kind, body);
    await age(eventId, YEAR_MS);
    expect(await take(kind, body)).toEqual({ eventId, arrival: 'redelivered' });
    expect(await standing(eventId)).toEqual({ arrivals: 2, bodies: 1, held: null });
  });

  it('a year later is known by its id, when its body is not kept any more', async () => {
    const body = freshBody('transcript');
    const { eventId } = await take('transcript', body);
    await age(eventId, YEAR_MS);
    await database().pool.query('delete from event_body where event_id = $1', [Buffer.from(eventId, 'hex')]);
    expect(await take('transcript', body)).toEqual({ eventId, arrival: 'redelivered' });
    expect(await standing(eventId)).toEqual({ arrivals: 2, bodies: 0, held: null });
  });

  it.each(['unanswered', 'feedback', 'offline-message'] as const)(
    'an hour later may be another %s with the same text: kept for a person, and counted from then on',
    async (kind) => {
      const body = freshBody(kind);
      const { eventId } = await take(kind, body);
      await age(eventId, HOUR_MS + MINUTE_MS);
      expect(await take(kind, body)).toEqual({ eventId, arrival: 'conflict' });
      expect(await standing(eventId)).toEqual({ arrivals: 2, bodies: 1, held: ['conflict'] });
      await take(kind, body);
      expect(await standing(eventId)).toEqual({ arrivals: 3, bodies: 1, held: ['conflict'] });
    },
  );

  it('with its keys in another order and null for nothing is the same; on another page it is rendered anew', async () => {
    const body = freshBody('feedback');
    const { eventId } = await take('feedback', body);
    const shuffled = Object.fromEntries(Object.entries({ ...body, subject: null }).reverse());
    expect(await take('feedback', shuffled)).toEqual({ eventId, arrival: 'redelivered' });
    const visitor = { ...(body['visitor'] as object), currentPage: 'https://shop.example.com/elsewhere' };
    expect(await take('feedback', { ...body, visitor })).toEqual({ eventId, arrival: 'drifted' });
  });

  it('as a transcript that is exported twice is one; twice with a message more in between are two', async () => {
    const body = freshBody('transcript');
    const first = await take('transcript', body);
    const more = {
      ...body,
      messages: [...EXAMPLES.transcript.messages, { ts: '1714642300.000100', text: 'One more thing' }],
    };
    const second = await take('transcript', more);
    expect([first.arrival, second.arrival]).toEqual(['logged', 'logged']);
    expect(second.eventId).not.toBe(first.eventId);
    expect(await take('transcript', body)).toEqual({ eventId: first.eventId, arrival: 'redelivered' });
    expect(await take('transcript', more)).toEqual({ eventId: second.eventId, arrival: 'redelivered' });
  });
});

describe('events that look alike', () => {
  it('of two conversations with the same words are two', async () => {
    for (const kind of ['new-conversation', 'unanswered', 'feedback', 'transcript'] as const) {
      const first = await take(kind, freshBody(kind));
      const second = await take(kind, { ...freshBody(kind), visitor: EXAMPLES[kind].visitor });
      expect([first.arrival, second.arrival]).toEqual(['logged', 'logged']);
      expect(second.eventId).not.toBe(first.eventId);
    }
  });

  it('of two visitors who leave the same words are two', async () => {
    const [first, second] = [
      await take('offline-message', freshBody('offline-message')),
      await take('offline-message', freshBody('offline-message')),
    ];
    expect([first.arrival, second.arrival]).toEqual(['logged', 'logged']);
    expect(second.eventId).not.toBe(first.eventId);
  });

  it('of one conversation and of three kinds are three', async () => {
    const body = freshBody('unanswered');
    const taken = [await take('new-conversation', body), await take('unanswered', body), await take('feedback', body)];
    expect(taken.map(({ arrival }) => arrival)).toEqual(['logged', 'logged', 'logged']);
    expect(new Set(taken.map(({ eventId }) => eventId)).size).toBe(3);
  });

  it('a second feedback an hour later, with other words, is another event', async () => {
    const body = freshBody('feedback');
    const { eventId } = await take('feedback', body);
    await age(eventId, HOUR_MS + MINUTE_MS);
    const second = await take('feedback', { ...body, message: 'And now I have changed my mind.' });
    expect(second).toMatchObject({ arrival: 'logged' });
    expect(second.eventId).not.toBe(eventId);
    expect(await standing(eventId)).toEqual({ arrivals: 1, bodies: 1, held: null });
  });
});

describe('one widget', () => {
  it('that feeds two sources gives each of them every event once', async () => {
    const { keyRing, post, path, sourceId } = setup();
    const other = await freshSource(database());
    const routes = await createRoutes(database(), keyRing, other, [{ key: WIDGET, kinds: ['feedback'] }]);
    const body = freshBody('feedback');
    const both = [path('feedback'), pathOf(routes, 'feedback')];
    await expect.poll(async () => (await post(both[1] ?? '', freshBody('feedback'))).status).toBe(200);
    const answers = [];
    for (const at of [...both, ...both]) answers.push((await post(at, body)).body);
    const { eventId } = answers[0] ?? {};
    expect(answers).toEqual([
      { eventId, arrival: 'logged' },
      { eventId, arrival: 'logged' },
      { eventId, arrival: 'redelivered' },
      { eventId, arrival: 'redelivered' },
    ]);
    const { rows } = await database().pool.query(
      'select source_id, arrivals from event_id where event_id = $1 order by source_id',
      [Buffer.from(eventId ?? '', 'hex')],
    );
    expect(rows).toEqual([sourceId, other].sort((a, b) => a - b).map((source) => ({ source_id: source, arrivals: 2 })));
  });

  it('of a source that was torn down and provisioned again has new URLs; what came before stays known to the old one', async () => {
    const { keyRing, post } = setup();
    const name = `again-${randomUUID().slice(0, 8)}`;
    const widgets = [{ key: 'again', kinds: KINDS }];
    const provision = async (uid: string) => {
      const id = await registerSource(database(), { uid, name, partitions: 1 });
      return { id, path: pathOf(await createRoutes(database(), keyRing, id, widgets), 'transcript') };
    };
    const arrivalAt = async (path: string, body: object) => (await post(path, body)).body.arrival;
    const status = async (path: string) => (await post(path, 'x')).status;

    const [uid, nextUid] = [randomUUID(), randomUUID()];
    const body = freshBody('transcript');
    const first = await provision(uid);
    await expect.poll(() => status(first.path)).toBe(200);
    expect(await arrivalAt(first.path, body)).toBe('logged');

    await retireRoutes(database(), first.id);
    await retireSource(database(), uid);
    await expect.poll(() => status(first.path)).toBe(404);

    const second = await provision(nextUid);
    await expect.poll(() => status(second.path)).toBe(200);
    expect(second.path).not.toBe(first.path);
    expect(await status(first.path)).toBe(404);
    expect(await arrivalAt(second.path, body)).toBe('logged');
    expect(await arrivalAt(second.path, body)).toBe('redelivered');
    const { rows } = await database().pool.query<{ source_id: number; events: number }>(
      `select source_id, count(*)::int as events from event_id where source_id = any ($1) and seq > 0
       group by 1 order by 1`,
      [[first.id, second.id]],
    );
    expect(rows).toEqual([
      { source_id: first.id, events: 1 },
      { source_id: second.id, events: 1 },
    ]);
  });

  it('of a source that is provisioned again under its own marker knows what it has taken', async () => {
    const { keyRing, post } = setup();
    const uid = randomUUID();
    const source = { uid, name: `same-${uid.slice(0, 8)}`, partitions: 1 };
    const widgets = [{ key: 'same', kinds: KINDS }];
    const id = await registerSource(database(), source);
    const path = pathOf(await createRoutes(database(), keyRing, id, widgets), 'feedback');
    const body = freshBody('feedback');
    await expect.poll(async () => (await post(path, body)).status).toBe(200);
    await retireRoutes(database(), id);
    await retireSource(database(), uid);
    expect(await registerSource(database(), source)).toBe(id);
    const again = pathOf(await createRoutes(database(), keyRing, id, widgets), 'feedback');
    expect(again).not.toBe(path);
    await expect.poll(async () => (await post(again, 'x')).status).toBe(200);
    expect((await post(path, body)).status).toBe(404);
    expect((await post(again, body)).body.arrival).toBe('redelivered');
  });
});

describe('an odd body', () => {
  it.each([
    ['an empty message', 'feedback', { message: '' }],
    ['no message', 'feedback', { message: undefined }],
    ['no names', 'offline-message', { name: null, emailPretty: '', subject: '' }],
    ['identTraits as an object', 'new-conversation', { visitor: { UUID: 'v', identTraits: { plan: 'gold' } } }],
    ['emoji and CRLF', 'unanswered', { message: 'a\r\n👩‍🚀\u2028\u0000' }],
    ['half an emoji', 'unanswered', { message: 'half \uD83D' }],
    ['an unknown rating', 'feedback', { rating: 5 }],
    ['a time that is none', 'transcript', { endedAt: 'yesterday', startedAt: '' }],
    ['elements that are no messages', 'transcript', { messages: [{}, null, 7, 'x'] }],
  ] as const)('with %s is an event', async (_what, kind, change) => {
    expect((await take(kind, { ...freshBody(kind), ...change })).arrival).toBe('logged');
  });

  it.each([
    ['without its conversation', 'unanswered', { ...freshBody('unanswered'), conversationUUID: undefined }],
    ['of a transcript at the offline URL', 'offline-message', freshBody('transcript')],
    ['of an offline message at the transcript URL', 'transcript', freshBody('offline-message')],
  ] as const)('%s is held', async (_what, kind, body) => {
    expect((await take(kind, body)).arrival).toBe('held');
  });

  it('of an unanswered message at the URL for new conversations cannot be told from one of those', async () => {
    const body = freshBody('unanswered');
    expect((await take('new-conversation', body)).arrival).toBe('logged');
  });
});

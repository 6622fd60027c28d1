/** A source that keeps originals: from the webhook, by the log or by the spool, to what stands in the log. */
import { join } from 'node:path';
import { assert, describe, expect, it, onTestFinished } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { KINDS } from '../../src/domain/events/kinds.js';
import { openEvent, ORIGINAL_FORM } from '../../src/store/bodies/originals.js';
import { openDatabase } from '../../src/store/connection/database.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { createRoutes } from '../../src/store/sources/routes.js';
import { keepOriginals } from '../../src/store/sources/sources.js';
import { temporaryFolder } from '../support/processes.js';
import { freshSource, silentLog, withDatabase } from '../support/store.js';
import { AWAY, pathOf, postTo, startTestReceiver, WIDGET } from './receiver.js';

const database = withDatabase();

async function switchedSource(without: readonly string[] = []) {
  const home = temporaryFolder();
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const sourceId = await freshSource(database());
  await keepOriginals(database(), sourceId, without);
  const routes = await createRoutes(database(), keyRing, sourceId, [{ key: WIDGET, kinds: KINDS }]);
  const start = async (through = database()) => {
    const { receiver } = await startTestReceiver({ database: through, keyRing, home });
    return receiver;
  };
  const opened = async (id: string) => {
    const eventId = Buffer.from(id, 'hex');
    const { rows } = await database().pool.query<{ form: number; sealed: Buffer }>(
      'select form, sealed from event_body where source_id = $1 and event_id = $2',
      [sourceId, eventId],
    );
    const row = rows[0];
    return row && { column: row.form, ...openEvent(keyRing, { ...row, sourceId, eventId, kind: 'new-conversation' }) };
  };
  return { sourceId, start, opened, path: pathOf(routes, 'new-conversation') };
}

const conversation = (seed: number) => fixture('new-conversation', { seed, atMs: Date.UTC(2026, 10, 20) });

it('what is posted is kept as it was posted, byte for byte', async () => {
  const { start, opened, path } = await switchedSource();
  const receiver = await start();
  onTestFinished(() => receiver.close());
  const raw = `${JSON.stringify({ ...conversation(1), message: 'Hi \u202E👋 '.repeat(20_000) }, undefined, 1)}\r\n`;
  const answer = await postTo(receiver, path, raw);
  expect(answer).toMatchObject({ status: 200, body: { arrival: 'logged' } });
  const kept = await opened(answer.body['eventId'] ?? '');
  assert(kept !== undefined && 'original' in kept);
  expect(kept.column).toBe(ORIGINAL_FORM);
  expect(kept.original.toString()).toBe(raw);
  expect(kept.facts).toMatchObject({ widget: WIDGET });
});

it('while PostgreSQL is away it is spooled as it was posted, also by a receiver that has only the file of its routes', async () => {
  const { start, opened, path } = await switchedSource();
  await (await start()).close();
  const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
  onTestFinished(() => away.close());
  const spooling = await start(away);
  const answer = await postTo(spooling, path, conversation(2));
  expect(answer.body).toMatchObject({ arrival: 'spooled' });
  await spooling.close();
  const receiver = await start();
  onTestFinished(() => receiver.close());
  await expect
    .poll(() => opened(answer.body['eventId'] ?? ''), { timeout: 10_000 })
    .toMatchObject({ column: ORIGINAL_FORM, original: Buffer.from(JSON.stringify(conversation(2))) });
});

it('the same event of another visitor is a conflict, and one whose visitor looks at another page is a copy', async () => {
  const { sourceId, start, path } = await switchedSource();
  const receiver = await start();
  onTestFinished(() => receiver.close());
  const first = conversation(3);
  const visitor = (changes: object) => ({ ...first, visitor: { ...(first['visitor'] as object), ...changes } });
  const arrivals = [];
  for (const body of [
    first,
    visitor({ currentPage: 'https://shop.example.com/cart' }),
    visitor({ UUID: 'somebody-else' }),
  ])
    arrivals.push((await postTo(receiver, path, body)).body['arrival']);
  expect(arrivals).toEqual(['logged', 'drifted', 'conflict']);
  const { rows } = await database().pool.query(
    `select evidence -> 1 ->> 'fact' as fact from exception where source_id = $1`,
    [sourceId],
  );
  expect(rows).toEqual([{ fact: 'same content, another visitor' }]);
});

describe('of what is not to be kept', () => {
  it('nothing is stored, by the log or by the spool; event id and conflicts are of all that was posted', async () => {
    const whole = await switchedSource();
    const part = await switchedSource(['message', 'visitor.email']);
    const body = { ...conversation(4), message: 'a secret', visitor: { UUID: 'u-1', email: 'ana@example.com' } };
    const reader = await whole.start();
    onTestFinished(() => reader.close());
    const { eventId = '' } = (await postTo(reader, whole.path, body)).body;

    const receiver = await part.start();
    expect((await postTo(receiver, part.path, body)).body).toMatchObject({ eventId, arrival: 'logged' });
    const other = await postTo(receiver, part.path, { ...body, message: 'another secret' });
    expect(other.body).toMatchObject({ eventId, arrival: 'conflict' });
    await receiver.close();

    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    onTestFinished(() => away.close());
    const spooling = await part.start(away);
    const spooled = await postTo(spooling, part.path, { ...body, conversationUUID: 'another' });
    expect(spooled.body).toMatchObject({ arrival: 'spooled' });
    await spooling.close();
    const again = await part.start();
    onTestFinished(() => again.close());

    const third = String(spooled.body['eventId']);
    await expect.poll(() => part.opened(third), { timeout: 10_000 }).toBeDefined();
    for (const [id, conversationUUID] of [
      [eventId, conversation(4)['conversationUUID']],
      [third, 'another'],
    ] as const) {
      const kept = await part.opened(id);
      assert(kept !== undefined && 'original' in kept);
      const { message: _message, visitor: _visitor, ...rest } = body;
      expect(JSON.parse(kept.original.toString())).toEqual({ ...rest, conversationUUID, visitor: { UUID: 'u-1' } });
    }
  });
});

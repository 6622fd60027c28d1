/** What is told of copies that differ from the first body: from the webhook to the question that `status` asks. */
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { intakeReport } from '../../src/activities/inquiry/intake.js';
import { fixture } from '../../src/chatlio/fixtures.js';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { createCopies } from '../../src/receiver/copies.js';
import { readDifferingCopies } from '../../src/store/bodies/differingCopies.js';
import { ORIGINAL_FORM, sealOriginal } from '../../src/store/bodies/originals.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { createRoutes } from '../../src/store/sources/routes.js';
import { keepOriginals, registerSource } from '../../src/store/sources/sources.js';
import { temporaryFolder } from '../support/processes.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../support/store.js';
import { pathOf, postTo, startTestReceiver, WIDGET } from './receiver.js';

const database = withDatabase();

async function runningSource({ originals = true } = {}) {
  const home = temporaryFolder();
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const name = `source-${randomUUID()}`;
  const sourceId = await registerSource(database(), { uid: randomUUID(), name, partitions: 1 });
  if (originals) await keepOriginals(database(), sourceId);
  const routes = await createRoutes(database(), keyRing, sourceId, [{ key: WIDGET, kinds: KINDS }]);
  const { receiver, logged } = await startTestReceiver({ database: database(), keyRing, home });
  onTestFinished(() => receiver.close());
  const post = async (kind: Kind, body: object | string) =>
    (await postTo(receiver, pathOf(routes, kind), body)).body['arrival'];
  const told = async () => (await intakeReport(database(), { v: 1, ask: 'intake', name })).differingCopies;
  return { sourceId, post, told, logged };
}

const first = (kind: Kind, seed: number) => fixture(kind, { seed, atMs: Date.UTC(2026, 10, 20) });
const visitorOf = (body: Record<string, unknown>, changes: object) => ({
  ...body,
  visitor: { ...(body['visitor'] as object), ...changes },
});

it('copies that differ are counted by kind, with the names of the fields and no value', async () => {
  const { sourceId, post, told, logged } = await runningSource();
  const transcript = first('transcript', 1);
  const messages = transcript['messages'] as object[];
  const conversation = first('new-conversation', 2);
  await post('transcript', transcript);
  await post('new-conversation', conversation);
  const arrivals = [
    // The same again, and the same written otherwise: nothing differs.
    await post('transcript', transcript),
    await post('transcript', JSON.stringify(transcript, undefined, 2)),
    await post('transcript', { ...transcript, messages: messages.map((one) => ({ ...one, username: 'planted-1' })) }),
    await post('transcript', visitorOf(transcript, { currentPage: 'https://planted-2.example' })),
    await post('new-conversation', visitorOf(conversation, { name: 'planted-3' })),
  ];
  expect(arrivals).toEqual(['redelivered', 'redelivered', 'drifted', 'drifted', 'drifted']);
  await expect.poll(told, { timeout: 10_000 }).toMatchObject([
    {
      kind: 'transcript',
      copies: 2,
      fields: [
        { name: 'messages[*].username', copies: 1 },
        { name: 'visitor.currentPage', copies: 1 },
      ],
    },
    { kind: 'new-conversation', copies: 1, fields: [{ name: 'visitor.name', copies: 1 }] },
  ]);
  const { rows } = await database().pool.query(
    `select to_jsonb(c)::text as text from differing_copy c where source_id = $1
     union all select to_jsonb(f)::text from differing_field f where source_id = $1`,
    [sourceId],
  );
  expect(rows).toHaveLength(5);
  expect(`${JSON.stringify(rows)}${logged()}`).not.toContain('planted');
});

it('nothing is told of a source that keeps no originals, nor of a first body that is gone', async () => {
  const cut = await runningSource({ originals: false });
  const kept = await runningSource();
  const body = first('new-conversation', 3);
  const last = first('new-conversation', 4);
  for (const { post, sourceId } of [cut, kept]) {
    await post('new-conversation', body);
    await database().pool.query(`update event_body set sealed = '' where source_id = $1`, [sourceId]);
    await post('new-conversation', last);
    await post('new-conversation', visitorOf(body, { currentPage: 'https://shop.example.com' }));
    await post('new-conversation', visitorOf(last, { currentPage: 'https://shop.example.com' }));
  }
  // They are compared one after the other, so the one that was erased was looked for before.
  await expect.poll(kept.told, { timeout: 10_000 }).toMatchObject([{ copies: 1 }]);
  expect(await cut.told()).toEqual([]);
});

it('a flood of copies is answered at once, and compared only as far as there is place for it', async () => {
  const keyRing = await openKeyRing(join(temporaryFolder(), 'keys.json'), { create: true });
  const sourceId = await freshSource(database());
  const copies = createCopies({ database: database(), keyRing, log: silentLog });
  const eventLog = copies.observing(createEventLog(database()));
  const events = (rating: number) =>
    Promise.all(
      Array.from({ length: 200 }, async (_each, n) => {
        const event = takenEvent(`flood-${n}`);
        const facts = { widget: WIDGET, receivedAtMs: event.receivedAtMs };
        const body = Buffer.from(JSON.stringify({ rating }));
        const { eventId } = event;
        return {
          ...event,
          form: ORIGINAL_FORM,
          sealed: await sealOriginal(keyRing, { sourceId, eventId }, facts, body),
        };
      }),
    );
  const counted = async () => (await readDifferingCopies(database(), sourceId))[0]?.copies;
  await eventLog.append(sourceId, 0, await events(1));
  await eventLog.append(sourceId, 0, await events(2));
  await expect.poll(counted, { timeout: 20_000 }).toBe(64);
  // There is place again.
  await eventLog.append(sourceId, 0, (await events(3)).slice(0, 1));
  await expect.poll(counted, { timeout: 20_000 }).toBe(65);
  await copies.close();
});

it('a body that is too long to be compared beside the answers is left alone', async () => {
  const { post, told, logged } = await runningSource();
  const long = { ...first('new-conversation', 5), filler: 'x'.repeat(1_100_000) };
  const short = first('new-conversation', 6);
  await post('new-conversation', long);
  await post('new-conversation', short);
  expect(await post('new-conversation', visitorOf(long, { name: 'Ann' }))).toBe('drifted');
  await post('new-conversation', visitorOf(short, { email: 'ann@example.com' }));
  await expect.poll(told, { timeout: 10_000 }).toMatchObject([{ copies: 1, fields: [{ name: 'visitor.email' }] }]);
  expect(logged()).not.toContain('could not be compared');
});

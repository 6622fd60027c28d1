import { expect, it } from 'vitest';
import { noteDifferingCopy, readDifferingCopies, readFirstBody } from '../../../src/store/bodies/differingCopies.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

it('copies are added up by kind, and in how many of them each field differed', async () => {
  const sourceId = await freshSource(database());
  const other = await freshSource(database());
  await noteDifferingCopy(database(), sourceId, 'transcript', ['visitor.name', 'messages[*].text']);
  await noteDifferingCopy(database(), sourceId, 'transcript', ['visitor.name']);
  await noteDifferingCopy(database(), sourceId, 'feedback', ['message']);
  await noteDifferingCopy(database(), other, 'feedback', ['subject']);
  expect(await readDifferingCopies(database(), sourceId)).toMatchObject([
    {
      kind: 'transcript',
      copies: 2,
      fields: [
        { name: 'visitor.name', copies: 2 },
        { name: 'messages[*].text', copies: 1 },
      ],
    },
    { kind: 'feedback', copies: 1, fields: [{ name: 'message', copies: 1 }] },
  ]);
});

it('of names as many are kept as there is room for, and those go on being counted', async () => {
  const sourceId = await freshSource(database());
  for (let n = 0; n < 11; n += 1) {
    const names = Array.from({ length: 20 }, (_each, at) => `field-${20 * n + at}`);
    await noteDifferingCopy(database(), sourceId, 'feedback', names);
  }
  await noteDifferingCopy(database(), sourceId, 'feedback', ['one-more', 'field-199']);
  const { rowCount } = await database().pool.query('select from differing_field where source_id = $1', [sourceId]);
  expect(rowCount).toBe(200);
  const [feedback] = await readDifferingCopies(database(), sourceId);
  expect(feedback).toMatchObject({ copies: 12 });
  expect(feedback?.fields).toHaveLength(8);
  expect(feedback?.fields[0]).toEqual({ name: 'field-199', copies: 2 });
});

it('what came long ago is not shown', async () => {
  const sourceId = await freshSource(database());
  await noteDifferingCopy(database(), sourceId, 'feedback', ['old', 'new']);
  await database().pool.query(
    `update differing_field set last_at = now() - interval '31 days' where source_id = $1 and name = 'old'`,
    [sourceId],
  );
  expect((await readDifferingCopies(database(), sourceId))[0]?.fields.map(({ name }) => name)).toEqual(['new']);
  await database().pool.query(`update differing_copy set last_at = now() - interval '31 days' where source_id = $1`, [
    sourceId,
  ]);
  expect(await readDifferingCopies(database(), sourceId)).toEqual([]);
});

it('the first body is found by its id, unless it is too long or was erased', async () => {
  const sourceId = await freshSource(database());
  const event = takenEvent('first', { sealed: Buffer.alloc(100, 7), form: 1 });
  await createEventLog(database()).append(sourceId, 0, [event]);
  const find = (maxBytes: number, { eventId } = event) => readFirstBody(database(), { sourceId, eventId, maxBytes });
  expect(await find(100)).toEqual({ sealed: event.sealed, form: 1 });
  expect(await find(99)).toBeUndefined();
  expect(await find(100, takenEvent('another'))).toBeUndefined();
  await database().pool.query(`update event_body set sealed = '' where source_id = $1`, [sourceId]);
  expect(await find(100)).toBeUndefined();
});

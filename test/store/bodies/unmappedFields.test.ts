import { expect, it } from 'vitest';
import { fieldsFindings } from '../../../src/activities/inquiry/findings/fieldsFinding.js';
import {
  listUnmappedFields,
  noteUnmappedFields,
  readUnmappedFields,
} from '../../../src/store/bodies/unmappedFields.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();
const field = (name: string, events = 1) => ({ kind: 'feedback', name, events }) as const;
const namesOf = async (sourceId: number) => (await readUnmappedFields(database(), sourceId)).map(({ name }) => name);

it('adds up by kind and name, the most frequent first', async () => {
  const sourceId = await freshSource(database());
  await noteUnmappedFields(database(), sourceId, [field('rating', 2), field('more')]);
  await noteUnmappedFields(database(), sourceId, [field('more', 5), { ...field('rating'), kind: 'transcript' }]);
  expect(await readUnmappedFields(database(), sourceId)).toMatchObject([
    { kind: 'feedback', name: 'more', events: 6 },
    { kind: 'feedback', name: 'rating', events: 2 },
    { kind: 'transcript', name: 'rating', events: 1 },
  ]);
});

it('keeps as many names as it may, and goes on counting those', async () => {
  const sourceId = await freshSource(database());
  const fields = Array.from({ length: 250 }, (_none, n) => field(`field-${n}`, 250 - n));
  await noteUnmappedFields(database(), sourceId, fields);
  await noteUnmappedFields(database(), sourceId, [field('one-more', 9_999), field('field-199', 9_999)]);
  const { rowCount } = await database().pool.query('select from unmapped_field where source_id = $1', [sourceId]);
  expect(rowCount).toBe(200);
  expect((await namesOf(sourceId))[0]).toBe('field-199');
});

it('of long ago are not shown', async () => {
  const sourceId = await freshSource(database());
  await noteUnmappedFields(database(), sourceId, [field('old'), field('new')]);
  await database().pool.query(`update unmapped_field set last_at = now() - interval '31 days' where name = 'old'`);
  expect(await namesOf(sourceId)).toEqual(['new']);
});

it('are named to `doctor`, source by source', async () => {
  const sourceId = await freshSource(database());
  await noteUnmappedFields(
    database(),
    sourceId,
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => field(name)),
  );
  const { rows } = await database().pool.query<{ name: string }>('select name from source where id = $1', [sourceId]);
  const source = rows[0]?.name ?? '';
  const listed = await listUnmappedFields(database());
  expect(fieldsFindings(listed)).toContainEqual({
    check: `fields of ${source}`,
    state: 'warning',
    detail: `no row of the mapping reads a, b, c, d, e and 1 more: \`chatlio-aep status ${source}\` says what to add`,
  });
  await database().pool.query('update source set retired_at = now() where id = $1', [sourceId]);
  expect((await listUnmappedFields(database())).map((one) => one.source)).not.toContain(source);
});

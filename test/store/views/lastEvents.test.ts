import { expect, it } from 'vitest';
import { KIND_FACTS } from '../../../src/domain/events/kinds.js';
import { noteLastEvents } from '../../../src/store/views/lastEvents.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();
const KIND = KIND_FACTS.feedback.code;

async function lastOf(sourceId: number) {
  const { rows } = await database().pool.query<{ kind: number; last_at: Date }>(
    'select kind, last_at from last_event where source_id = $1 order by kind',
    [sourceId],
  );
  return rows.map(({ kind, last_at: at }) => [kind, at.getTime()]);
}

it('of each kind of a source the newest event is known, in whatever order receivers tell of theirs', async () => {
  const [one, other] = [await freshSource(database()), await freshSource(database())];
  const note = (sourceId: number, kind: number, lastAtMs: number) => ({ sourceId, kind, lastAtMs });
  await noteLastEvents(database(), [note(other, KIND, 5_000), note(one, KIND, 2_000.75), note(one, KIND + 1, 1_000)]);
  await noteLastEvents(database(), [note(one, KIND, 1_000), note(one, KIND + 1, 3_000)]);
  expect(await lastOf(one)).toEqual([
    [KIND, 2_000],
    [KIND + 1, 3_000],
  ]);
  expect(await lastOf(other)).toEqual([[KIND, 5_000]]);
});

import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  findSourceByUid,
  findSourceId,
  registerSource,
  requireSource,
  retireSource,
} from '../../../src/store/sources/sources.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();

async function registered(name: string, partitions = 1) {
  const uid = randomUUID();
  return { uid, id: await registerSource(database(), { uid, name, partitions }) };
}

it('a source is found by its uid, with the partitions of its new events, also after its teardown', async () => {
  const name = randomUUID();
  const { uid, id } = await registered(name, 4);
  await registerSource(database(), { uid, name, partitions: 2 });
  expect(await findSourceByUid(database(), uid)).toMatchObject({ sourceId: id, partitions: 2 });
  await retireSource(database(), uid);
  expect(await findSourceByUid(database(), uid)).toMatchObject({ sourceId: id, partitions: 2 });
  expect(await findSourceId(database(), uid)).toBe(id);
  expect(await findSourceByUid(database(), randomUUID())).toBeUndefined();
});

it('a name is the live source’s, else that of the one that was torn down last', async () => {
  const name = randomUUID();
  const first = await registered(name);
  await retireSource(database(), first.uid);
  const second = await registered(name);
  expect(await requireSource(database(), name)).toEqual({ ...second, retired: false });
  await retireSource(database(), second.uid);
  expect(await requireSource(database(), name)).toEqual({ ...second, retired: true });
  await registerSource(database(), { uid: first.uid, name, partitions: 1 });
  expect(await requireSource(database(), name)).toEqual({ ...first, retired: false });
});

it('a name that no source ever had is said to be unknown', async () => {
  await expect(requireSource(database(), 'never-there')).rejects.toMatchObject({
    error: { code: 'CAEP_SOURCE_UNKNOWN', fields: { name: 'never-there' } },
  });
});

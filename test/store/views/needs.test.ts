import { expect, it } from 'vitest';
import { closeGate } from '../../../src/store/delivery/gate.js';
import { retireSource } from '../../../src/store/sources/sources.js';
import { readNeeds } from '../../../src/store/views/needs.js';
import { withDatabase } from '../../support/store.js';
import { AWAITS_LAKE, DELIVERED, except, passedSource } from '../exceptions/passedSource.js';

const database = withDatabase();

async function namedSource(count: number) {
  const { sourceId } = await passedSource(database(), count);
  const { rows } = await database().pool.query<{ name: string; uid: string }>(
    'select name, uid from source where id = $1',
    [sourceId],
  );
  const { name = '', uid = '' } = rows[0] ?? {};
  return { sourceId, name, uid };
}
const needsOf = async (name: string) => (await readNeeds(database())).filter((one) => one.name === name);

it('an event that is held is a need, also after the teardown; one that is decided, or looked for, is none', async () => {
  const { sourceId, name, uid } = await namedSource(3);
  await except(database(), sourceId, 1, DELIVERED);
  expect(await needsOf(name)).toEqual([]);
  await except(database(), sourceId, 2, AWAITS_LAKE);
  await except(database(), sourceId, 3, AWAITS_LAKE);
  expect(await needsOf(name)).toEqual([{ name, retired: false, held: 2 }]);
  await retireSource(database(), uid);
  expect(await needsOf(name)).toEqual([{ name, retired: true, held: 2 }]);
});

it('a gate that awaits an unpause is a need with its reason; one that opens again by itself is none', async () => {
  const { sourceId, name, uid } = await namedSource(1);
  await closeGate(database(), sourceId, 'the source is being updated');
  expect(await needsOf(name)).toEqual([]);
  await closeGate(database(), sourceId, 'paused by ana', { until: 'unpaused' });
  expect(await needsOf(name)).toEqual([{ name, retired: false, held: 0, closedBecause: 'paused by ana' }]);
  await retireSource(database(), uid);
  expect(await needsOf(name)).toEqual([]);
});

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/store/connection/database.js';
import { closeGate } from '../../../src/store/delivery/gate.js';
import { clearWakes, findForgotten, findRetired, findWakes, noteRescues } from '../../../src/store/delivery/wakes.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { registerSource, retireSource } from '../../../src/store/sources/sources.js';
import { takenEvent, withDatabase } from '../../support/store.js';
import { claim, endLease, loggedSource } from './claimedSource.js';

const database = withDatabase();

describe('a wake that was passed on', () => {
  const wakesOf = async (sourceId: number) =>
    (await findWakes(database())).filter((wake) => wake.sourceId === sourceId);

  it('is asked for no more', async () => {
    const { sourceId, id } = await loggedSource(database(), 2);
    const wakes = await wakesOf(sourceId);
    expect(wakes).toEqual([{ ...id, wakeSeq: 2 }]);
    await clearWakes(database(), wakes);
    expect(await wakesOf(sourceId)).toEqual([]);
  });

  it('leaves one that was asked for since', async () => {
    const { sourceId, id } = await loggedSource(database(), 2);
    const found = await wakesOf(sourceId);
    await createEventLog(database()).append(sourceId, 0, [takenEvent(randomUUID())]);
    await database().pool.query('update partition_head set wake_seq = last_seq where source_id = $1', [sourceId]);
    await clearWakes(database(), found);
    expect(await wakesOf(sourceId)).toEqual([{ ...id, wakeSeq: 3 }]);
  });

  it('waits for no insert that is under way, and is found once more', async () => {
    const [one, other] = [await loggedSource(database(), 1), await loggedSource(database(), 1)];
    const wakes = [...(await wakesOf(one.sourceId)), ...(await wakesOf(other.sourceId))];
    await inTransaction(database(), async (client) => {
      await client.query('select from partition_head where source_id = $1 for update', [one.sourceId]);
      await clearWakes(database(), wakes);
    });
    expect(await wakesOf(one.sourceId)).toHaveLength(1);
    expect(await wakesOf(other.sourceId)).toEqual([]);
  });
});

it('of forwarders those are known whose source was torn down, whatever else calls itself one', async () => {
  const [live, gone] = [randomUUID(), randomUUID()];
  for (const uid of [live, gone]) await registerSource(database(), { uid, name: `source-${uid}`, partitions: 1 });
  await retireSource(database(), gone);
  expect(await findRetired(database(), [live, gone, randomUUID(), 'by hand'])).toEqual(new Set([gone]));
});

describe('a partition with something to send', () => {
  const AFTER_MS = 60_000;

  async function forgotten({ sourceId }: { readonly sourceId: number }) {
    return (await findForgotten(database(), AFTER_MS)).filter((wake) => wake.sourceId === sourceId);
  }
  const change = (sourceId: number, to: string) =>
    database().pool.query(`update partition_cursor set ${to} where source_id = $1`, [sourceId]);

  it('is forgotten where no drain has ever come to it', async () => {
    const source = await loggedSource(database(), 2);
    expect(await forgotten(source)).toEqual([{ ...source.id, wakeSeq: 2 }]);
  });

  it('is so once its last lease has been over for long, and not before', async () => {
    const source = await loggedSource(database(), 1);
    await claim(database(), source.id);
    expect(await forgotten(source)).toEqual([]);
    await endLease(database(), source.id);
    expect(await forgotten(source)).toEqual([]);
    await change(source.sourceId, `lease_until = now() - interval '61 seconds'`);
    expect(await forgotten(source)).toHaveLength(1);
  });

  it('is left out for as long after its forwarder was woken', async () => {
    const source = await loggedSource(database(), 1);
    await noteRescues(database(), [source.id]);
    expect(await forgotten(source)).toEqual([]);
    await change(source.sourceId, `rescued_at = now() - interval '61 seconds'`);
    expect(await forgotten(source)).toHaveLength(1);
  });

  it('is not forgotten behind a closed gate, nor once everything is passed', async () => {
    const [closed, passed] = [await loggedSource(database(), 1), await loggedSource(database(), 1)];
    await closeGate(database(), closed.sourceId, 'paused');
    await claim(database(), passed.id);
    await change(passed.sourceId, `lease_until = now() - interval '1 hour', cursor_seq = 1, intended_seq = 1`);
    expect(await forgotten(closed)).toEqual([]);
    expect(await forgotten(passed)).toEqual([]);
  });

  it.each([
    ['its last lease', `lease_until = now() + interval '1 day'`],
    ['its last wake', `lease_until = now() - interval '1 hour', rescued_at = now() + interval '1 day'`],
  ])('does not wait for a clock that was ahead when it gave %s', async (_what, to) => {
    const source = await loggedSource(database(), 1);
    await claim(database(), source.id);
    await change(source.sourceId, to);
    expect(await forgotten(source)).toHaveLength(1);
  });
});

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/store/connection/database.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import {
  countConfirmed,
  findLakeSource,
  lookUpsAwaitingLake,
  noteLake,
  noteRepeated,
  type RepeatedEvent,
  resumeLookUps,
} from '../../../src/store/exceptions/lookUps.js';
import { registerSource } from '../../../src/store/sources/sources.js';
import { freshSource, withDatabase } from '../../support/store.js';
import { AWAITS_LAKE, confirmedCount, except, exceptionsNow, passedSource } from './passedSource.js';

const database = withDatabase();

describe('what is held until the lake can be read', () => {
  const awaiting = async (sourceId: number, limit = 10) =>
    (await lookUpsAwaitingLake(database(), sourceId, limit)).map(({ exceptionId }) => exceptionId);

  it('is what nothing has happened to since, as many as are asked for', async () => {
    const { sourceId } = await passedSource(database(), 6);
    const made = (seq: number, columns: object) => except(database(), sourceId, seq, { ...AWAITS_LAKE, ...columns });
    const first = await made(1, {});
    await made(2, { version: '4' });
    await made(3, { awaits_lake: 'null' });
    await made(4, { reason: `'invalid'` });
    await made(5, { state: `'waiting'`, next_action: `'look-up'`, next_at: 'clock_timestamp()' });
    const last = await made(6, {});
    expect(await awaiting(sourceId)).toEqual([first, last]);
    expect(await awaiting(sourceId, 1)).toEqual([first]);
    expect(await awaiting(await freshSource(database()))).toEqual([]);
  });

  it('is looked for again, at once, when the lake is back', async () => {
    const { sourceId } = await passedSource(database(), 2);
    await except(database(), sourceId, 1, AWAITS_LAKE);
    await except(database(), sourceId, 2, AWAITS_LAKE);
    await resumeLookUps(database(), await lookUpsAwaitingLake(database(), sourceId, 10));
    const resumed = {
      state: 'waiting',
      nextAction: 'look-up',
      due: true,
      version: 4,
      facts: ['the lake can be read again, so the event is looked for'],
    };
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([resumed, resumed]);
    expect(await awaiting(sourceId)).toEqual([]);
  });

  it('stays as it is when something else has happened since it was read, or its number is of another event', async () => {
    const { sourceId } = await passedSource(database(), 3);
    const changed = await except(database(), sourceId, 1, AWAITS_LAKE);
    const other = await except(database(), sourceId, 2, AWAITS_LAKE);
    await except(database(), sourceId, 3, AWAITS_LAKE);
    const read = await lookUpsAwaitingLake(database(), sourceId, 2);
    await database().pool.query('update exception set version = version + 1 where id = $1', [changed]);
    await resumeLookUps(
      database(),
      read.map((one) => (one.exceptionId === other ? { ...one, eventId: 'f'.repeat(64) } : one)),
    );
    await resumeLookUps(database(), []);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      { state: 'held', version: 4, facts: [] },
      { state: 'held', version: 3, facts: [] },
      { state: 'held', version: 3, facts: [] },
    ]);
  });
});

describe('the count of events that were found in the lake', () => {
  it('begins with the first, adds up for each partition, and leaves the watermark where it is', async () => {
    const sourceId = await freshSource(database(), 2);
    const found = (partition: number, count: number) =>
      inTransaction(database(), (client) => countConfirmed(client, { sourceId, partition, count }));
    expect(await confirmedCount(database(), sourceId)).toBeUndefined();
    await found(0, 2);
    await database().pool.query('update partition_audit set audited_seq = 7 where source_id = $1', [sourceId]);
    await found(0, 3);
    await found(1, 0);
    const { rows } = await database().pool.query(
      'select partition, audited_seq, confirmed_count from partition_audit where source_id = $1 order by partition',
      [sourceId],
    );
    expect(rows).toEqual([
      { partition: 0, audited_seq: 7, confirmed_count: 5 },
      { partition: 1, audited_seq: 0, confirmed_count: 0 },
    ]);
  });
});

describe('an event that is in the lake several times', () => {
  const note = (sourceId: number, repeated: readonly RepeatedEvent[]) =>
    inTransaction(database(), (client) => noteRepeated(client, sourceId, repeated));

  it('is noted for a person, once, with how often it was sent', async () => {
    const { sourceId, events } = await passedSource(database(), 2);
    const [once = '', often = ''] = events.map(({ eventId }) => eventId.toString('hex'));
    await note(sourceId, [
      { eventId: once, copies: 2, attempts: 1 },
      { eventId: often, copies: 3, attempts: 4 },
    ]);
    await note(sourceId, [{ eventId: once, copies: 9, attempts: 9 }]);
    await note(sourceId, []);
    const noted = (await exceptionsNow(database(), sourceId)).map(({ reason, state, attempts, facts }) => ({
      reason,
      state,
      attempts,
      facts,
    }));
    expect(noted).toHaveLength(2);
    expect(noted).toEqual(
      expect.arrayContaining([
        { reason: 'repeated', state: 'held', attempts: 1, facts: ['in the lake 2 times, sent once'] },
        { reason: 'repeated', state: 'held', attempts: 4, facts: ['in the lake 3 times, sent 4 times'] },
      ]),
    );
  });

  it('is noted of the source that has taken it only', async () => {
    const { events } = await passedSource(database(), 1);
    const other = await freshSource(database());
    await note(other, [{ eventId: events[0]?.eventId.toString('hex') ?? '', copies: 2, attempts: 1 }]);
    expect(await exceptionsNow(database(), other)).toEqual([]);
  });
});

describe('the lake of a source', () => {
  async function registered(): Promise<{ readonly uid: string; readonly id: number }> {
    const uid = randomUUID();
    return { uid, id: await registerSource(database(), { uid, name: `source-${uid}`, partitions: 1 }) };
  }
  const open = (sourceId: number, flowId: string, datasetId?: string) =>
    openGate(database(), {
      sourceId,
      flowId,
      ...(datasetId === undefined ? {} : { datasetId }),
      inletSealed: Buffer.alloc(1),
      opensAt: new Date(0),
    });

  it('is not known of a source that does not exist, and says nothing before anything is known', async () => {
    const { uid, id } = await registered();
    expect(await findLakeSource(database(), randomUUID())).toBeUndefined();
    expect(await findLakeSource(database(), uid)).toEqual({ id });
  });

  it('is the one of the flow that the source has now', async () => {
    const { uid, id } = await registered();
    await database().pool.query(`update source set sandbox = 'prod' where id = $1`, [id]);
    await open(id, 'flow A', 'dataset A');
    expect(await findLakeSource(database(), uid)).toEqual({
      id,
      sandbox: 'prod',
      flowId: 'flow A',
      datasetId: 'dataset A',
    });
    await open(id, 'flow B');
    expect(await findLakeSource(database(), uid)).toEqual({ id, sandbox: 'prod', flowId: 'flow B' });
  });

  it('is as it was noted last, without what was told of it before, and of no other source', async () => {
    const { uid, id } = await registered();
    const other = await registered();
    await noteLake(database(), id, 'refused', 'no permission');
    expect(await findLakeSource(database(), uid)).toEqual({ id, lake: { state: 'refused', detail: 'no permission' } });
    await noteLake(database(), id, 'away');
    expect(await findLakeSource(database(), uid)).toEqual({ id, lake: { state: 'away' } });
    expect(await findLakeSource(database(), other.uid)).toEqual({ id: other.id });
  });
});

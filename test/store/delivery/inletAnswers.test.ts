import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { forgetInletAnswers, keepInletAnswers, readInletAnswers } from '../../../src/store/delivery/inletAnswers.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import { temporaryFolder } from '../../support/processes.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();
const EVENT = Buffer.alloc(32, 1);

let keyRing: KeyRing;
let sourceId: number;
beforeEach(async () => {
  keyRing = await openKeyRing(join(temporaryFolder(), 'keys.json'), { create: true });
  sourceId = await freshSource(database());
});

const keep = (texts: readonly string[], eventId = EVENT) =>
  keepInletAnswers(
    database(),
    keyRing,
    sourceId,
    texts.map((text) => ({ eventId, text })),
  );
const read = async (eventId = EVENT) =>
  (await readInletAnswers(database(), keyRing, sourceId, eventId)).map(({ text }) => text);

describe('what the inlet said of an event', () => {
  it('is shown oldest first, of that event of that source', async () => {
    await keep(['one', 'two']);
    await keep(['of another'], Buffer.alloc(32, 2));
    expect(await read()).toEqual(['one', 'two']);
    expect(await readInletAnswers(database(), keyRing, await freshSource(database()), EVENT)).toEqual([]);
  });

  it('is the newest of it where there is much, also where much comes at once', async () => {
    const texts = ['1', '2', '3', '4', '5', '6', '7'];
    for (const text of texts) await keep([text]);
    expect(await read()).toEqual(['3', '4', '5', '6', '7']);
    const other = Buffer.alloc(32, 3);
    await keep(texts, other);
    expect(await read(other)).toEqual(['3', '4', '5', '6', '7']);
  });

  it('is left out where its key is not there, and costs nothing else', async () => {
    const later = await openKeyRing(join(temporaryFolder(), 'keys.json'), { create: true });
    await keep(['sealed with a key that was lost']);
    keyRing = later;
    await keep(['readable']);
    expect(await read()).toEqual(['readable']);
  });

  it('is forgotten after the retention of its source, and not while the event is open', async () => {
    await keep(['one']);
    await database().pool.query(`update source set delivery = '{"retentionMs": 3600000}' where id = $1`, [sourceId]);
    await forgetInletAnswers(database());
    expect(await read()).toEqual(['one']);
    await database().pool.query(`update inlet_answer set said_at = now() - interval '2 hours' where source_id = $1`, [
      sourceId,
    ]);
    await database().pool.query(
      `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state)
       values ($1, 0, 1, $2, 1, now(), 'refused', 'held')`,
      [sourceId, EVENT],
    );
    await forgetInletAnswers(database());
    expect(await read()).toEqual(['one']);
    await database().pool.query(
      `update exception set state = 'resolved', resolution = 'abandoned', resolved_at = now() where source_id = $1`,
      [sourceId],
    );
    expect(await forgetInletAnswers(database())).toBe(1);
    expect(await read()).toEqual([]);
  });
});

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ArrivingBody, hasPlace, noteTurnedAway } from '../../../src/store/exceptions/heldPlace.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();
const KIB = 1024;

async function arriving(bytes: number): Promise<ArrivingBody> {
  const sourceId = await freshSource(database());
  return { sourceId, kind: 1, eventId: randomBytes(16), bodyMac: randomBytes(32), sealed: Buffer.alloc(bytes) };
}

async function place(body: ArrivingBody, maxBytes: number): Promise<boolean> {
  const client = await database().pool.connect();
  try {
    await client.query('begin');
    return await hasPlace(client, body, maxBytes);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

async function turnAway(body: ArrivingBody): Promise<void> {
  const client = await database().pool.connect();
  await noteTurnedAway(client, body).finally(() => client.release());
}

async function turnedAway(sourceId: number): Promise<unknown[]> {
  const { rows } = await database().pool.query<{ times: string; bytes: number }>(
    'select times::int, bytes from turned_away where source_id = $1 order by times',
    [sourceId],
  );
  return rows;
}

describe('the place for bodies that wait for a decision', () => {
  it('takes what fills it exactly, and nothing more', async () => {
    const body = await arriving(10 * KIB);
    expect(await place(body, 10 * KIB)).toBe(true);
    expect(await place(body, 10 * KIB - 1)).toBe(false);
  });

  it('counts a small body as four KiB', async () => {
    const body = await arriving(1);
    expect(await place(body, 4 * KIB)).toBe(true);
    expect(await place(body, 4 * KIB - 1)).toBe(false);
  });
});

describe('what was turned away', () => {
  it('is noted once for the same contents, with how often it came, and apart for other contents', async () => {
    const body = await arriving(10);
    await turnAway(body);
    await turnAway(body);
    await turnAway({ ...body, bodyMac: randomBytes(32), sealed: Buffer.alloc(20) });
    expect(await turnedAway(body.sourceId)).toEqual([
      { times: 1, bytes: 20 },
      { times: 2, bytes: 10 },
    ]);
  });
});

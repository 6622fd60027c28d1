import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { createSpoolPlace, NoPlaceInSpool } from '../../../src/receiver/spool/heldPlace.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { eraseDecidedBodies } from '../../../src/store/exceptions/heldErasure.js';
import { readTurnedAway } from '../../../src/store/exceptions/heldPlace.js';
import { openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createRoutes } from '../../../src/store/sources/routes.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';
import { pathOf, postTo, startTestReceiver, WIDGET } from '../receiver.js';

const database = withDatabase();
/** Four bodies, as a row counts for no less than 4 KiB. */
const MAX_HELD_BYTES = 16 * 1024;

async function receiverWithLittlePlace() {
  const home = mkdtempSync(join(tmpdir(), 'caep-held-'));
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const sourceId = await freshSource(database());
  const widgets = [WIDGET, 'other'].map((key) => ({ key, kinds: ['feedback', 'transcript'] as const }));
  const routes = await createRoutes(database(), keyRing, sourceId, widgets);
  const parts = { database: database(), keyRing, home, maxHeldBytes: MAX_HELD_BYTES };
  const { receiver, logged } = await startTestReceiver(parts);
  onTestFinished(() => receiver.close());
  const post = (
    body: string | object,
    route = routes.find((one) => one.widget === WIDGET && one.kind === 'feedback'),
  ) => postTo(receiver, pathOf(route === undefined ? [] : [route], route?.kind ?? 'feedback'), body);
  const count = async (table: string) =>
    (await database().pool.query<{ n: number }>(`select count(*) as n from ${table} where source_id = $1`, [sourceId]))
      .rows[0]?.n;
  return { sourceId, routes, post, logged, count, receiver };
}

async function decideAll(sourceId: number, resolution: string, ago: string): Promise<void> {
  await database().pool.query(
    `update exception set state = 'resolved', resolution = $2, resolved_at = now() - $3::interval where source_id = $1`,
    [sourceId, resolution, ago],
  );
}

describe('bodies that wait for a decision', () => {
  it('may take so much for each URL; what comes then is answered with 503, its id and digest are kept', async () => {
    const { sourceId, routes, post, logged, count, receiver } = await receiverWithLittlePlace();
    for (let n = 0; n < 4; n += 1) expect((await post(`no event ${n}`)).status).toBe(200);
    for (let n = 4; n < 24; n += 1) {
      const refused = await post(`no event ${n}`);
      expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '60' } });
    }
    expect(await count('exception')).toBe(4);
    expect(await count('turned_away')).toBe(20);
    expect(await count('event_id')).toBe(4);
    expect(receiver.counts()).toMatchObject({ held: 4, 'no-place': 20 });
    expect(logged()).toContain('has reached the limit');
    expect(await readTurnedAway(database())).toContainEqual(
      expect.objectContaining({ widget: WIDGET, kind: 'feedback', times: 20 }),
    );

    // The same body again takes no place; good events, and other URLs, are not concerned.
    expect(await post('no event 0')).toMatchObject({ status: 200, body: { arrival: 'redelivered' } });
    expect((await post(fixture('feedback', { seed: 1, atMs: 1 }))).status).toBe(200);
    for (const route of routes.filter(({ widget, kind }) => widget === 'other' || kind === 'transcript')) {
      expect((await post('no event', route)).status).toBe(200);
    }
    await decideAll(sourceId, 'abandoned', '0s');
    expect((await post('no event 30')).status).toBe(200);
  });

  it('are bounded also where they conflict with an earlier event', async () => {
    const sourceId = await freshSource(database());
    const eventLog = createEventLog(database(), { maxHeldBytes: MAX_HELD_BYTES });
    await eventLog.append(sourceId, 0, [takenEvent('one', { widget: WIDGET })]);
    const others = Array.from({ length: 6 }, (_each, n) =>
      takenEvent('one', { widget: WIDGET, stableMac: Buffer.alloc(16, 10 + n), bodyMac: Buffer.alloc(16, 10 + n) }),
    );
    expect(await eventLog.append(sourceId, 0, others)).toEqual([
      ...Array.from({ length: 4 }, () => 'conflict'),
      'no-place',
      'no-place',
    ]);
    // What a receiver has answered with 2xx and had in its spool is kept, whatever it takes.
    expect(await eventLog.append(sourceId, 0, others.slice(4), { acknowledged: true })).toEqual([
      'conflict',
      'conflict',
    ]);
  });

  it('are bounded in the spool by itself', () => {
    const place = createSpoolPlace(100);
    const event = { kind: 1, widget: WIDGET, sealed: Buffer.alloc(60) };
    place.take(1, event);
    expect(() => place.take(1, event)).toThrow(NoPlaceInSpool);
    place.take(1, { ...event, widget: 'other' });
    place.clear();
    place.take(1, event);
    expect(() => place.take(1, event)).toThrow(NoPlaceInSpool);
  });
});

describe('a body that was decided about', () => {
  const bodies = async (sourceId: number) =>
    (
      await database().pool.query<{ kept: boolean; digest: boolean }>(
        'select sealed is not null as kept, body_mac is not null as digest from exception where source_id = $1',
        [sourceId],
      )
    ).rows;

  it.each([
    { resolution: 'abandoned', ago: '23 hours', kept: true },
    { resolution: 'abandoned', ago: '25 hours', kept: false },
    { resolution: 'replaced', ago: '25 hours', kept: true },
    { resolution: 'replaced', ago: '8 days', kept: false },
  ])('$resolution $ago ago: kept is $kept, its id and digest are', async ({ resolution, ago, kept }) => {
    const { sourceId, post } = await receiverWithLittlePlace();
    await database().pool.query('update source set delivery = $2 where id = $1', [
      sourceId,
      { retentionMs: 7 * 86_400_000 },
    ]);
    await post('no event');
    await database().pool.query(`update exception set created_at = now() - interval '1 year' where source_id = $1`, [
      sourceId,
    ]);
    await eraseDecidedBodies(database());
    expect(await bodies(sourceId), 'undecided: never erased by age').toEqual([{ kept: true, digest: true }]);
    await decideAll(sourceId, resolution, ago);
    await eraseDecidedBodies(database());
    expect(await bodies(sourceId)).toEqual([{ kept, digest: true }]);
  });
});

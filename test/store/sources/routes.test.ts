import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KIND_FACTS } from '../../../src/domain/events/kinds.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createProvisioningStore } from '../../../src/store/sources/provisioning.js';
import { routeContext } from '../../../src/store/keys/contexts.js';
import {
  createRoutes,
  listRoutes,
  restoreRoutes,
  revokeRoutes,
  rotateRoutes,
} from '../../../src/store/sources/routes.js';
import { loadRouteTable } from '../../../src/store/sources/routeTable.js';
import { registerSource, retireSource } from '../../../src/store/sources/sources.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();
const HOUR_MS = 3_600_000;

let keyRing: KeyRing;
beforeAll(async () => {
  keyRing = await openKeyRing(join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json'), { create: true });
});

/** Two widgets, two kinds each. */
async function withSource() {
  const uid = randomUUID();
  const name = `source-${uid}`;
  const sourceId = await registerSource(database(), { uid, name, partitions: 1 });
  const kinds = ['feedback', 'transcript'] as const;
  await createRoutes(
    database(),
    keyRing,
    sourceId,
    ['main', 'help'].map((key) => ({ key, kinds })),
  );
  const store = createProvisioningStore(database(), keyRing);
  const urls = async () => (await store.sourceUrls(name, 'https://hooks'))?.webhooks ?? [];
  const taken = async () => (await loadRouteTable(database())).routes.filter((route) => route.sourceId === sourceId);
  return { uid, name, sourceId, store, urls, taken };
}

describe('revoking', () => {
  it('ends all routes at once, and restoring takes it back, also of those that were being rotated out', async () => {
    const { sourceId, name, store, urls, taken } = await withSource();
    await store.rotateSecrets(name, { widget: 'main', kind: 'feedback', overlapMs: HOUR_MS });
    const hashes = async () => (await taken()).map(({ secretSha256 }) => secretSha256).toSorted();
    const [before, takenBefore] = [await urls(), await hashes()];
    expect((await revokeRoutes(database(), sourceId)).revoked).toBe(5);
    expect(await taken()).toEqual([]);
    // After a lost answer: the same again.
    const { at, revoked } = await revokeRoutes(database(), sourceId);
    expect({ revoked, at }).toEqual({ revoked: 5, at: (await revokeRoutes(database(), sourceId)).at });
    await restoreRoutes(database(), sourceId);
    expect(await urls()).toEqual(before);
    expect(await hashes()).toEqual(takenBefore);
  });

  it('is for good once the source was torn down', async () => {
    const { sourceId, uid, name, store, taken } = await withSource();
    await revokeRoutes(database(), sourceId);
    await store.retire({ uid, name });
    await restoreRoutes(database(), sourceId);
    expect(await taken()).toEqual([]);
    expect(await store.countRoutes({ uid, name })).toBe(0);
  });
});

describe('rotating secrets', () => {
  it('makes new URLs for all; those before are taken until the overlap is over, and it says so', async () => {
    const { uid, name, store, urls, taken } = await withSource();
    const before = await urls();
    const startedAt = Date.now();
    expect(await store.rotateSecrets(name, { overlapMs: 24 * HOUR_MS })).toBe(4);
    const after = await urls();
    expect(after).toHaveLength(4);
    expect(after.filter(({ url }) => before.some((old) => old.url === url))).toEqual([]);
    for (const { oldTakenUntil } of after) {
      expect(Date.parse(oldTakenUntil ?? '') - startedAt).toBeGreaterThan(23 * HOUR_MS);
    }
    expect(await taken()).toHaveLength(8);
    expect(await store.countRoutes({ uid, name })).toBe(4);
  });

  it('leaves those alone that are not selected', async () => {
    const { name, store, urls } = await withSource();
    const before = await urls();
    expect(await store.rotateSecrets(name, { widget: 'main', kind: 'feedback', overlapMs: HOUR_MS })).toBe(1);
    expect((await urls()).filter(({ oldTakenUntil }) => oldTakenUntil === undefined)).toEqual(
      before.filter(({ widget, kind }) => widget !== 'main' || kind !== 'feedback'),
    );
    expect(await store.rotateSecrets(name, { widget: 'main', overlapMs: HOUR_MS })).toBe(2);
    expect(await store.rotateSecrets(name, { widget: 'nowhere', overlapMs: HOUR_MS })).toBe(0);
  });

  it('without an overlap ends every URL before at once, also one that is still in an overlap', async () => {
    const { name, store, taken } = await withSource();
    await store.rotateSecrets(name, { overlapMs: HOUR_MS });
    await store.rotateSecrets(name, { overlapMs: 0 });
    expect(await taken()).toHaveLength(4);
  });

  it('changes nothing of a source that was torn down', async () => {
    const { uid, name, store } = await withSource();
    await retireSource(database(), uid);
    expect(await store.rotateSecrets(name, { overlapMs: HOUR_MS })).toBe(0);
  });
});

describe('the secret of a route', () => {
  it('opens in its own place alone: source, widget and kind', async () => {
    const { sourceId } = await withSource();
    const { rows } = await database().pool.query<{ secret_sealed: Buffer }>(
      `select secret_sealed from route where source_id = $1 and widget = 'main' and kind = $2`,
      [sourceId, KIND_FACTS.feedback.code],
    );
    const sealed = rows[0]?.secret_sealed ?? Buffer.alloc(0);
    expect(keyRing.open(sealed, routeContext(sourceId, 'main', 'feedback')).toString()).toMatch(/^[\w-]{32}$/);
    for (const elsewhere of [
      routeContext(sourceId + 1, 'main', 'feedback'),
      routeContext(sourceId, 'help', 'feedback'),
      routeContext(sourceId, 'main', 'transcript'),
    ])
      expect(() => keyRing.open(sealed, elsewhere)).toThrow('CAEP_DATA_DAMAGED');
  });

  it('is kept as a hash beside, by which receivers check it', async () => {
    const { sourceId, taken } = await withSource();
    const listed = (await listRoutes(database(), keyRing, sourceId)).map(({ secret }) =>
      createHash('sha256').update(secret).digest('hex'),
    );
    expect(new Set(listed).size).toBe(4);
    expect((await taken()).map(({ secretSha256 }) => secretSha256).sort()).toEqual(listed.sort());
  });
});

it('routes are listed with the newest secret first; those that are there already are left as they are', async () => {
  const { sourceId } = await withSource();
  const feedback = async () =>
    (await listRoutes(database(), keyRing, sourceId)).filter(
      ({ widget, kind }) => widget === 'main' && kind === 'feedback',
    );
  const [before] = await feedback();
  const rotation = { widget: 'main', kind: 'feedback', overlapMs: HOUR_MS, by: 'ana' } as const;
  expect(await rotateRoutes(database(), keyRing, sourceId, rotation)).toBe(1);
  expect(await rotateRoutes(database(), keyRing, sourceId, { ...rotation, widget: 'unknown' })).toBe(0);
  const { rows: recorded } = await database().pool.query(
    `select kind, result, done_by, input from operation join source on source_uid = uid::text where source.id = $1`,
    [sourceId],
  );
  expect(recorded).toEqual([
    { kind: 'urls --rotate', result: 'done', done_by: 'ana', input: { widget: 'main', kind: 'feedback' } },
  ]);
  const [newest, old, ...more] = await feedback();
  expect(more).toEqual([]);
  expect(old).toMatchObject({ secret: before?.secret, expiresAt: expect.any(Date) as Date });
  expect(newest?.expiresAt).toBeUndefined();
  const widgets = [{ key: 'main', kinds: ['feedback', 'new-conversation'] as const }];
  const all = await createRoutes(database(), keyRing, sourceId, widgets);
  expect(all).toHaveLength(6);
  expect(await feedback()).toEqual([newest, old]);
});

import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KeyRing, openKeyRing } from '../../src/store/keyRing.js';
import { createProvisioningStore } from '../../src/store/provisioning.js';
import { createRoutes, loadRouteTable } from '../../src/store/routes.js';
import { registerSource, retireSource } from '../../src/store/sources.js';
import { withDatabase } from '../support/store.js';

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
  const taken = async () => (await loadRouteTable(database())).filter((route) => route.sourceId === sourceId);
  return { uid, name, store, urls, taken };
}

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

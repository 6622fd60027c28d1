import { describe, expect, it } from 'vitest';
import { CANONICAL_FIELD_NAMES } from '../../../src/domain/events/canonical.js';
import { WHOLE_FIELDS } from '../../../src/domain/projection/fields.js';
import { loadRouteTable } from '../../../src/store/sources/routeTable.js';
import { newSource, provision, withInstallation } from '../installation.js';

const installation = withInstallation();

async function keepsOriginals(uid: string): Promise<boolean | undefined> {
  const { rows } = await installation().database.pool.query<{ keeps: boolean }>(
    'select keeps_originals as keeps from source where uid = $1',
    [uid],
  );
  return rows[0]?.keeps;
}

describe('what leaves of the events of a source', () => {
  it('is what its stored mapping reads, and stands at the gate before it opens', async () => {
    const source = newSource({ contents: 'full' });
    const { 'mapping-set': set } = await provision(installation(), source);
    const { open, projection } = await installation().store.gate(source.marker);
    expect(open).toBe(true);
    expect(projection).toMatchObject({
      version: 1,
      projection: { recipe: 1, mappingSet: { id: set?.id, version: 0 }, contents: 'full', absent: 'omitted' },
    });
    expect(new Set(projection?.projection.reads)).toEqual(
      new Set([...CANONICAL_FIELD_NAMES, ...Object.keys(WHOLE_FIELDS)]),
    );
    expect(await keepsOriginals(source.marker.uid)).toBe(true);
  });

  it('of a manifest that does not say what its contents are is not decided: events are cut as before', async () => {
    const source = newSource();
    await provision(installation(), source);
    expect((await installation().store.gate(source.marker)).projection).toBeUndefined();
    expect(await keepsOriginals(source.marker.uid)).toBe(false);
  });

  it('has null in the place of what an event lacks, where Adobe takes its absence for an error', async () => {
    installation().simulator.admin.policy.change({ missingAttributeInMapping: 'rowError' });
    const source = newSource({ contents: 'compact' });
    await provision(installation(), source);
    expect((await installation().store.gate(source.marker)).projection).toMatchObject({
      projection: { contents: 'compact', absent: 'null' },
    });
  });

  it('is without what the manifest keeps from leaving', async () => {
    const source = newSource({ contents: 'full', privacy: { hash: ['visitor.email'], redact: ['cards'] } });
    await provision(installation(), source);
    expect((await installation().store.gate(source.marker)).projection).toMatchObject({
      projection: { privacy: { drop: [], hash: ['visitor.email'], redact: ['cards'] } },
    });
  });

  it('is without what the manifest keeps from being stored, of which receivers learn; that may change', async () => {
    const source = newSource({ contents: 'full', privacy: { drop: ['message'], store: { drop: ['visitor.email'] } } });
    const without = async () =>
      (await loadRouteTable(installation().database)).routes
        .filter(({ widget }) => widget === 'main-site')
        .map(({ storedWithout }) => storedWithout);
    await provision(installation(), source);
    expect((await installation().store.gate(source.marker)).projection).toMatchObject({
      projection: { privacy: { drop: ['message', 'visitor.email'], hash: [], redact: [] } },
    });
    expect(await without()).toContainEqual(['visitor.email']);
    const { privacy: _privacy, ...manifest } = source.manifest;
    await provision(installation(), { ...source, manifest });
    expect(await without()).not.toContainEqual(['visitor.email']);
  });

  it('is the same version when the source is provisioned again, and the gate does not close for it', async () => {
    const source = newSource({ contents: 'full' });
    await provision(installation(), source);
    const { epoch, projection } = await installation().store.gate(source.marker);
    await provision(installation(), source);
    const again = await installation().store.gate(source.marker);
    expect(again).toMatchObject({ open: true, projection });
    expect(again.epoch).toBe(epoch + 1);
  });
});

import { WITHOUT_PROOF } from '../../../src/domain/exceptions/proof.js';
import { expect, it } from 'vitest';
import type { Projection } from '../../../src/domain/projection/projection.js';
import { closeGate, openGate, readGate } from '../../../src/store/delivery/gate.js';
import { contentsFindings, proofFindings } from '../../../src/activities/inquiry/findings/fieldsFinding.js';
import { contentsLine } from '../../../src/domain/projection/contents.js';
import { listContents, setProjection } from '../../../src/store/delivery/projections.js';
import { PROJECTION } from '../../support/projection.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();

const NEXT: Projection = { ...PROJECTION, mappingSet: { id: 'set-1', version: 1 } };

async function sourceWithGate(): Promise<number> {
  const sourceId = await freshSource(database());
  await setProjection(database(), sourceId, PROJECTION);
  await open(sourceId);
  return sourceId;
}

function open(sourceId: number) {
  const inletSealed = Buffer.alloc(1);
  return openGate(database(), { sourceId, flowId: 'flow-1', inletSealed, opensAt: new Date(0) });
}

it('stands at the gate, under a version of its own', async () => {
  const sourceId = await sourceWithGate();
  expect(await readGate(database(), sourceId)).toMatchObject({ projection: { version: 1, projection: PROJECTION } });
});

it('is no new version when it is set again, also while the gate is open', async () => {
  const sourceId = await sourceWithGate();
  expect(await setProjection(database(), sourceId, { ...PROJECTION })).toBe(1);
});

it('does not change while the gate is open', async () => {
  const sourceId = await sourceWithGate();
  await expect(setProjection(database(), sourceId, NEXT)).rejects.toThrow(/only while its gate is closed/);
  expect(await readGate(database(), sourceId)).toMatchObject({ projection: { version: 1, projection: PROJECTION } });
});

it('is recorded with each epoch in which events are sent under it', async () => {
  const sourceId = await sourceWithGate();
  await closeGate(database(), sourceId, 'the projection changes');
  expect(await setProjection(database(), sourceId, NEXT)).toBe(2);
  await open(sourceId);
  const { rows } = await database().pool.query<{ version: number }>(
    'select distinct projection_version as version from epoch_destination where source_id = $1 order by 1',
    [sourceId],
  );
  expect(rows.map(({ version }) => version)).toEqual([1, 2]);
});

it('of a source that keeps no originals is none', async () => {
  const sourceId = await freshSource(database());
  await open(sourceId);
  expect((await readGate(database(), sourceId))?.projection).toBeUndefined();
});

it('of sources that are not torn down says `doctor`, one line for each of the contents that there are', async () => {
  const nameOf = async (sourceId: number) => {
    const { rows } = await database().pool.query<{ name: string }>('select name from source where id = $1', [sourceId]);
    return rows[0]?.name ?? '';
  };
  const [full, tornDown, compact] = [await sourceWithGate(), await sourceWithGate(), await freshSource(database())];
  await setProjection(database(), compact, { ...PROJECTION, contents: 'compact' });
  await open(compact);
  await database().pool.query('update source set retired_at = now() where id = $1', [tornDown]);
  const named = (await listContents(database())).map(({ source }) => source);
  expect(named).toEqual(expect.arrayContaining([await nameOf(full), await nameOf(compact)]));
  expect(named).not.toContain(await nameOf(tornDown));

  const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((source) => ({ source, contents: 'full' as const }));
  expect(contentsFindings([{ source: 'z', contents: 'compact' }, ...many])).toEqual([
    { check: 'contents full', state: 'ok', detail: `a, b, c, d, e and 2 more. ${contentsLine('full')}` },
    { check: 'contents compact', state: 'ok', detail: `z. ${contentsLine('compact')}` },
  ]);
  expect(contentsFindings([])).toEqual([]);
  const unproven = proofFindings([
    { source: 'a', proof: 'none' },
    { source: 'b', proof: null },
  ]);
  expect(unproven).toEqual([{ check: 'proof of a', state: 'warning', detail: WITHOUT_PROOF }]);
});

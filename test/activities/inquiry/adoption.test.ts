/** What there is to be taken over, found by id and by names, and what of it a manifest can say. */
import { beforeEach, expect, it } from 'vitest';
import { adoptionReport } from '../../../src/activities/inquiry/adoption/adoption.js';
import type { AdoptionReport } from '../../../src/domain/source/adoption/adoption.js';
import { foundManifestText } from '../../../src/manifest/found/text.js';
import { readManifest } from '../../../src/manifest/read.js';
import { type MadeByHand, makeByHand } from '../../support/tutorial.js';
import { newSource, provision, withInstallation } from '../installation.js';

const installation = withInstallation();
const { sandbox } = newSource().manifest;

let made: MadeByHand;
beforeEach(async () => {
  made = await makeByHand(installation().simulator, { sandbox });
});

const report = (ask: object): Promise<AdoptionReport> =>
  adoptionReport({ ...installation(), minimumSettleWindowMs: 0 }, { v: 1, ask: 'adoption', sandbox, ...ask });

const manifestOf = ({ found, flow }: AdoptionReport) => {
  const facts = { name: 'support-chat', sandbox, widgets: ['main-site'], flowId: flow.id, schema: 's', file: 'f' };
  return readManifest(foundManifestText(found, facts), 'chat.yaml');
};

it('is found by id, by name, and by the name of the dataset; and of the manifest that says it nothing differs', async () => {
  const byId = await report({ flow: made.flowId });
  expect(byId).toMatchObject({ flow: { id: made.flowId, name: made.names.flow }, found: { unsaid: [] } });
  const manifest = manifestOf(byId);
  for (const ask of [{ flow: made.flowId, manifest }, { flow: made.names.flow, manifest }, { manifest }]) {
    expect(await report(ask)).toMatchObject({ flow: { id: made.flowId }, misfits: [], mapping: [] });
  }
});

it('is not guessed: none and several are refused', async () => {
  await expect(report({ flow: 'Nobody’s flow' })).rejects.toMatchObject({ error: { code: 'CAEP_ADOPT_NO_FLOW' } });
  const { items } = (await made.call('GET', `/data/foundation/flowservice/flows/${made.flowId}`)) as {
    items: readonly Record<string, unknown>[];
  };
  const { name, flowSpec, sourceConnectionIds, targetConnectionIds, transformations } = items[0] ?? {};
  await made.call('POST', '/data/foundation/flowservice/flows', {
    name,
    flowSpec,
    sourceConnectionIds,
    targetConnectionIds,
    transformations,
  });
  const several = report({ flow: made.names.flow });
  await expect(several).rejects.toMatchObject({ error: { code: 'CAEP_ADOPT_SEVERAL' } });
});

it('is refused where another source of ours has made it', async () => {
  const other = newSource();
  const resources = await provision(installation(), other);
  const asked = report({ flow: resources.flow?.id, manifest: { ...other.manifest, name: 'another' } });
  await expect(asked).rejects.toMatchObject({
    error: { code: 'CAEP_ADOPT_OWNED', fields: { resource: 'XDM field group' } },
  });
});

it('says what a manifest cannot say, and reads the version of the mapping that the flow leads to', async () => {
  const set = `/data/foundation/conversion/mappingSets/${made.ids.mappingSet}`;
  await made.call('PUT', set, {
    outputSchema: { schemaRef: { id: made.ids.schema, contentType: 'application/vnd.adobe.xed-full+json;version=1' } },
    mappings: [
      { sourceType: 'STATIC', source: 'chat', destination: 'eventType' },
      { sourceType: 'ATTRIBUTE', source: 'visitor.UUID', destination: '_acmetenant.UUID' },
    ],
  });
  const before = await report({ flow: made.flowId });
  expect(before.found.rows).toHaveLength(6);
  const flow = `/data/foundation/flowservice/flows/${made.flowId}`;
  const { items } = (await made.call('GET', flow)) as { items: readonly { readonly etag: string }[] };
  const value = { name: 'Mapping', params: { mappingId: made.ids.mappingSet, mappingVersion: 1 } };
  const operations = [{ op: 'replace', path: '/transformations/0', value }];
  await made.call('PATCH', flow, operations, { 'if-match': items[0]?.etag ?? '' });
  const after = await report({ flow: made.flowId });
  expect(after.found.rows).toMatchObject([{ source: 'visitor.UUID', destination: '{tenant}.UUID' }]);
  expect(after.found.unsaid).toEqual(['the row chat → eventType: its source is of the type STATIC']);
});

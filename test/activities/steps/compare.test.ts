/** Every object of a source beside its manifest: nothing differs after provisioning, and what somebody changes is seen. */
import { describe, expect, it } from 'vitest';
import { differencesIn } from '../../../src/domain/source/comparison.js';
import { type Resources, stepsFor, type StepName } from '../../../src/domain/source/steps.js';
import { STEP_TABLE } from '../../../src/activities/steps/table/index.js';
import { newSource, provision, type Source, withInstallation } from '../installation.js';

const installation = withInstallation();

const everything = {
  contents: 'full',
  identity: { field: 'visitorEmail', namespace: 'email' },
  dataset: { name: 'Chats', tags: { team: ['b', 'a'] } },
  xdm: { fields: [{ path: 'loyalty.tier', type: 'string' }] },
};

async function compared({ marker, manifest }: Source, resources: Resources) {
  const { adobe, store } = installation();
  const signal = new AbortController().signal;
  const context = {
    marker,
    manifest,
    resources,
    adobe: adobe.forSandbox(manifest.sandbox),
    store,
    minimumSettleWindowMs: 0,
    signal,
  };
  const found: Partial<Record<StepName, unknown>> = {};
  for (const step of stepsFor(manifest)) {
    const resource = resources[step];
    if (resource === undefined) throw new Error(`${step} was not made`);
    const comparison = await STEP_TABLE[step].compare(context, resource);
    const differing = comparison === 'gone' ? comparison : differencesIn(step, resource, comparison);
    if (comparison.length === 0) throw new Error(`nothing of ${step} is compared`);
    if (differing.length > 0) found[step] = differing;
  }
  return found;
}

describe('comparing every object of a source', () => {
  it.each([{}, everything])('finds no difference after provisioning', async (overrides) => {
    const source = newSource(overrides);
    const resources = await provision(installation(), source);
    expect(await compared(source, resources)).toEqual({});
  });

  it('finds what another manifest says, by field', async () => {
    const source = newSource(everything);
    const resources = await provision(installation(), source);
    const { name, sandbox } = source.manifest;
    const wanted = newSource({
      ...everything,
      name,
      sandbox,
      dataset: { name: 'Other chats', tags: { team: ['c'], cost: ['7'] } },
      xdm: {
        fields: [
          { path: 'loyalty.tier', type: 'integer' },
          { path: 'vip', type: 'boolean' },
        ],
      },
      mapping: [{ destination: 'vip', expression: 'true' }],
      chatlio: { widgets: [{ key: 'main-site', kinds: ['transcript'] }, { key: 'shop' }] },
      identity: { field: 'visitorEmail', namespace: 'Phone' },
    });
    const found = await compared({ ...source, manifest: wanted.manifest }, resources);
    expect(found).toMatchObject({
      'field-group': [
        { field: 'fields.loyalty.tier', wanted: 'integer', found: 'string', remedy: 'refused' },
        { field: 'fields.vip', wanted: 'boolean', remedy: 'change' },
      ],
      'identity-descriptor': [{ field: 'namespace', wanted: 'Phone', found: 'Email', remedy: 'refused' }],
      dataset: [
        { field: 'name', wanted: 'Other chats', found: 'Chats', remedy: 'change' },
        { field: 'tags.team', wanted: 'c', found: 'a, b', remedy: 'change' },
        { field: 'tags.cost', wanted: '7', remedy: 'change' },
      ],
      'mapping-set': [{ wanted: 'true (expression)' }],
      'webhook-routes': [{ field: 'widget main-site', wanted: 'transcript' }, { field: 'widget shop' }],
    });
    expect(Object.keys(found)).toHaveLength(5);
  });

  it('finds a foreign PATCH of the flow, a disabled flow, and what was deleted', async () => {
    const source = newSource();
    const resources = await provision(installation(), source);
    const { flowService, catalog } = installation().adobe.forSandbox(source.manifest.sandbox);
    const id = resources.flow?.id ?? '';
    const etag = (await flowService.getFlow(id))?.etag ?? '';
    await flowService.patchFlow(id, etag, [{ op: 'replace', path: '/name', value: 'mine' }]);
    await flowService.flowAction(id, 'disable', undefined);
    await catalog.deleteDataset(resources.dataset?.id ?? '');
    expect(await compared(source, resources)).toEqual({
      dataset: 'gone',
      flow: [
        { field: 'name', wanted: `Chatlio ${source.manifest.name}`, found: 'mine', remedy: 'change' },
        { field: 'state', wanted: 'enabled', found: 'disabled', remedy: 'change' },
      ],
    });
    await installation().store.closeGate(source.marker, 'paused', 'unpaused');
    expect(await compared(source, resources)).toMatchObject({ flow: [{ field: 'name' }] });
  });
});

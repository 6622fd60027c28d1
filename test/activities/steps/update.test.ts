import { describe, expect, it } from 'vitest';
import { KINDS } from '../../../src/domain/events/kinds.js';
import { readCanaries } from '../../../src/store/delivery/canaries.js';
import { findSourceId } from '../../../src/store/sources/sources.js';
import { CHATLIO_CONNECTION_SPEC } from '../../../src/adobe/http/constants.js';
import { undoActivityName } from '../../../src/domain/source/provisioning.js';
import type { UndoEntry } from '../../../src/domain/source/source.js';
import type { OperationInput } from '../../../src/domain/delivery/pause.js';
import type { Manifest } from '../../../src/domain/source/manifest.js';
import type { Resources, StepName } from '../../../src/domain/source/steps.js';
import { changeActivityName, type PreparedUpdate } from '../../../src/domain/source/update.js';
import { attempts, newSource, performStep, provision, type Source, withInstallation } from '../installation.js';
import { manifestFixture } from '../../support/manifest.js';

const installation = withInstallation();

/** A source of 0.1.x that is live. */
async function live(overrides: object = {}): Promise<{ source: Source; before: OperationInput }> {
  const source = newSource({ delivery: { settleWindow: '1s', schemaSettleWindow: '30s' }, ...overrides });
  return { source, before: { ...source, resources: await provision(installation(), source) } };
}

const changed = ({ manifest }: Source, overrides: object): Manifest =>
  manifestFixture({
    name: manifest.name,
    sandbox: manifest.sandbox,
    delivery: { settleWindow: '1s', schemaSettleWindow: '30s' },
    ...overrides,
  });
const prepare = (input: OperationInput): Promise<PreparedUpdate> =>
  attempts(() => installation().activities.prepareUpdate(input));
const apply = (input: OperationInput, schemaChanged = false, mappingChanged = true) =>
  attempts(() => installation().activities.applyUpdate({ ...input, schemaChanged, mappingChanged }));
const close = (input: OperationInput) =>
  attempts(() => installation().activities.closeGate({ ...input, reason: 'an update', reopens: true }));
const gate = ({ marker }: Source) => installation().store.gate(marker);
const flow = async ({ manifest, resources }: OperationInput) =>
  installation()
    .adobe.forSandbox(manifest.sandbox)
    .flowService.getFlow(resources.flow?.id ?? '');
const group = async ({ manifest, resources }: OperationInput) =>
  installation()
    .adobe.forSandbox(manifest.sandbox)
    .schemaRegistry.getFieldGroup(resources['field-group']?.altId ?? '');
const keepsOriginals = async ({ marker }: Source) => {
  const { rows } = await installation().database.pool.query<{ keeps: boolean }>(
    'select keeps_originals as keeps from source where uid = $1',
    [marker.uid],
  );
  return rows[0]?.keeps;
};

describe('preparing an update', () => {
  it('adds fields and a version of the mapping set, and leaves flow, gate and source as they are', async () => {
    const { source, before } = await live();
    const [flowBefore, { epoch }] = [await flow(before), await gate(source)];
    const { resources, fields } = await prepare({ ...before, manifest: changed(source, { contents: 'full' }) });
    expect(fields).toContain('messages');
    expect(resources['mapping-set']).toMatchObject({ id: before.resources['mapping-set']?.id, version: 1 });
    expect(JSON.stringify((await group(before))?.body)).toContain('"messages"');
    expect((await flow(before))?.mapping).toEqual(flowBefore?.mapping);
    expect((await gate(source)).epoch).toBe(epoch);
    expect(await keepsOriginals(source)).toBe(false);
  });

  it('again finds what it has made', async () => {
    const { source, before } = await live();
    const wanted = { ...before, manifest: changed(source, { contents: 'full' }) };
    const first = await prepare(wanted);
    const again = await prepare({ ...wanted, resources: first.resources });
    expect(again).toEqual({ resources: first.resources, fields: [] });
  });

  it('that lost the answer of the field group’s change goes on', async () => {
    const { source, before } = await live();
    installation().simulator.admin.faults.place({
      match: { route: 'schemaregistry.tenant.fieldgroups.patch' },
      fault: { kind: 'cut', effect: 'done' },
      times: 1,
    });
    const { resources } = await prepare({ ...before, manifest: changed(source, { contents: 'full' }) });
    expect(resources['mapping-set']?.version).toBe(1);
  });

  it('that lost the answer of the mapping set’s change uses the version that it has made', async () => {
    const { source, before } = await live();
    installation().simulator.admin.faults.place({
      match: { route: 'dataprep.mappingSets.replace' },
      fault: { kind: 'cut', effect: 'done' },
      times: 1,
    });
    const { resources } = await prepare({ ...before, manifest: changed(source, { contents: 'full' }) });
    expect(resources['mapping-set']?.version).toBe(1);
  });

  it('refuses a field that stands there as another one', async () => {
    const { source, before } = await live({ xdm: { fields: [{ path: 'tier', type: 'string' }] } });
    const odd = changed(source, { xdm: { fields: [{ path: 'tier', type: 'integer' }] } });
    await expect(prepare({ ...before, manifest: odd })).rejects.toMatchObject({
      type: 'CAEP_FIELDS_NOT_ADDABLE',
    });
  });
});

describe('applying an update', () => {
  it('has a source of 0.1.x keep whole chats: the flow uses the new version, and what leaves is set before the gate opens', async () => {
    const { source, before } = await live();
    const wanted = { ...before, manifest: changed(source, { contents: 'full' }) };
    const { resources } = await prepare(wanted);
    await close(before);
    expect((await gate(source)).open).toBe(false);
    const { opensAt } = await apply({ ...wanted, resources }, true);
    expect((await flow(before))?.mapping).toEqual({ id: resources['mapping-set']?.id, version: 1 });
    expect(await gate(source)).toMatchObject({
      open: true,
      projection: { projection: { contents: 'full', mappingSet: { version: 1 } } },
    });
    expect(await keepsOriginals(source)).toBe(true);
    // The schema was changed just now: streaming validation may know the one before for its settle window.
    const group30s = ((await group(before))?.modifiedAt ?? 0) + 30_000;
    expect(Date.parse(opensAt ?? '')).toBeGreaterThanOrEqual(group30s);
    expect(Date.parse(opensAt ?? '')).toBeLessThan(group30s + 3_000);
  });

  it('lets the first event of each kind go alone where the mapping is another, also of a source that keeps no originals', async () => {
    const { source, before } = await live();
    const sourceId = (await findSourceId(installation().database, source.marker.uid)) ?? 0;
    const canaries = async () => (await readCanaries(installation().database, sourceId)).size;
    await close(before);
    await apply(before, false, false);
    expect(await canaries()).toBe(0);
    const mapping = [{ destination: 'chatlio_email', expression: 'lower(visitorEmail)' }];
    const wanted = { ...before, manifest: changed(source, { mapping }) };
    const { resources } = await prepare(wanted);
    await close(before);
    await apply({ ...wanted, resources });
    expect(await canaries()).toBe(KINDS.length);
  });

  it('waits for the settle window of the flow alone where no field is new', async () => {
    const { source, before } = await live();
    const wanted = { ...before, manifest: changed(source, { contents: 'compact' }) };
    const { resources, fields } = await prepare(wanted);
    expect(fields).toEqual([]);
    await close(before);
    const { opensAt } = await apply({ ...wanted, resources });
    const settled = ((await flow(before))?.updatedAt ?? 0) + 1_000;
    expect(Date.parse(opensAt ?? '')).toBeLessThan(settled + 3_000);
  });

  it('again, after its answer was lost, changes the flow no second time', async () => {
    const { source, before } = await live();
    const wanted = { ...before, manifest: changed(source, { contents: 'full' }) };
    const { resources } = await prepare(wanted);
    await close(before);
    installation().simulator.admin.faults.place({
      match: { route: 'flowservice.flows.patch' },
      fault: { kind: 'cut', effect: 'done' },
      times: 1,
    });
    await apply({ ...wanted, resources }, true);
    const etag = (await flow(before))?.etag;
    await apply({ ...wanted, resources }, true);
    expect((await flow(before))?.etag).toBe(etag);
    expect((await gate(source)).projection).toMatchObject({ version: 1 });
  });

  it('reads the flow again when somebody else was quicker', async () => {
    const { source, before } = await live();
    const wanted = { ...before, manifest: changed(source, { contents: 'full' }) };
    const { resources } = await prepare(wanted);
    await close(before);
    installation().simulator.admin.faults.place({
      match: { route: 'flowservice.flows.patch' },
      fault: { kind: 'status', status: 412, effect: 'none' },
      times: 1,
    });
    await apply({ ...wanted, resources });
    expect((await flow(before))?.mapping?.version).toBe(1);
  });

  it('does not open the gate of a source that is paused, and knows what leaves for when it is unpaused', async () => {
    const { source, before } = await live();
    const wanted = { ...before, manifest: changed(source, { contents: 'full' }) };
    const { resources } = await prepare(wanted);
    await attempts(() => installation().activities.closeGate({ ...before, reason: 'paused by ana' }));
    await close(before);
    expect(await apply({ ...wanted, resources })).toEqual({ contents: 'full' });
    expect(await gate(source)).toMatchObject({
      open: false,
      reason: 'paused by ana',
      projection: { projection: { contents: 'full' } },
    });
    // The schema was changed during the pause.
    const { opensAt } = await attempts(() => installation().activities.openGate({ ...wanted, resources }));
    expect(Date.parse(opensAt)).toBeGreaterThanOrEqual(((await group(before))?.modifiedAt ?? 0) + 30_000);
  });

  it('put back, sends what was taken whole as a compact source does', async () => {
    const { source, before } = await live();
    const wanted = { ...before, manifest: changed(source, { contents: 'full' }) };
    const { resources } = await prepare(wanted);
    await close(before);
    await apply({ ...wanted, resources });
    await close(before);
    expect(await apply(before)).toMatchObject({ contents: 'compact' });
    expect((await flow(before))?.mapping).toEqual({ id: before.resources['mapping-set']?.id, version: 0 });
    expect((await gate(source)).projection).toMatchObject({
      version: 2,
      projection: { contents: 'compact', mappingSet: { version: 0 } },
    });
  });
});

describe('changing an object in place', () => {
  const change = (step: StepName, { marker, manifest }: Source, resources: Resources, before?: Manifest) =>
    attempts(() => installation().activities[changeActivityName(step)]({ marker, manifest, resources, before }));
  const clients = ({ manifest }: Source) => installation().adobe.forSandbox(manifest.sandbox);
  const writes = () =>
    installation()
      .simulator.admin.journal.list()
      .filter(({ method, path }) => ['PATCH', 'PUT'].includes(method) && !path.startsWith('/__sim')).length;

  it('gives field group, schema and dataset another name, once, and leaves the tags of others', async () => {
    const { source, before } = await live({ dataset: { name: 'Before', tags: { team: ['web'], old: ['1'] } } });
    const { resources } = before;
    const { catalog, schemaRegistry } = clients(source);
    await catalog.patchDataset(resources.dataset?.id ?? '', undefined, [
      { op: 'add', path: '/tags/theirs', value: ['x'] },
    ]);
    const manifest = changed(source, {
      xdm: { fieldGroup: { title: 'Fields of ours' }, schema: { title: 'Chats of ours' } },
      dataset: { name: 'After', tags: { team: ['shop'], 'a/b': ['c'] } },
    });
    const wanted = { ...source, manifest };
    for (const step of ['field-group', 'schema', 'dataset'] as const) {
      await change(step, wanted, resources, source.manifest);
      const written = writes();
      await change(step, wanted, resources, source.manifest);
      expect(writes(), step).toBe(written);
    }
    expect((await schemaRegistry.getFieldGroup(resources['field-group']?.altId ?? ''))?.title).toBe('Fields of ours');
    expect((await schemaRegistry.getSchema(resources.schema?.altId ?? ''))?.title).toBe('Chats of ours');
    const dataset = await catalog.getDataset(resources.dataset?.id ?? '');
    expect(dataset?.name).toBe('After');
    expect(dataset?.tags).toEqual({
      team: ['shop'],
      'a/b': ['c'],
      theirs: ['x'],
      chatlioAep: [source.marker.uid],
      'adobe/pqs/table': dataset?.tags['adobe/pqs/table'],
    });
  });

  it('gives flow and connections their names and marks back, and reads again where somebody else was quicker', async () => {
    const { source, before } = await live();
    const { flowService } = clients(source);
    const read = {
      'source-connection': flowService.getSourceConnection,
      'target-connection': flowService.getTargetConnection,
      flow: flowService.getFlow,
    };
    const patch = {
      'source-connection': flowService.patchSourceConnection,
      'target-connection': flowService.patchTargetConnection,
      flow: flowService.patchFlow,
    };
    for (const step of ['source-connection', 'target-connection', 'flow'] as const) {
      const id = before.resources[step]?.id ?? '';
      const { name, description, etag = '' } = (await read[step](id)) ?? { name: '' };
      await patch[step](id, etag, [
        { op: 'replace', path: '/name', value: 'renamed by hand' },
        { op: 'replace', path: '/description', value: 'without the mark' },
      ]);
      installation().simulator.admin.faults.place({
        match: { route: `flowservice.${step === 'flow' ? 'flows' : step.replace('-c', 'C') + 's'}.patch` },
        fault: { kind: 'status', status: 412, effect: 'none' },
        times: 1,
      });
      await change(step, source, before.resources);
      expect(await read[step](id), step).toMatchObject({ name, description });
    }
  });

  it('of an adopted flow leaves its name and description', async () => {
    const { source, before } = await live();
    const { flowService } = clients(source);
    const flowId = before.resources.flow?.id ?? '';
    const { etag = '' } = (await flowService.getFlow(flowId)) ?? {};
    await flowService.patchFlow(flowId, etag, [{ op: 'replace', path: '/name', value: 'Theirs' }]);
    const flow = { kind: 'flow', id: flowId, origin: 'adopted' } as const;
    await change('flow', source, { ...before.resources, flow });
    expect((await flowService.getFlow(flowId))?.name).toBe('Theirs');
  });

  it('takes webhook URLs of what is new, and none any more of what is gone', async () => {
    const { source, before } = await live();
    const urlsOf = async () =>
      (await installation().store.sourceUrls(source.marker.name, 'http://r'))?.webhooks.map(
        ({ widget, kind, url }) => `${widget} ${kind} ${url}`,
      ) ?? [];
    const [kept = ''] = (await urlsOf()).filter((url) => url.includes('transcript'));
    const manifest = changed(source, {
      chatlio: {
        widgets: [
          { key: 'main-site', kinds: ['transcript'] },
          { key: 'shop', kinds: ['feedback'] },
        ],
      },
    });
    const { resource } = await change('webhook-routes', { ...source, manifest }, before.resources);
    expect(resource.id).toBe('2 routes');
    expect(await urlsOf()).toEqual([kept, expect.stringMatching(/^shop feedback http/)]);
  });

  it('refuses a title that somebody else’s object has before anything is changed', async () => {
    const { source, before } = await live();
    const other = newSource({ xdm: { schema: { title: 'Taken' } } });
    await provision(installation(), other, 'schema');
    const manifest = changed(source, { contents: 'full', xdm: { schema: { title: 'Taken' } } });
    await expect(prepare({ ...before, manifest })).rejects.toMatchObject({
      type: 'CAEP_UPDATE_TITLE_TAKEN',
      message: expect.stringContaining(other.marker.name) as string,
    });
    expect(JSON.stringify((await group(before))?.body)).not.toContain('"messages"');
  });

  it('names an object that is gone', async () => {
    const { source, before } = await live();
    await clients(source).catalog.deleteDataset(before.resources.dataset?.id ?? '');
    await expect(change('dataset', source, before.resources)).rejects.toMatchObject({ type: 'CAEP_RESOURCE_GONE' });
  });
});

describe('a new pair of connections and a new flow', () => {
  const steps = ['dataset', 'source-connection', 'target-connection', 'flow'] as const;
  const generation = ({ marker, manifest }: Source, number?: number): Source => ({
    manifest,
    marker: { ...marker, ...(number === undefined ? {} : { generation: number }) },
  });
  const makeAnew = async (source: Source, before: Resources): Promise<Resources> => {
    let resources = before;
    for (const step of steps) {
      const { resource } = await performStep(installation(), generation(source, 2), step, {
        ...resources,
        [step]: undefined,
      });
      resources = { ...resources, [step]: resource };
    }
    return resources;
  };
  const remove = (source: Source, step: StepName, resources: Resources, entry: Omit<UndoEntry, 'step'>) =>
    attempts(() =>
      installation().activities[undoActivityName(step)]({ ...source, resources, entry: { ...entry, step } }),
    );

  it('stand beside the old ones, are found again, and are told from them by every lookup', async () => {
    const { source, before } = await live();
    const resources = await makeAnew(source, before.resources);
    for (const step of steps) {
      expect(resources[step]).toMatchObject({ generation: 2, origin: 'created' });
      expect(resources[step]?.id, step).not.toBe(before.resources[step]?.id);
    }
    const again = await makeAnew(source, before.resources);
    expect(steps.map((step) => again[step]?.id)).toEqual(steps.map((step) => resources[step]?.id));
    const first = await performStep(installation(), generation(source, 1), 'flow', before.resources);
    expect(first.resource.id).toBe(before.resources.flow?.id);
    const { flowService, catalog } = installation().adobe.forSandbox(source.manifest.sandbox);
    const flows = await flowService.findFlows({});
    // A release that knows of no generations finds its own alone, and takes the new one for somebody else's.
    const known = flows.filter(({ description = '' }) => description.includes(`chatlio-aep:${source.marker.name}:`));
    expect(known.map(({ id }) => id)).toEqual([before.resources.flow?.id]);
    const dataset = await catalog.getDataset(resources.dataset?.id ?? '');
    expect(dataset?.description).not.toContain(`chatlio-aep:${source.marker.name}:`);
    expect(dataset?.tags['chatlioAep']).toEqual([source.marker.uid, 'g2']);
  });

  it('whoever provisions again uses the newest, and deletes no other', async () => {
    const { source, before } = await live();
    const resources = await makeAnew(source, before.resources);
    for (const step of steps) {
      const { resource } = await performStep(installation(), source, step, { ...resources, [step]: undefined });
      expect(resource.id, step).toBe(resources[step]?.id);
    }
    const { catalog, flowService } = installation().adobe.forSandbox(source.manifest.sandbox);
    const idOf = (step: StepName): string => before.resources[step]?.id ?? '';
    const left = await Promise.all([
      catalog.getDataset(idOf('dataset')),
      flowService.getSourceConnection(idOf('source-connection')),
      flowService.getTargetConnection(idOf('target-connection')),
      flowService.getFlow(idOf('flow')),
    ]);
    expect(left.map((one) => one?.id)).toEqual(steps.map(idOf));
  });

  it('moves inlet, flow and gate at once; the old flow is removed without closing the gate, and the new one not with it', async () => {
    const { source, before } = await live();
    const resources = await makeAnew(source, before.resources);
    await close(before);
    await apply({ ...before, resources });
    expect(await gate(source)).toMatchObject({ open: true, flowId: resources.flow?.id });
    const opened = (await gate(source)).epoch;
    for (const step of ['flow', 'target-connection', 'source-connection'] as const) {
      const entry = { resource: before.resources[step], generation: 1 };
      expect(await remove(generation(source, 1), step, resources, entry)).toEqual({ outcome: 'undone' });
    }
    expect(await gate(source)).toMatchObject({ open: true, epoch: opened });
    expect(await flow(before)).toBeUndefined();
    expect((await flow({ ...before, resources }))?.state).toBe('enabled');
  });

  it('of a database that was set back, unpausing leads to the new flow', async () => {
    const { source, before } = await live();
    const resources = await makeAnew(source, before.resources);
    await attempts(() => installation().activities.closeGate({ ...before, reason: 'set back' }));
    expect((await gate(source)).flowId).toBe(before.resources.flow?.id);
    await attempts(() => installation().activities.openGate({ ...before, resources }));
    expect(await gate(source)).toMatchObject({ open: true, flowId: resources.flow?.id });
  });

  it('are all taken away with the source, whose generation nobody has to know', async () => {
    const { source, before } = await live();
    const resources = await makeAnew(source, before.resources);
    for (const step of ['flow', 'target-connection', 'source-connection'] as const) {
      await remove(source, step, resources, { resource: resources[step] });
    }
    const { flowService } = installation().adobe.forSandbox(source.manifest.sandbox);
    expect(await flowService.findFlows({})).toEqual([]);
    expect(await flowService.findSourceConnections({ specId: CHATLIO_CONNECTION_SPEC.id })).toEqual([]);
  });
});

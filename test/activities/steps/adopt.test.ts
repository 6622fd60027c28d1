/** Taking over a source that was made by Adobe's tutorial. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Adoption } from '../../../src/domain/source/adoption/adoption.js';
import { undoActivityName, type UndoResult } from '../../../src/domain/source/provisioning.js';
import { type Resources, stepsFor, type StepName } from '../../../src/domain/source/steps.js';
import { type MadeByHand, makeByHand, TUTORIAL_ROWS } from '../../support/tutorial.js';
import { attempts, newSource, type Source, withInstallation } from '../installation.js';

const installation = withInstallation();

const ROWS = TUTORIAL_ROWS.map(([source, destination]) => ({ source, destination }));
const NEEDED = [
  { source: 'eventId', destination: '_id' },
  { source: 'occurredAt', destination: 'timestamp' },
];

let made: MadeByHand;
beforeEach(async () => {
  made = await makeByHand(installation().simulator, { sandbox: newSource().manifest.sandbox });
});

/** A manifest that says what was made by hand. */
const sourceOf = (mapping: object = { proof: 'none', rows: ROWS }, overrides: object = {}): Source =>
  newSource({
    contents: 'full',
    xdm: { fieldGroup: { title: made.names.fieldGroup }, schema: { title: made.names.schema } },
    dataset: { name: made.names.dataset, tags: { team: 'support' } },
    mapping: { defaults: false, ...mapping },
    ...overrides,
  });

async function adopt(source: Source, adoption: Partial<Adoption> = {}, before: Resources = {}): Promise<Resources> {
  let resources = before;
  for (const step of stepsFor(source.manifest)) {
    if (resources[step] !== undefined) continue;
    const input = { ...source, resources, adoption: { flowId: made.flowId, ...adoption } };
    const { resource } = await attempts(() => installation().activities[step](input));
    resources = { ...resources, [step]: resource };
  }
  return resources;
}

const undo = (source: Source, step: StepName, resources: Resources, how: object = {}): Promise<UndoResult> =>
  attempts(() =>
    installation().activities[undoActivityName(step)]({
      ...source,
      resources,
      entry: { step, resource: resources[step], ...how },
    }),
  );

const clients = () => installation().adobe.forSandbox(newSource().manifest.sandbox);
const flow = () => clients().flowService.getFlow(made.flowId);

describe('a source that was made by the tutorial', () => {
  it('is taken over whole: nothing is made, the flow is not touched, and the gate opens at once if it was not changed lately', async () => {
    const source = sourceOf();
    const [objects, before] = [installation().simulator.admin.objects().length, await flow()];
    const resources = await adopt(source);
    expect(installation().simulator.admin.objects()).toHaveLength(objects);
    expect(await flow()).toMatchObject({ etag: before?.etag, updatedAt: before?.updatedAt });
    const { sourceConnection, targetConnection, mappingSet, ...ids } = made.ids;
    expect(resources).toMatchObject({
      'field-group': { id: ids.fieldGroup, origin: 'adopted' },
      schema: { id: ids.schema, origin: 'adopted' },
      dataset: { id: ids.dataset, origin: 'adopted', marked: true },
      'source-connection': { id: sourceConnection, origin: 'adopted', marked: true },
      'target-connection': { id: targetConnection, origin: 'adopted', marked: true },
      'mapping-set': { id: mappingSet, version: 0, origin: 'adopted' },
      flow: { id: made.flowId, origin: 'adopted' },
    });
    expect(await installation().store.gate(source.marker)).toMatchObject({
      open: true,
      flowId: made.flowId,
      projection: {
        projection: { proof: 'none', reads: expect.arrayContaining(['slackChannelName', 'visitor.UUID']) },
      },
    });
  });

  it('is found again by its marks, and not taken for something that we have made', async () => {
    const source = sourceOf();
    const resources = await adopt(source);
    for (const step of ['dataset', 'source-connection', 'target-connection'] as const) {
      const { resource } = await attempts(() => installation().activities[step]({ ...source, resources }));
      expect(resource).toMatchObject({ id: resources[step]?.id, origin: 'adopted' });
      // The undo of an attempt whose answer was lost.
      expect(await undo(source, step, { ...resources, [step]: undefined })).toEqual({ outcome: 'nothing' });
    }
    expect((await clients().catalog.getDataset(made.ids.dataset))?.tags).toMatchObject({ team: ['support'] });
    const connection = await clients().flowService.getSourceConnection(made.ids.sourceConnection);
    expect(connection?.description).toMatch(/^Streaming source connection for Chatlio \[chatlio-aep-adopted:/);
  });

  it('gets no mark where a person says so', async () => {
    const source = sourceOf();
    const resources = await adopt(source, { unmarked: true });
    expect(Object.values(resources).some(({ marked }) => marked === true)).toBe(false);
    expect((await clients().catalog.getDataset(made.ids.dataset))?.tags).not.toHaveProperty('chatlioAepAdopted');
  });

  it('is given back as it was found', async () => {
    const source = sourceOf({ rows: [...ROWS, ...NEEDED] });
    const resources = await adopt(source, { changesMapping: true });
    expect(await flow()).toMatchObject({ mapping: { id: made.ids.mappingSet, version: 1 } });
    for (const step of stepsFor(source.manifest).toReversed()) {
      const { outcome } = await undo(source, step, resources);
      expect([step, outcome]).toEqual([step, resources[step]?.origin === 'adopted' ? 'kept' : 'undone']);
    }
    expect(await flow()).toMatchObject({ mapping: { id: made.ids.mappingSet, version: 0 } });
    const connection = await clients().flowService.getTargetConnection(made.ids.targetConnection);
    expect(connection?.description).toBe('Streaming target connection for Chatlio');
  });

  it('is given back enabled where a pause had disabled its flow, and otherwise as somebody has left it', async () => {
    const source = sourceOf();
    const resources = await adopt(source);
    await clients().flowService.flowAction(made.flowId, 'disable', undefined);
    for (const [isFlowPaused, state] of [
      [false, 'disabled'],
      [true, 'enabled'],
    ] as const) {
      expect(await undo(source, 'flow', resources, { isFlowPaused })).toEqual({ outcome: 'kept' });
      expect(await flow()).toMatchObject({ state });
    }
  });

  it('is not used by a provisioning of its name that has another schema', async () => {
    const source = sourceOf();
    const { dataset, 'target-connection': connection } = await adopt(source);
    const provisioned: Source = { ...source, manifest: newSource({ name: source.manifest.name }).manifest };
    let resources: Resources = {};
    for (const step of ['field-group', 'schema', 'dataset', 'target-connection'] as const) {
      const { resource } = await attempts(() => installation().activities[step]({ ...provisioned, resources }));
      resources = { ...resources, [step]: resource };
    }
    expect(resources.dataset).toMatchObject({ origin: 'created' });
    expect(resources['target-connection']).toMatchObject({ origin: 'created' });
    expect([resources.dataset?.id, resources['target-connection']?.id]).not.toContain(dataset?.id);
    expect(resources['target-connection']?.id).not.toBe(connection?.id);
  });

  it('is deleted where a person says so, the dataset only where they say that too', async () => {
    const source = sourceOf();
    const resources = await adopt(source);
    const how = { deletesAdopted: true };
    expect(await undo(source, 'flow', resources, how)).toEqual({ outcome: 'undone' });
    expect(await undo(source, 'mapping-set', resources, how)).toMatchObject({ outcome: 'left' });
    expect(await undo(source, 'target-connection', resources, how)).toEqual({ outcome: 'undone' });
    expect(await undo(source, 'dataset', resources)).toEqual({ outcome: 'kept' });
    expect(await flow()).toBeUndefined();
    expect(await undo(source, 'dataset', resources, { ...how, deletesData: true })).toEqual({ outcome: 'undone' });
  });
});

describe('its mapping', () => {
  it('is not changed without consent', async () => {
    const source = sourceOf({ rows: [...ROWS, ...NEEDED] });
    await expect(adopt(source)).rejects.toMatchObject({ type: 'CAEP_ADOPT_MAPPING_DIFFERS', nonRetryable: true });
    expect(await flow()).toMatchObject({ mapping: { id: made.ids.mappingSet, version: 0 } });
    expect((await clients().dataPrep.getMappingSet(made.ids.mappingSet, 1))?.version).not.toBe(1);
  });

  it('gets its next version with it, which the flow leads to', async () => {
    const source = sourceOf({ rows: [...ROWS, ...NEEDED] });
    const resources = await adopt(source, { changesMapping: true });
    expect(resources['mapping-set']).toMatchObject({ id: made.ids.mappingSet, version: 1, origin: 'adopted' });
    expect(await flow()).toMatchObject({ mapping: { id: made.ids.mappingSet, version: 1 } });
  });

  it('is one of our own where Adobe does not let us change theirs', async () => {
    const source = sourceOf({ rows: [...ROWS, ...NEEDED] });
    installation().simulator.admin.faults.place({
      match: { route: 'dataprep.mappingSets.replace' },
      fault: { kind: 'status', status: 403 },
    });
    const resources = await adopt(source, { changesMapping: true });
    const { id = '', origin } = resources['mapping-set'] ?? {};
    expect(origin).toBe('created');
    expect(id).not.toBe(made.ids.mappingSet);
    expect(await flow()).toMatchObject({ mapping: { id, version: 0 } });
    await undo(source, 'flow', resources);
    expect(await flow()).toMatchObject({ mapping: { id: made.ids.mappingSet, version: 0 } });
  });
});

describe('what does not fit', () => {
  const refusal = (source: Source, adoption: Partial<Adoption> = {}) =>
    adopt(source, adoption).then(
      () => undefined,
      (failure: { type?: string; details?: readonly { error: { problems?: object[]; fields?: object } }[] }) => ({
        code: failure.type,
        ...failure.details?.[0]?.error,
      }),
    );

  it('is named with what was expected and what is there', async () => {
    const other = sourceOf(undefined, { dataset: { name: 'Another dataset' } });
    expect(await refusal(other)).toMatchObject({
      code: 'CAEP_ADOPT_MISFIT',
      fields: { resource: 'dataset', id: made.ids.dataset },
      problems: [{ path: 'name', expected: 'Another dataset', got: made.names.dataset }],
    });
  });

  it('is a field of the mapping that the field group lacks', async () => {
    const rows = [...ROWS, { source: 'visitor.name', destination: 'visitor_name' }];
    expect(await refusal(sourceOf({ proof: 'none', rows }), { changesMapping: true })).toMatchObject({
      code: 'CAEP_ADOPT_MISFIT',
      problems: [{ path: 'fields.visitor_name', expected: 'string', got: 'none' }],
    });
  });

  it('is a flow that is not enabled, or is not there', async () => {
    await made.call('POST', `/data/foundation/flowservice/flows/${made.flowId}/action?op=disable`);
    expect(await refusal(sourceOf())).toMatchObject({
      code: 'CAEP_ADOPT_MISFIT',
      problems: [{ path: 'state', expected: 'enabled', got: 'disabled' }],
    });
    const flowId = '00000000-0000-4000-8000-000000000000';
    expect(await refusal(sourceOf(), { flowId })).toMatchObject({
      code: 'CAEP_ADOPT_NO_FLOW',
      fields: { flow: flowId },
    });
  });

  it('is what belongs to another source of ours, until that one is torn down', async () => {
    const first = sourceOf();
    const resources = await adopt(first);
    expect(await refusal(sourceOf())).toMatchObject({ code: 'CAEP_ADOPT_OWNED', fields: { id: made.ids.dataset } });
    for (const step of stepsFor(first.manifest).toReversed()) await undo(first, step, resources);
    expect(await refusal(sourceOf())).toBeUndefined();
  });
});

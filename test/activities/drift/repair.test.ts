/** The workflow with its own activities, on the simulator: what somebody else does there, and how it is brought back. */
import { randomUUID } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import type { AdobeClients } from '../../../src/adobe/clients.js';
import { DATA_LAKE_CONNECTION_SPEC, STREAMING_FLOW_SPEC } from '../../../src/adobe/http/constants.js';
import { countOf, type SeenDrift } from '../../../src/domain/drift/drift.js';
import { recreated, repairPlan, type RepairResult } from '../../../src/domain/drift/repair.js';
import { findMarker, type Resources, type StepName } from '../../../src/domain/source/steps.js';
import { createFakeSteps } from '../../workflows/fakeSteps.js';
import { PATIENCE, type Running, withSources } from '../../workflows/sources.js';
import { newSource, type Source, withInstallation } from '../installation.js';
import { deleteOutOfBand, mappingOfSomebody } from './outOfBand.js';

vi.setConfig({ testTimeout: 60_000 });

const installation = withInstallation();
const { withSource } = withSources();

interface Repairing {
  readonly running: Running;
  readonly source: Source;
  readonly clients: AdobeClients;
  readonly drift: () => Promise<SeenDrift>;
  /** Told of everything that is lost. */
  readonly repair: () => Promise<RepairResult>;
}

async function withLive(
  overrides: Readonly<Record<string, unknown>>,
  test: (repairing: Repairing, resources: Resources) => Promise<void>,
): Promise<void> {
  const source = newSource({ drift: { every: 'off' }, ...overrides });
  const activities = installation().activitiesWith({}, { confirmAfterMs: 1 });
  const { manifest, marker } = source;
  await withSource(
    { ...createFakeSteps(), activities },
    async (running) => {
      const clients = installation().adobe.forSandbox(manifest.sandbox);
      const update = <T>(name: string, input: object) =>
        running.handle.executeUpdate<T, [object]>(name, { args: [input] });
      const drift = () => update<SeenDrift>('drift', {});
      const repair = async () => {
        const plan = repairPlan((await drift()).drifted, (await running.state()).resources);
        return update<RepairResult>('repair', { recreate: recreated(plan), by: 'ana' });
      };
      const { resources } = await running.reaches('live');
      await test({ running, source, clients, drift, repair }, resources);
    },
    { manifest, uid: marker.uid },
  );
}

const flowsOf = async ({ clients, source }: Repairing) =>
  (await clients.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id })).filter(
    ({ description }) => findMarker(description)?.uid === source.marker.uid,
  );

const targetsOf = async ({ clients, source }: Repairing) =>
  (await clients.flowService.findTargetConnections({ specId: DATA_LAKE_CONNECTION_SPEC.id })).filter(
    ({ description }) => findMarker(description)?.uid === source.marker.uid,
  );

/** In order again, in Adobe, in the state and behind the gate. */
async function expectRepaired(repairing: Repairing): Promise<Resources> {
  const { running, drift, source } = repairing;
  expect(await drift()).toMatchObject({ drifted: [] });
  const { resources, phase, operation, steps } = await running.state();
  expect({ phase, operation }).toEqual({ phase: 'live', operation: undefined });
  for (const { step, id } of steps) expect(id).toBe(resources[step]?.id);
  // Of two, events would go through either; what is replaced goes once nothing is known by it any more.
  await vi.waitFor(async () => expect(await flowsOf(repairing)).toHaveLength(1), PATIENCE);
  const [flow] = await flowsOf(repairing);
  expect(flow?.id).toBe(resources.flow?.id);
  expect(await installation().store.gate(source.marker)).toMatchObject({ open: true, flowId: flow?.id });
  const [row] = (
    await installation().database.pool.query<{ drifted: number }>(
      'select drifted from source_drift join source on source.id = source_id where uid = $1',
      [source.marker.uid],
    )
  ).rows;
  expect(row).toEqual({ drifted: 0 });
  return resources;
}

/** Adobe tells its time in whole seconds, so the window may end up to one later, never sooner. */
async function expectAfterSettleWindow({ clients, source }: Repairing, opensAt: string | undefined): Promise<void> {
  const { flowId, opensAt: gateOpensAt } = await installation().store.gate(source.marker);
  expect(opensAt).toBe(gateOpensAt?.toISOString());
  const { updatedAt = 0 } = (await clients.flowService.getFlow(flowId ?? '')) ?? {};
  const endsAt = updatedAt + source.manifest.delivery.settleWindowMs;
  expect(Date.parse(opensAt ?? '')).toBeGreaterThanOrEqual(endsAt);
  expect(Date.parse(opensAt ?? '')).toBeLessThan(endsAt + 3_000);
}

/** Deleted by somebody: what is made anew by the repair. */
const DELETIONS: readonly (readonly [StepName, readonly StepName[]])[] = [
  ['flow', ['flow']],
  ['source-connection', ['source-connection', 'flow']],
  ['target-connection', ['target-connection', 'flow']],
  ['dataset', ['dataset', 'target-connection', 'flow']],
  ['field-group', ['field-group', 'schema', 'dataset', 'target-connection', 'mapping-set', 'flow']],
];

it.each(DELETIONS)('%s that was deleted is made anew, with what refers to it', async (step, anew) => {
  await withLive({}, async (repairing, before) => {
    await deleteOutOfBand(repairing.clients, before, step);
    const { changed, left, opensAt } = await repairing.repair();
    expect({ changed, left }).toEqual({ changed: true, left: [] });
    await expectAfterSettleWindow(repairing, opensAt);
    const after = await expectRepaired(repairing);
    const isNew = (one: StepName): boolean => after[one]?.id !== before[one]?.id;
    expect(
      (Object.keys(after) as StepName[])
        .filter(isNew)
        .filter((one) => one !== 'inlet')
        .sort(),
    ).toEqual([...anew].sort());
    await vi.waitFor(async () => expect(await targetsOf(repairing)).toHaveLength(1), PATIENCE);
  });
});

it('an identity descriptor that was deleted is made anew, and sending goes on', async () => {
  await withLive({ identity: { field: 'visitorUUID', namespace: 'ECID' } }, async (repairing, before) => {
    await deleteOutOfBand(repairing.clients, before, 'identity-descriptor');
    const { epoch } = await installation().store.gate(repairing.source.marker);
    const repaired = await repairing.repair();
    expect(repaired).toMatchObject({ changed: true, left: [] });
    expect(repaired.opensAt).toBeUndefined();
    await expectRepaired(repairing);
    expect((await installation().store.gate(repairing.source.marker)).epoch).toBe(epoch);
  });
});

it('a flow that was disabled is enabled, and events are sent a settle window later', async () => {
  await withLive({}, async (repairing, before) => {
    await repairing.clients.flowService.flowAction(before.flow?.id ?? '', 'disable', undefined);
    const { changed, left, opensAt } = await repairing.repair();
    expect({ changed, left }).toEqual({ changed: true, left: [] });
    await expectAfterSettleWindow(repairing, opensAt);
    const { resources } = await repairing.running.state();
    await expectRepaired(repairing);
    expect(resources.flow?.id).toBe(before.flow?.id);
  });
});

it('a flow that a pause has disabled stays as it is, and what else has drifted is brought back', async () => {
  await withLive({ dataset: { tags: { team: ['support'] } } }, async (repairing, before) => {
    const { running, clients, repair, drift, source } = repairing;
    await running.handle.executeUpdate('pause', { args: [{ disableFlow: true }] });
    await mappingOfSomebody(clients, before);
    const repaired = await repair();
    expect(repaired).toMatchObject({ changed: true, left: [] });
    // Events are sent again once somebody says so.
    expect(repaired.opensAt).toBeUndefined();
    expect(countOf(await drift())).toBe(0);
    expect((await clients.flowService.getFlow(before.flow?.id ?? ''))?.state).toBe('disabled');
    expect(await installation().store.gate(source.marker)).toMatchObject({ open: false });
    await running.handle.executeUpdate('unpause', { args: [{}] });
    await expectRepaired(repairing);
  });
});

it('another version of the mapping set is taken out of the flow, also where somebody is quicker once more', async () => {
  await withLive({}, async (repairing, before) => {
    await mappingOfSomebody(repairing.clients, before);
    installation().simulator.admin.faults.place({
      match: { route: 'flowservice.flows.patch' },
      fault: { kind: 'status', status: 412 },
      times: 1,
    });
    expect(await repairing.repair()).toMatchObject({ changed: true, left: [] });
    const after = await expectRepaired(repairing);
    const flow = await repairing.clients.flowService.getFlow(after.flow?.id ?? '');
    expect(flow?.mapping).toEqual({ id: before['mapping-set']?.id, version: before['mapping-set']?.version });
  });
});

it('names, descriptions and tags are changed back where they stand', async () => {
  await withLive({ dataset: { tags: { team: ['support'] } } }, async (repairing, before) => {
    const { catalog, flowService, schemaRegistry } = repairing.clients;
    const datasetId = before.dataset?.id ?? '';
    const etag = (await catalog.getDataset(datasetId))?.etag;
    await catalog.patchDataset(datasetId, etag, [{ op: 'add', path: '/tags/team', value: ['sales'] }]);
    const sourceId = before['source-connection']?.id ?? '';
    const connection = await flowService.getSourceConnection(sourceId);
    await flowService.patchSourceConnection(sourceId, connection?.etag ?? '', [
      { op: 'replace', path: '/name', value: 'mine' },
    ]);
    await schemaRegistry.patchSchema(before.schema?.altId ?? '', [
      { op: 'replace', path: '/title', value: randomUUID() },
    ]);
    const { drifted } = await repairing.drift();
    expect(drifted.map(({ step, field, manifest, found }) => [step, field, manifest, found])).toEqual([
      ['schema', 'title', repairing.source.manifest.xdm.schema.title, expect.any(String)],
      ['dataset', 'tags.team', 'support', 'sales'],
      ['source-connection', 'name', undefined, 'mine'],
    ]);
    const { epoch } = await installation().store.gate(repairing.source.marker);
    const repaired = await repairing.repair();
    expect(repaired).toMatchObject({ changed: true, left: [] });
    expect(repaired.opensAt).toBeUndefined();
    await expectRepaired(repairing);
    // Nothing of it has a part in where events go.
    expect((await installation().store.gate(repairing.source.marker)).epoch).toBe(epoch);
  });
});

it('two things at once, and a create whose answer is lost, end with one object of each', async () => {
  await withLive({ dataset: { tags: { team: ['support'] } } }, async (repairing, before) => {
    await mappingOfSomebody(repairing.clients, before);
    await deleteOutOfBand(repairing.clients, before, 'dataset');
    installation().simulator.admin.faults.place({
      match: { route: 'flowservice.flows.create' },
      fault: { kind: 'cut', effect: 'done' },
      times: 1,
    });
    expect(await repairing.repair()).toMatchObject({ changed: true, left: [] });
    await expectRepaired(repairing);
  });
});

it('a repair that is aborted leaves what is deleted as it is, removes what it has made, and can be done again', async () => {
  await withLive({}, async (repairing, before) => {
    const { clients, running, drift, repair, source } = repairing;
    await deleteOutOfBand(clients, before, 'target-connection');
    const { rule } = installation().simulator.admin.faults.place({
      match: { route: 'flowservice.flows.create' },
      fault: { kind: 'status', status: 400 },
      times: 1_000,
    });
    const repairing1 = repair();
    repairing1.catch(() => undefined);
    await running.reaches('held');
    expect(await installation().store.gate(source.marker)).toMatchObject({ open: false });
    await running.handle.executeUpdate('abort', { args: [{ reason: 'not today' }] });
    await expect(repairing1).rejects.toMatchObject({ cause: { type: 'CAEP_ABORTED' } });
    expect((await drift()).drifted.map(({ step, kind }) => [step, kind])).toEqual([
      ['target-connection', 'gone'],
      ['flow', 'gone'],
    ]);
    expect((await running.state()).resources).toEqual(before);
    installation().simulator.admin.faults.remove(rule.id);
    expect(await repair()).toMatchObject({ changed: true, left: [] });
    await expectRepaired(repairing);
  });
});

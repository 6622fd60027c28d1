import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SourceActivityDeps } from '../../../src/activities/source.js';
import type { AdobeClients } from '../../../src/adobe/clients.js';
import type { OperationInput } from '../../../src/domain/delivery/pause.js';
import type { Drifted, DriftLook } from '../../../src/domain/drift/drift.js';
import { STEP_NAMES, type StepName } from '../../../src/domain/source/steps.js';
import { readNeeds } from '../../../src/store/views/needs.js';
import { attempts, newSource, provision, withInstallation } from '../installation.js';
import { deleteOutOfBand, mappingOfSomebody } from './outOfBand.js';

const installation = withInstallation();
let input: OperationInput;
let clients: AdobeClients;

beforeAll(() => {
  clients = installation().adobe.forSandbox(newSource().manifest.sandbox);
});
beforeEach(async () => {
  const source = newSource({ dataset: { tags: { team: ['support'] } } });
  input = { ...source, resources: await provision(installation(), source) };
});

const SOON = { confirmAfterMs: 1 };
const look = (changes: Partial<SourceActivityDeps> & { flowDisabled?: boolean } = {}): Promise<DriftLook> => {
  const { flowDisabled = false, ...deps } = changes;
  const activities = installation().activitiesWith({}, { ...SOON, ...deps });
  return attempts(() => activities.lookForDrift({ ...input, flowDisabled }));
};
/** Notes how many calls of the clients were under way at a time, at most. */
function oneByOne(clients: AdobeClients, most: { atATime: number }): AdobeClients {
  let underWay = 0;
  const watched = <T extends object>(service: T): T =>
    new Proxy(service, {
      get:
        (of, name) =>
        async (...args: readonly unknown[]) => {
          underWay += 1;
          most.atATime = Math.max(most.atATime, underWay);
          try {
            return await (Reflect.get(of, name) as (...args: readonly unknown[]) => Promise<unknown>)(...args);
          } finally {
            underWay -= 1;
          }
        },
    });
  return Object.fromEntries(
    Object.entries(clients).map(([name, service]) => [name, watched(service as object)]),
  ) as unknown as AdobeClients;
}
const told = async (): Promise<Partial<Drifted>[]> =>
  (await look()).drifted.map(({ step, kind, field, manifest, recorded, found }) => ({
    step,
    kind,
    field,
    ...(manifest === undefined ? {} : { manifest }),
    ...(recorded === undefined ? {} : { recorded }),
    ...(found === undefined ? {} : { found }),
  }));
const idOf = (step: StepName): string => input.resources[step]?.id ?? '';

describe('a look at what others have changed', () => {
  it('finds nothing after a provision, and only reads: each object once, one after the other', async () => {
    const { simulator, adobe } = installation();
    const before = simulator.admin.journal.list({}).length;
    const most = { atATime: 0 };
    const counted: SourceActivityDeps['adobe'] = (sandbox, options) =>
      oneByOne(adobe.forSandbox(sandbox, options), most);
    expect(await look({ adobe: counted })).toEqual({ v: 1, drifted: [], more: 0, searchable: false });
    expect(most).toEqual({ atATime: 1 });
    // Signing in is nothing that is read.
    const asked = simulator.admin.journal
      .list({})
      .slice(before)
      .filter(({ route }) => !route.startsWith('ims.'));
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(asked.map(({ route }) => route).filter((route) => route !== 'schemaregistry.stats')).toEqual([
      'schemaregistry.fieldgroups.get',
      'schemaregistry.schemas.get',
      'catalog.dataSets.get',
      'flowservice.sourceConnections.get',
      'flowservice.targetConnections.get',
      'dataprep.mappingSets.get',
      'flowservice.flows.get',
      // For the inlet, which is a part of the flow.
      'flowservice.flows.get',
    ]);
  });

  it('says whether the namespace can be searched for it', async () => {
    expect(await look({ isDriftSearchable: true })).toMatchObject({ searchable: true });
  });

  it.each(
    STEP_NAMES.filter((step) => !['inlet', 'webhook-routes', 'identity-descriptor', 'mapping-set'].includes(step)),
  )('finds that %s was deleted, with what had to be deleted before it', async (step) => {
    const deleted = await deleteOutOfBand(clients, input.resources, step);
    const { drifted } = await look();
    expect(drifted.map((row) => [row.step, row.kind, row.recorded])).toEqual(
      STEP_NAMES.filter((one) => deleted.includes(one)).map((one) => [one, 'gone', idOf(one)]),
    );
  });

  it('finds a flow that somebody has disabled, and none that a pause has', async () => {
    await clients.flowService.flowAction(idOf('flow'), 'disable', undefined);
    expect(await told()).toEqual([
      { step: 'flow', kind: 'disabled', field: 'state', recorded: 'enabled', found: 'disabled' },
    ]);
    expect(await look({ flowDisabled: true })).toMatchObject({ drifted: [] });
  });

  it('finds a flow that was disabled while the source was paused in another way', async () => {
    await attempts(() => installation().activities.closeGate({ ...input, reason: 'paused by ana' }));
    await clients.flowService.flowAction(idOf('flow'), 'disable', undefined);
    expect(await told()).toMatchObject([{ step: 'flow', kind: 'disabled' }]);
  });

  it('finds another version of the mapping set in the flow', async () => {
    await mappingOfSomebody(clients, input.resources);
    expect(await told()).toEqual([
      { step: 'flow', kind: 'changed', field: 'mapping version', recorded: '0', found: '1' },
    ]);
  });

  it('finds a name, and shows the beginning of a long one', async () => {
    const { etag = '' } = (await clients.flowService.getFlow(idOf('flow'))) ?? {};
    const value = `Chat ${'x'.repeat(400)}`;
    await clients.flowService.patchFlow(idOf('flow'), etag, [{ op: 'replace', path: '/name', value }]);
    const [row] = await told();
    expect(row).toMatchObject({ step: 'flow', kind: 'changed', field: 'name' });
    expect(row?.found).toBe(`${value.slice(0, 160)}…`);
  });

  it('says nothing where Adobe does not answer', async () => {
    installation().simulator.admin.faults.place({
      match: { route: 'catalog.dataSets.get' },
      fault: { kind: 'status', status: 503 },
      times: 10,
    });
    await expect(look()).rejects.toMatchObject({ type: 'CAEP_ADOBE_UNAVAILABLE' });
  });
});

it('what has drifted is counted for the list of all sources, until a look finds it in order', async () => {
  const { activities, database } = installation();
  const named = async () => (await readNeeds(database)).filter(({ name }) => name === input.marker.name);
  await attempts(() => activities.noteDrift({ ...input, count: 2 }));
  expect(await named()).toEqual([{ name: input.marker.name, retired: false, held: 0, drifted: 2 }]);
  await attempts(() => activities.noteDrift({ ...input, count: 0 }));
  expect(await named()).toEqual([]);
});

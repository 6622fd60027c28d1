/** A plan over the simulator: what exists beside the manifest, and what would be done. */
import { describe, expect, it } from 'vitest';
import { planReport } from '../../../src/activities/planning/plan.js';
import type { PlannedStep } from '../../../src/domain/source/plan.js';
import type { Resources, StepName } from '../../../src/domain/source/steps.js';
import { attempts, newSource, provision, type Source, withInstallation } from '../installation.js';

const installation = withInstallation();

const live = async (
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<{ source: Source; resources: Resources }> => {
  const source = newSource(overrides);
  return { source, resources: await provision(installation(), source) };
};

async function plan(
  { marker, manifest }: Source,
  wanted: object | undefined,
  choice: Parameters<typeof planReport>[2] = {},
) {
  const { adobe, store } = installation();
  const { name, sandbox } = manifest;
  const file =
    wanted === undefined ? manifest : newSource({ ...(wanted as Record<string, unknown>), name, sandbox }).manifest;
  return planReport({ adobe, store, minimumSettleWindowMs: 0 }, file, { uid: marker.uid, ...choice });
}

const rows = ({ steps }: { readonly steps: readonly PlannedStep[] }) =>
  new Map<StepName, PlannedStep>(
    steps.filter(({ action }) => action !== 'keep').map((row) => [row.step, row] as const),
  );

describe('a plan of a live source', () => {
  it('reads the objects by the ids that the workflow has recorded, and lists none', async () => {
    const { source, resources } = await live();
    const { journal } = installation().simulator.admin;
    const before = journal.list().at(-1)?.sequence ?? 0;
    const report = await plan(source, undefined, { live: { paused: false }, resources });
    expect(rows(report)).toEqual(new Map());
    const asked = journal.list({ afterSequence: before, method: 'GET' }).map(({ route }) => route);
    expect(asked).toContain('flowservice.flows.get');
    expect(asked.filter((route) => route.endsWith('.list'))).toEqual([]);
  });

  it('says of each changed object what changes, and what happens to events meanwhile', async () => {
    const { source, resources } = await live({ dataset: { name: 'Chats', tags: { team: ['a'] } } });
    const wanted = {
      dataset: { name: 'Chats', tags: { team: ['b'] } },
      xdm: { fields: [{ path: 'vip', type: 'boolean' }] },
      mapping: [{ destination: 'vip', expression: 'true' }],
      delivery: { settleWindow: '5m', schemaSettleWindow: '15m' },
    };
    const found = rows(await plan(source, wanted, { live: { paused: false }, resources }));
    expect([...found].map(([step, { action }]) => [step, action])).toEqual([
      ['field-group', 'change'],
      ['dataset', 'change'],
      ['mapping-set', 'change'],
      ['flow', 'change'],
    ]);
    expect(found.get('field-group')?.meanwhile).toContain('until 15m after the schema was changed');
    expect(found.get('dataset')).toMatchObject({
      fields: [{ field: 'tags.team', found: 'a', wanted: 'b' }],
      meanwhile: 'Events are sent meanwhile as before.',
    });
    expect(found.get('mapping-set')?.fields).toMatchObject([{ found: undefined, wanted: 'true (expression)' }]);
    expect(found.get('flow')).toMatchObject({
      fields: [{ field: 'mapping version', found: '0', wanted: 'the new version' }],
      meanwhile: expect.stringContaining('until 5m after the flow was changed. None is lost.') as string,
    });
  });

  it.each([
    ['flow', ['source-connection', 'target-connection', 'flow']],
    ['dataset', ['dataset', 'source-connection', 'target-connection', 'flow']],
  ] as const)('shows what is made anew where a new %s is asked for', async (replace, steps) => {
    const { source, resources } = await live();
    const report = await plan(source, undefined, { live: { paused: false }, resources, replace });
    const replaced = report.steps.filter(({ action }) => action === 'replace');
    expect(replaced.map(({ step }) => step)).toEqual(steps);
    expect(replaced.every(({ meanwhile }) => meanwhile?.includes('none is lost') === true)).toBe(true);
    expect(rows(report).get('inlet')).toMatchObject({ action: 'change', side: 'here' });
    expect(JSON.stringify(report.steps)).not.toContain('drifted');
  });

  it('tells what somebody has changed at Adobe from what the manifest changes', async () => {
    const { source, resources } = await live({ dataset: { name: 'Chats', tags: { team: ['a'], cost: ['7'] } } });
    const { flowService } = installation().adobe.forSandbox(source.manifest.sandbox);
    const id = resources.flow?.id ?? '';
    const etag = (await flowService.getFlow(id))?.etag ?? '';
    await flowService.patchFlow(id, etag, [{ op: 'replace', path: '/name', value: 'mine' }]);
    const running = source.manifest;
    const choice = { live: { paused: false }, resources, running };
    const found = rows(await plan(source, { dataset: { name: 'Other', tags: { team: ['a'] } } }, choice));
    expect(found.get('flow')?.fields).toMatchObject([{ field: 'name', found: 'mine', drifted: true }]);
    expect(found.get('dataset')?.fields).toEqual([
      { field: 'name', found: 'Chats', wanted: 'Other', remedy: 'change' },
      { field: 'tags.cost', found: '7', wanted: undefined, remedy: 'change' },
    ]);
  });

  it('is blocked where a field is there with another type, with the reason and the way', async () => {
    const { source, resources } = await live({ xdm: { fields: [{ path: 'visits', type: 'integer' }] } });
    const wanted = { xdm: { fields: [{ path: 'visits', type: 'string' }] } };
    const found = rows(await plan(source, wanted, { live: { paused: false }, resources }));
    expect(found.get('field-group')).toMatchObject({
      action: 'blocked',
      error: { code: 'CAEP_FIELDS_NOT_ADDABLE', fields: { reason: 'visits: integer there, string in the manifest' } },
    });
  });

  it('is blocked where a title is taken', async () => {
    const { source, resources } = await live();
    const other = newSource();
    await provision(installation(), other, 'schema');
    const wanted = { xdm: { schema: other.manifest.xdm.schema } };
    const found = rows(await plan(source, wanted, { live: { paused: false }, resources }));
    expect(found.get('schema')?.error).toMatchObject({ code: 'CAEP_UPDATE_TITLE_TAKEN' });
  });

  it('is blocked where the identity is to be another', async () => {
    const identity = { field: 'visitorEmail', namespace: 'Email' };
    const { source, resources } = await live({ identity });
    const wanted = { identity: { ...identity, namespace: 'Phone' } };
    const found = rows(await plan(source, wanted, { live: { paused: false }, resources }));
    expect(found.get('identity-descriptor')?.error?.code).toBe('CAEP_CHANGE_BREAKING');
  });

  it('says replace, and why events wait, for the pair and the flow behind a dataset that was deleted', async () => {
    const { source, resources } = await live();
    await installation()
      .adobe.forSandbox(source.manifest.sandbox)
      .catalog.deleteDataset(resources.dataset?.id ?? '');
    const found = rows(await plan(source, undefined, { live: { paused: false }, resources }));
    expect(found.get('dataset')?.error?.code).toBe('CAEP_RESOURCE_GONE');
    expect(found.get('target-connection')).toMatchObject({
      action: 'replace',
      fields: [{ field: 'dataset', found: resources.dataset?.id, wanted: 'to be made' }],
    });
    expect(found.get('flow')?.meanwhile).toContain('until 1s after the new flow is enabled');
    expect(found.get('inlet')).toMatchObject({ action: 'change', side: 'here' });
  });
});

describe('a plan that is carried out', () => {
  it('is checked against the world: what somebody has changed since is named', async () => {
    const { source, resources } = await live();
    const { activities, adobe } = installation();
    const choice = { live: { paused: false }, resources, replace: 'flow' } as const;
    const { seen = [] } = await plan(source, { dataset: { name: 'Other' } }, choice);
    const { marker, manifest } = source;
    const saved = { v: 1, uid: marker.uid, running: manifest, seen } as const;
    const check = () =>
      attempts(() => activities.checkPlan({ marker, manifest, resources, plan: saved, replace: 'flow' }));
    await expect(check()).resolves.toBeUndefined();
    const { flowService } = adobe.forSandbox(manifest.sandbox);
    await flowService.flowAction(resources.flow?.id ?? '', 'disable', undefined);
    await expect(check()).rejects.toMatchObject({
      type: 'CAEP_PLAN_OUTDATED',
      details: [{ error: { fields: { moved: 'flow state: enabled, now disabled' } } }],
    });
    expect(JSON.stringify(seen)).not.toContain('/collection/');
  });
});

describe('a plan of a new source', () => {
  it('names the type of the sandbox', async () => {
    expect((await plan(newSource(), undefined)).sandboxType).toMatch(/^(production|development)$/);
  });

  it('tells, where it is asked, what would be taken over of somebody else’s, and what of it differs', async () => {
    const other = newSource({ dataset: { name: 'Taken', tags: { team: ['theirs'] } } });
    await provision(installation(), other, 'dataset');
    const source = newSource({ dataset: { name: 'Taken', tags: { team: ['ours'] } } });
    const asked = async (adopt: boolean) => rows(await plan(source, undefined, { adopt })).get('dataset');
    expect(await asked(false)).toMatchObject({ action: 'blocked', error: { code: 'CAEP_FOREIGN_RESOURCE' } });
    expect(await asked(true)).toMatchObject({ action: 'blocked', error: { code: 'CAEP_CHANGE_BREAKING' } });
    const [schema] = [other.manifest.xdm];
    const same = newSource({ xdm: schema, dataset: { name: 'Taken', tags: { team: ['ours'] } } });
    const taken = rows(await plan(same, undefined, { adopt: true }));
    expect(taken.get('schema')?.action).toBe('adopt');
    expect(taken.get('dataset')).toMatchObject({
      action: 'adopt',
      fields: [{ field: 'tags.team', remedy: 'foreign' }],
    });
  });
});

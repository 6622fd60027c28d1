import { randomUUID } from 'node:crypto';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { planReport } from '../../../src/activities/planning/plan.js';
import { KINDS } from '../../../src/domain/events/kinds.js';
import { undoActivityName, type StepResult, type UndoResult } from '../../../src/domain/source/provisioning.js';
import { type Resources, STEPS_WITH_DATA, stepsFor, type StepName } from '../../../src/domain/source/steps.js';
import { readCanaries } from '../../../src/store/delivery/canaries.js';
import { findSourceId } from '../../../src/store/sources/sources.js';
import {
  attempts,
  type Installation,
  newSource,
  performStep,
  provision as provisionAll,
  type Source,
  withInstallation,
} from '../installation.js';

import { manifestFixture } from '../../support/manifest.js';

const installation = withInstallation();
let { simulator, database, store, adobe, activities, activitiesWith } = {} as Installation;

beforeAll(() => {
  ({ simulator, database, store, adobe, activities, activitiesWith } = installation());
});

const perform = (source: Source, step: StepName, resources: Resources, adopt = false): Promise<StepResult> =>
  performStep(installation(), source, step, resources, adopt);

const undo = (source: Source, step: StepName, resources: Resources): Promise<UndoResult> =>
  attempts(() =>
    activities[undoActivityName(step)]({ ...source, resources, entry: { step, resource: resources[step] } }),
  );

const provision = (source: Source, until?: StepName): Promise<Resources> => provisionAll(installation(), source, until);

/** What the store has of a source of which one event was sent and accepted. */
async function deliverOne({ marker }: Source): Promise<void> {
  await database.pool.query(
    `insert into partition_cursor (source_id, partition, cursor_seq, intended_seq, accepted_count)
     select id, 0, 1, 1, 1 from source where uid = $1`,
    [marker.uid],
  );
}

const kinds = (): string[] => simulator.admin.objects().map(({ kind }) => kind);

describe('the steps', () => {
  it('make one object each, find it again, and open the gate after the settle window', async () => {
    const source = newSource();
    const resources = await provision(source);
    const objects = kinds();
    expect(new Set(objects).size).toBe(objects.length - 1); // field group and schema share the registry
    for (const step of stepsFor(source.manifest)) {
      const again = await perform(source, step, resources);
      expect(again, step).toMatchObject({ found: true, resource: { id: resources[step]?.id } });
    }
    expect(kinds()).toEqual(objects);
    const urls = await store.sourceUrls(source.marker.name, 'https://chat.example.com');
    expect(urls?.webhooks).toHaveLength(5);
    expect(urls?.inlet?.url).toMatch(/\/collection\/[0-9a-f]{64}$/);
  });

  it('give a field group that an earlier provisioning has made the fields that it lacks', async () => {
    const source = newSource();
    const before = await provision(source);
    const { name, sandbox } = source.manifest;
    const manifest = manifestFixture({ name, sandbox, contents: 'full' });
    const { resource } = await perform({ ...source, manifest }, 'field-group', {});
    expect(resource.id).toBe(before['field-group']?.id);
    const group = await adobe.forSandbox(manifest.sandbox).schemaRegistry.getFieldGroup(resource.altId ?? '');
    expect(JSON.stringify(group?.body)).toContain('"visitor_traits"');
  });

  it('open the gate no earlier than the schema has settled, where the field group has gained fields', async () => {
    const delivery = { settleWindow: '1s', schemaSettleWindow: '30s' };
    const source = newSource({ delivery });
    await provision(source);
    const { name, sandbox } = source.manifest;
    const manifest = manifestFixture({ name, sandbox, contents: 'full', delivery });
    await provision({ ...source, manifest });
    const { opensAt } = await store.gate(source.marker);
    expect((opensAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(20_000);
  });

  it('let the first event of each kind go alone, unless the manifest says otherwise', async () => {
    const source = newSource({ contents: 'full' });
    await provision(source);
    const canaries = async () => readCanaries(database, (await findSourceId(database, source.marker.uid)) ?? 0);
    expect((await canaries()).size).toBe(KINDS.length);
    const { name, sandbox } = source.manifest;
    await store.configure({ ...source, manifest: manifestFixture({ name, sandbox, delivery: { canary: 'off' } }) });
    expect((await canaries()).size).toBe(0);

    const delivery = { settleWindow: '1s', canary: 'off' };
    await provision({ ...source, manifest: manifestFixture({ name, sandbox, contents: 'compact', delivery }) });
    expect((await canaries()).size).toBe(0);
  });

  it('are undone completely, but for the mapping set, which the next provision uses again', async () => {
    const source = newSource();
    const resources = await provision(source);
    const results: [StepName, string][] = [];
    for (const step of stepsFor(source.manifest).toReversed()) {
      results.push([step, (await undo(source, step, resources)).outcome]);
    }
    expect(results.filter(([, outcome]) => outcome !== 'undone')).toEqual([['mapping-set', 'left']]);
    expect(kinds()).toEqual(['mappingSets']);

    const again = await provision(source);
    expect(again['mapping-set']).toMatchObject({ id: resources['mapping-set']?.id, version: 1 });
    expect(kinds().filter((kind) => kind === 'mappingSets')).toHaveLength(1);
  });

  it('are left by the undo of a second provisioning where events may have been delivered, and used again by the next', async () => {
    const source = newSource({ identity: { field: 'visitorEmail', namespace: 'Email' } });
    const before = await provision(source);
    await deliverOne(source);
    const resources = await provision(source);
    expect(resources.dataset).toMatchObject({ id: before.dataset?.id, origin: 'created' });

    const results: Partial<Record<StepName, UndoResult>> = {};
    for (const step of stepsFor(source.manifest).toReversed()) results[step] = await undo(source, step, resources);

    for (const step of STEPS_WITH_DATA) {
      expect(results[step]).toMatchObject({
        outcome: 'left',
        id: before[step]?.id,
        reason: expect.stringContaining('may have been delivered') as string,
      });
    }
    for (const step of ['flow', 'source-connection', 'target-connection', 'webhook-routes'] as const) {
      expect(results[step], step).toEqual({ outcome: 'undone' });
    }
    const again = await provision(source);
    for (const step of STEPS_WITH_DATA) expect(again[step]?.id, step).toBe(before[step]?.id);
  });

  it('are deleted all the same when somebody has said so', async () => {
    const source = newSource();
    const resources = await provision(source);
    await deliverOne(source);
    const entry = { step: 'dataset', resource: resources.dataset, deletesData: true } as const;
    expect(await attempts(() => activities['undo-dataset']({ ...source, resources, entry }))).toEqual({
      outcome: 'undone',
    });
    expect(kinds()).not.toContain('dataSets');
  });

  it('are undone completely by a second provisioning, too, where the source was never live', async () => {
    const source = newSource();
    const before = await provision(source, 'inlet');
    const resources = await provision(source);
    expect(resources.dataset?.id).toBe(before.dataset?.id);
    for (const step of stepsFor(source.manifest).toReversed()) await undo(source, step, resources);
    expect(kinds()).toEqual(['mappingSets']);
  });

  it('keep the dataset where an undo knows no id, and where a forwarder may be about to send the first event', async () => {
    const source = newSource();
    const resources = await provision(source);
    expect(await undo(source, 'dataset', { schema: resources.schema })).toMatchObject({
      outcome: 'left',
      id: resources.dataset?.id,
    });
    expect(await countOf(source, 'dataset')).toBe(1);
  });

  it('are not judged where the store cannot be asked: the undo fails, and is made again', async () => {
    const source = newSource();
    const resources = await provision(source, 'dataset');
    let answers = false;
    const { 'undo-dataset': undoDataset } = activitiesWith(
      {},
      {
        store: {
          ...store,
          mayHaveDelivered: (marker) =>
            answers ? store.mayHaveDelivered(marker) : Promise.reject(new Error('terminating connection')),
        },
      },
    );
    const entry = { step: 'dataset', resource: resources.dataset } as const;
    await expect(attempts(() => undoDataset({ ...source, resources, entry }))).rejects.toThrow('terminating');
    expect(await countOf(source, 'dataset')).toBe(1);
    answers = true;
    expect(await attempts(() => undoDataset({ ...source, resources, entry }))).toEqual({ outcome: 'undone' });
  });

  it('close the gate before a flow is undone through which a forwarder of an earlier provisioning sends', async () => {
    const source = newSource();
    const resources = await provision(source);
    expect((await store.gate(source.marker)).open).toBe(true);
    await undo(source, 'flow', resources);
    expect((await store.gate(source.marker)).open).toBe(false);
  });

  it('declare an identity in a namespace that exists, and refuse one that does not', async () => {
    const source = newSource({ identity: { field: 'visitorEmail', namespace: 'Email' } });
    expect((await provision(source))['identity-descriptor']?.origin).toBe('created');
    const wrong = newSource({ identity: { field: 'visitorEmail', namespace: 'NoSuchNamespace' } });
    await expect(provision(wrong)).rejects.toMatchObject({ type: 'CAEP_NAMESPACE_UNKNOWN', nonRetryable: true });
  });

  it('store whole chats, and fields of a person’s own, of which one may be the identity', async () => {
    const source = newSource({
      contents: 'full',
      xdm: {
        fields: [
          { path: 'loyalty.number', type: 'string' },
          { path: 'cart[*].price', type: 'number' },
        ],
      },
      identity: { field: 'loyalty.number', namespace: 'CRMID' },
      mapping: [
        { destination: 'loyalty.number', source: 'body.loyaltyNumber' },
        { destination: 'cart', expression: 'json_to_object(body.cart)' },
      ],
    });
    const deps = { adobe, store, minimumSettleWindowMs: 0 };
    const { mapping, problems } = await planReport(deps, source.manifest, { uid: source.marker.uid });
    expect(problems).toEqual([]);
    const typeOf = (destination: string) =>
      mapping.find((row) => row.destination === `_acmetenant.${destination}`)?.type;
    expect(['messages', 'loyalty.number', 'cart'].map(typeOf)).toEqual(['list', 'string', 'expression']);
    const { schema } = await provision(source, 'mapping-set');
    const full = await adobe
      .forSandbox(source.manifest.sandbox)
      .schemaRegistry.getSchema(schema?.id ?? '', { full: true });
    expect(full?.body).toMatchObject({
      properties: {
        _acmetenant: {
          properties: {
            message: { type: 'string' },
            messages: {
              type: 'array',
              items: { properties: { text: { type: 'string' }, isVisitor: { type: 'boolean' } } },
            },
            visitor_traits: {
              type: 'array',
              items: { properties: { name: { type: 'string' }, value: { type: 'string' } } },
            },
            html_body: { type: 'string' },
            loyalty: { type: 'object', properties: { number: { type: 'string' } } },
            cart: { type: 'array', items: { properties: { price: { type: 'number' } } } },
          },
        },
      },
    });
  });

  it('are undone where Adobe does not know the sandbox: nothing can have been made there', async () => {
    const source = newSource({ sandbox: 'nowhere' });
    await expect(perform(source, 'field-group', {})).rejects.toMatchObject({ type: 'CAEP_SANDBOX_UNKNOWN' });
    expect(await undo(source, 'field-group', {})).toEqual({ outcome: 'nothing' });
  });

  it('take the name over from a source that the store still has as live, once a person allows it', async () => {
    const before = newSource();
    const resources = await provision(before);
    const urls = await store.sourceUrls(before.marker.name, 'http://localhost');
    const after = { ...before, marker: { ...before.marker, uid: randomUUID() } };
    await expect(perform(after, 'inlet', resources)).rejects.toMatchObject({ type: 'CAEP_FOREIGN_RESOURCE' });
    await perform(after, 'inlet', resources, true);
    await perform(after, 'webhook-routes', resources);
    expect(await store.sourceUrls(before.marker.name, 'http://localhost')).toEqual(urls);
    expect(await store.uidOf(before.marker.name)).toBe(after.marker.uid);
  });

  it('take away an identity also where a correction has taken it out of the manifest meanwhile', async () => {
    const source = newSource({ identity: { field: 'visitorEmail', namespace: 'Email' } });
    const { 'identity-descriptor': descriptor, ...resources } = await provision(source, 'identity-descriptor');
    expect(descriptor?.origin).toBe('created');
    const { identity: _identity, ...manifest } = source.manifest;
    expect(await undo({ ...source, manifest }, 'identity-descriptor', resources)).toEqual({ outcome: 'undone' });
  });
});

const CREATES = {
  'field-group': 'POST /data/foundation/schemaregistry/tenant/fieldgroups',
  schema: 'POST /data/foundation/schemaregistry/tenant/schemas',
  dataset: 'POST /data/foundation/catalog/dataSets',
  'source-connection': 'POST /data/foundation/flowservice/sourceConnections',
  'target-connection': 'POST /data/foundation/flowservice/targetConnections',
  'mapping-set': 'POST /data/foundation/conversion/mappingSets',
  flow: 'POST /data/foundation/flowservice/flows',
} as const;

describe.each(Object.entries(CREATES) as [keyof typeof CREATES, string][])('a lost answer of %s', (step, route) => {
  const [method = '', path = ''] = route.split(' ');

  it('leaves one object after the next attempt, also while lists lag behind', async () => {
    const source = newSource();
    simulator.admin.faults.place({
      match: { method, path: `^${path}/?$` },
      fault: { kind: 'cut', effect: 'done' },
    });
    simulator.admin.faults.place({
      match: { method: 'GET' },
      fault: { kind: 'stale-list', youngerThanMs: 300 },
      times: 0,
    });
    const resources = await provision(source, step);
    expect(resources[step]?.origin).toBe('created');
    simulator.admin.faults.clear();
    expect(await countOf(source, step)).toBe(1);
  });

  it('leaves nothing after an undo that knows no id', async () => {
    const source = newSource();
    const before = stepsFor(source.manifest)[stepsFor(source.manifest).indexOf(step) - 1];
    const resources = before === undefined ? {} : await provision(source, before);
    simulator.admin.faults.place({
      match: { method, path: `^${path}/?$` },
      fault: { kind: 'cut', effect: 'done' },
    });
    const oneAttempt = new MockActivityEnvironment().run(() => activities[step]({ ...source, resources }));
    await expect(oneAttempt).rejects.toMatchObject({ type: 'CAEP_ADOBE_AMBIGUOUS', nonRetryable: false });
    expect(await countOf(source, step)).toBe(1);
    simulator.admin.faults.clear();
    const result = await attempts(() =>
      activities[undoActivityName(step)]({ ...source, resources, entry: { step, ambiguousSince: Date.now() } }),
    );
    expect(result.outcome).toBe(step === 'mapping-set' ? 'left' : 'undone');
    expect(await countOf(source, step)).toBe(step === 'mapping-set' ? 1 : 0);
  });
});

/** Objects that stand for a step, counted by the plan's own eyes. */
async function countOf(source: Source, step: StepName): Promise<number> {
  const kindOf: Partial<Record<StepName, string>> = {
    dataset: 'dataSets',
    'source-connection': 'sourceConnections',
    'target-connection': 'targetConnections',
    'mapping-set': 'mappingSets',
    flow: 'flows',
  };
  const kind = kindOf[step];
  if (kind !== undefined) return kinds().filter((name) => name === kind).length;
  const registry = adobe.forSandbox(source.manifest.sandbox).schemaRegistry;
  return step === 'schema' ? (await registry.listSchemas()).length : (await registry.listFieldGroups()).length;
}

describe('an attempt that Temporal has given up', () => {
  it('does not create any more: the next one has looked for what it did', async () => {
    const source = newSource();
    simulator.admin.faults.place({
      match: { route: 'flowservice.sourceConnections.list' },
      fault: { kind: 'slow', ms: 500, when: 'before-effect' },
    });
    const environment = new MockActivityEnvironment();
    const attempt = environment.run(() => activities['source-connection']({ ...source, resources: {} }));
    environment.cancel('NOT_FOUND', new ActivityCancellationDetails({ notFound: true }));
    await expect(attempt).rejects.toThrow(CancelledFailure);
    expect(await countOf(source, 'source-connection')).toBe(0);
  });

  it('goes on when it is only cancelled: cancel waits for it', async () => {
    const source = newSource();
    const environment = new MockActivityEnvironment();
    const attempt = environment.run(() => activities['source-connection']({ ...source, resources: {} }));
    environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    expect(await attempt).toMatchObject({ resource: { origin: 'created' } });
  });
});

describe('what stands in the way', () => {
  it("a title that somebody else's schema has is held, and adopted when a person says so", async () => {
    const source = newSource();
    const other = newSource({ xdm: { schema: { title: source.manifest.xdm.schema.title } } });
    const resources = await provision(source, 'field-group');
    const theirs = await provision(other, 'schema');
    await expect(perform(source, 'schema', resources)).rejects.toMatchObject({ type: 'CAEP_TITLE_TAKEN' });
    const adopted = await perform(source, 'schema', resources, true);
    expect(adopted.resource).toMatchObject({ origin: 'adopted', id: theirs.schema?.id });
    expect(await undo(source, 'schema', { ...resources, schema: adopted.resource })).toEqual({ outcome: 'kept' });
    expect(await countOf(source, 'schema')).toBe(1);
  });

  it.each([
    ['secret', { clientSecret: 'wrong' }, 'invalid_client'],
    ['client', { clientId: 'nobody' }, 'invalid_client'],
    ['organisation', { orgId: 'OTHER@AdobeOrg' }, '403025'],
  ])("a wrong %s is definitive, in Adobe's own words", async (_what, overrides, code) => {
    const source = newSource();
    const failure = await attempts(() => activitiesWith(overrides)['field-group']({ ...source, resources: {} })).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ type: 'CAEP_CREDENTIALS_REFUSED', nonRetryable: true });
    expect(JSON.stringify(failure)).toContain(code);
  });

  it('an unknown sandbox is definitive', async () => {
    const source = newSource({ sandbox: 'no-such-sandbox' });
    await expect(perform(source, 'field-group', {})).rejects.toMatchObject({
      type: 'CAEP_SANDBOX_UNKNOWN',
      nonRetryable: true,
    });
  });

  it('a missing permission is definitive, and goes on after it was given', async () => {
    const source = newSource();
    simulator.admin.faults.place({ match: { method: 'POST' }, fault: { kind: 'status', status: 403 }, times: 1 });
    await expect(perform(source, 'field-group', {})).rejects.toMatchObject({
      type: 'CAEP_PERMISSION_MISSING',
      nonRetryable: true,
    });
    expect(await perform(source, 'field-group', {})).toMatchObject({ found: false });
  });
});

describe('plan', () => {
  it('says create for everything first, keep for everything afterwards', async () => {
    const source = newSource();
    const deps = { adobe, store, minimumSettleWindowMs: 0 };
    const before = await planReport(deps, source.manifest, { uid: source.marker.uid });
    expect(new Set(before.steps.map(({ action }) => action))).toEqual(new Set(['create']));
    expect(before.problems).toEqual([]);
    await provision(source);
    const after = await planReport(deps, source.manifest, { uid: source.marker.uid });
    expect(after.steps.map(({ step, action }) => [step, action])).toEqual(
      stepsFor(source.manifest).map((step) => [step, 'keep']),
    );
  });

  it('says how each field leaves that the rows read, for a manifest that says what its contents are', async () => {
    const deps = { adobe, store, minimumSettleWindowMs: 0 };
    const privacy = { drop: ['visitor.location'], hash: ['visitor.email'] };
    const mapping = [{ destination: 'subject', expression: 'concat(body.rating, " ", visitor.UUID)' }];
    const { leaving } = await planReport(deps, newSource({ contents: 'compact', privacy, mapping }).manifest);
    expect(leaving?.contents).toBe('compact');
    const leaves = Object.fromEntries((leaving?.fields ?? []).map(({ field, as }) => [field, as]));
    expect(leaves).toMatchObject({
      eventId: 'whole',
      'body.rating': 'whole',
      'visitor.UUID': 'whole',
      visitorLocation: 'dropped',
      visitorEmail: 'hashed',
    });
    expect(leaves).not.toHaveProperty('subject');
    const unreadable = newSource({ contents: 'compact', mapping: { rows: [], reads: [] } }).manifest;
    const row = { source: 'phonetic(message)', sourceType: 'EXPRESSION', destination: '{tenant}.message' } as const;
    const { mappingReads: _answered, ...unanswered } = unreadable;
    expect(await planReport(deps, { ...unanswered, mapping: [row] })).not.toHaveProperty('leaving');
    expect(await planReport(deps, newSource().manifest)).not.toHaveProperty('leaving');
  });

  it('names rows that fill what the schema at Adobe does not have, and those that every mapping needs', async () => {
    const source = newSource();
    const deps = { adobe, store, minimumSettleWindowMs: 0 };
    await provision(source, 'schema');
    const [first, ...rest] = source.manifest.mapping;
    const mapping = [...rest, { source: 'message', sourceType: 'ATTRIBUTE', destination: '{tenant}.mesage' } as const];
    const { problems } = await planReport(deps, { ...source.manifest, mapping }, { uid: source.marker.uid });
    expect(first?.destination).toBe('_id');
    expect(problems).toMatchObject([
      { code: 'CAEP_MAPPING_NEEDS_ID', fields: { rows: '`- {source: eventId, destination: _id}`' } },
      {
        code: 'CAEP_MAPPING_UNKNOWN_FIELD',
        problems: [
          {
            path: 'message → {tenant}.mesage',
            hint: expect.stringMatching(/^did you mean _\w+\.message\?$/) as string,
          },
        ],
      },
    ]);
  });

  it('refuses waiting times that are shorter than what Adobe documents', async () => {
    const { manifest, marker } = newSource();
    const { settleWindowMs, lakeLatencyMs } = manifest.delivery;
    const problemsWith = async (minimums: { minimumSettleWindowMs: number; minimumLakeLatencyMs?: number }) =>
      (await planReport({ adobe, store, ...minimums }, manifest, { uid: marker.uid })).problems.map(({ code }) => code);
    expect(await problemsWith({ minimumSettleWindowMs: settleWindowMs + 1 })).toEqual(['CAEP_SETTLE_WINDOW_TOO_SHORT']);
    const lake = { minimumSettleWindowMs: 0, minimumLakeLatencyMs: lakeLatencyMs };
    expect(await problemsWith(lake)).toEqual([]);
    expect(await problemsWith({ ...lake, minimumLakeLatencyMs: lakeLatencyMs + 1 })).toEqual([
      'CAEP_LAKE_LATENCY_TOO_SHORT',
    ]);
  });

  it('finds what a source made that Temporal has forgotten: the store knows the uid', async () => {
    const source = newSource();
    await provision(source);
    const { steps } = await planReport({ adobe, store, minimumSettleWindowMs: 0 }, source.manifest);
    expect(new Set(steps.map(({ action }) => action))).toEqual(new Set(['keep']));
  });

  it('of a live source says blocked where something was deleted or disabled at Adobe, as provisioning makes nothing then', async () => {
    const source = newSource();
    const resources = await provision(source);
    const blocked = async (paused = false) =>
      (
        await planReport({ adobe, store, minimumSettleWindowMs: 0 }, source.manifest, {
          uid: source.marker.uid,
          live: { paused },
          resources,
        })
      ).steps.flatMap(({ step, action, error }) => (action === 'keep' ? [] : [[step, action, error?.code]]));
    expect(await blocked()).toEqual([]);
    const { flowService, catalog } = adobe.forSandbox(source.manifest.sandbox);
    await flowService.flowAction(resources.flow?.id ?? '', 'disable', undefined);
    expect(await blocked()).toEqual([['flow', 'blocked', 'CAEP_FLOW_DISABLED']]);
    expect(await blocked(true)).toEqual([]);
    await catalog.deleteDataset(resources.dataset?.id ?? '');
    expect(await blocked(true)).toEqual([
      ['dataset', 'blocked', 'CAEP_RESOURCE_GONE'],
      // Whatever refers to it needs another one.
      ['target-connection', 'replace', undefined],
      ['flow', 'replace', undefined],
      ['inlet', 'change', undefined],
    ]);
  });

  it("says blocked where somebody else's object stands", async () => {
    const source = newSource();
    const other = newSource({ dataset: { name: source.manifest.dataset.name } });
    await provision(other, 'dataset');
    const report = await planReport({ adobe, store, minimumSettleWindowMs: 0 }, source.manifest);
    expect(report.steps.find(({ step }) => step === 'dataset')).toMatchObject({
      action: 'blocked',
      error: { code: 'CAEP_FOREIGN_RESOURCE' },
    });
  });
});

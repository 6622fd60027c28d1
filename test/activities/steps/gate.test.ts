import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { createDestinationWatch } from '../../../src/activities/forwarding/destinationWatch.js';
import { silentLog } from '../../support/store.js';
import { claimPartition } from '../../../src/store/delivery/claim.js';
import { STREAMING_FLOW_SPEC } from '../../../src/adobe/http/constants.js';
import type { OperationInput } from '../../../src/domain/delivery/pause.js';
import { checkQuiet } from '../../../src/store/delivery/gate.js';
import { recordSetBack } from '../../../src/store/delivery/setBack.js';
import { applyRestored } from '../../../src/store/delivery/restored.js';
import { readFlowRunLook } from '../../../src/store/views/flowRunLook.js';
import { findSourceId } from '../../../src/store/sources/sources.js';
import { attempts, type Installation, newSource, performStep, provision, withInstallation } from '../installation.js';

const installation = withInstallation();
let { simulator, database, store, adobe, activities } = {} as Installation;
let input: OperationInput;
let flowId: string;

beforeAll(() => {
  ({ simulator, database, store, adobe, activities } = installation());
});
beforeEach(async () => {
  const source = newSource();
  const resources = await provision(installation(), source);
  input = { ...source, resources };
  flowId = resources.flow?.id ?? '';
});

const ACTION = 'flowservice.flows.action';

const closeGate = (reason = 'paused by ana') => attempts(() => activities.closeGate({ ...input, reason }));
const disableFlow = () => attempts(() => activities.disableFlow(input));
const openGate = () => attempts(() => activities.openGate(input));
const gate = () => store.gate(input.marker);
const flowService = () => adobe.forSandbox(input.manifest.sandbox).flowService;
const flow = async () => {
  const read = await flowService().getFlow(flowId);
  if (read === undefined) throw new Error('the flow is gone');
  const { readAt: _readAt, ...stored } = read;
  return stored;
};
/** Status of each action that was asked for; 0 where no answer left. */
const actions = () => simulator.admin.journal.list({ route: ACTION }).map(({ status }) => status);
/** Places the fault, begins, and returns once the fault's request is on its way. */
async function beginUntilStruck<T>(operation: () => Promise<T>): Promise<{ readonly ended: Promise<T> }> {
  const { rule } = simulator.admin.faults.place({
    match: { route: ACTION },
    fault: { kind: 'slow', ms: 1_000, when: 'before-effect' },
  });
  const ended = operation();
  ended.catch(() => undefined);
  const struck = () => simulator.admin.faults.list().find((placed) => placed.rule.id === rule.id)?.seen;
  await expect.poll(struck, { interval: 5 }).toBe(1);
  return { ended };
}
async function disabledBySomebody(): Promise<void> {
  await flowService().flowAction(flowId, 'disable', undefined);
}
/** Adobe tells its time in whole seconds, so the window may end up to one later, never sooner. */
async function expectAfterSettleWindow(opensAt: string | undefined): Promise<void> {
  const settleWindowEnd = ((await flow()).updatedAt ?? 0) + input.manifest.delivery.settleWindowMs;
  expect(Date.parse(opensAt ?? '')).toBeGreaterThanOrEqual(settleWindowEnd);
  expect(Date.parse(opensAt ?? '')).toBeLessThan(settleWindowEnd + 3_000);
}

describe('closing the gate', () => {
  it('comes to its end only when no drain can send any more', async () => {
    const sourceId = (await findSourceId(database, input.marker.uid)) ?? 0;
    const claim = { sourceId, partition: 0, holder: 'a drain', leaseMs: 700 };
    // Not within the first seconds of a server.
    await expect.poll(async () => (await claimPartition(database, claim)).state, { timeout: 8_000 }).toBe('claimed');
    expect(await checkQuiet(database, sourceId)).toMatchObject({ quiet: false });
    await closeGate();
    expect(await checkQuiet(database, sourceId)).toEqual({ quiet: true });
    expect(await gate()).toMatchObject({ open: false, reason: 'paused by ana' });
  });

  it('leaves in sight why a set-back has closed it before, once, until it is opened', async () => {
    const setBack = 'the database was set back';
    await applyRestored(database, new Date(), setBack);
    await closeGate('paused by ana');
    await closeGate('paused by ana');
    await applyRestored(database, new Date(), setBack);
    expect(await gate()).toMatchObject({ open: false, reason: `${setBack}; paused by ana` });
    await openGate();
    await closeGate('paused by bob');
    expect(await gate()).toMatchObject({ open: false, reason: 'paused by bob' });
  });

  it('changes nothing at Adobe', async () => {
    const before = await flow();
    await closeGate();
    expect(await flow()).toEqual(before);
  });
});

describe('disabling the flow', () => {
  it('waits until it is disabled, and asks only once however often it is done', async () => {
    simulator.admin.policy.change({ flowTransitionDelayMs: 200 });
    await disableFlow();
    expect((await flow()).state).toBe('disabled');
    await disableFlow();
    expect(actions()).toEqual([200]);
  });

  it('finds its own work again after a lost answer', async () => {
    simulator.admin.faults.place({ match: { route: ACTION }, fault: { kind: 'cut', effect: 'done' } });
    await disableFlow();
    expect((await flow()).state).toBe('disabled');
    expect(actions()).toHaveLength(1);
  });

  it('asks again after an answer that was lost before it had an effect', async () => {
    simulator.admin.faults.place({ match: { route: ACTION }, fault: { kind: 'cut', effect: 'none' } });
    await disableFlow();
    expect((await flow()).state).toBe('disabled');
    expect(actions()).toHaveLength(2);
  });

  it('reads the flow anew when somebody has changed it in between', async () => {
    const { ended } = await beginUntilStruck(disableFlow);
    const { etag = '' } = await flow();
    await flowService().patchFlow(flowId, etag, [{ op: 'replace', path: '/name', value: 'Renamed meanwhile' }]);
    await ended;
    expect(await flow()).toMatchObject({ state: 'disabled', name: 'Renamed meanwhile' });
    expect(actions()).toEqual([412, 200]);
  });

  it("does not ask when somebody else's change was the same", async () => {
    const { ended } = await beginUntilStruck(disableFlow);
    await disabledBySomebody();
    await ended;
    expect((await flow()).state).toBe('disabled');
    // Theirs; ours, which was held up, came too late.
    expect(actions()).toEqual([200, 412]);
  });

  it("says in Adobe's words that the flow keeps changing", async () => {
    simulator.admin.faults.place({ match: { route: ACTION }, fault: { kind: 'status', status: 412 }, times: 2 });
    await expect(disableFlow()).rejects.toMatchObject({ type: 'CAEP_ADOBE_REFUSED', nonRetryable: true });
    expect(actions()).toEqual([412, 412]);
    expect((await flow()).state).toBe('enabled');
  });

  it('says that the flow is gone', async () => {
    await flowService().deleteFlow(flowId);
    await expect(disableFlow()).rejects.toMatchObject({ type: 'CAEP_FLOW_GONE', nonRetryable: true });
  });
});

describe('provisioning again, after the source workflow was terminated', () => {
  const again = async () => {
    await provision(installation(), input);
    return gate();
  };
  /** A set-back as a drain finds it. */
  const setBack = async () => {
    const sourceId = (await findSourceId(database, input.marker.uid)) ?? 0;
    await recordSetBack(database, { sourceId, partition: 0 }, { fence: 7 });
  };

  it.each([
    ['a pause', () => closeGate('paused by ana: maintenance'), 'paused by ana: maintenance'],
    [
      'a set-back of the database',
      setBack,
      'the database has gone back to an earlier state and does not know what was sent since',
    ],
    ['a person who says that it was set back', () => applyRestored(database, new Date(), 'said by ana'), 'said by ana'],
  ])('leaves a gate closed that was closed by %s, until it is unpaused', async (_by, closing, reason) => {
    await closing();
    expect(await again()).toMatchObject({ open: false, reason });
    const step = await performStep(installation(), input, 'inlet', input.resources);
    expect(step.opensAt).toBeUndefined();
    expect(await openGate()).toMatchObject({ opened: true });
    expect(await again()).toMatchObject({ open: true });
  });

  it('leaves it closed with a flow that the pause has disabled, which unpause enables', async () => {
    await closeGate();
    await disableFlow();
    expect(await again()).toMatchObject({ open: false, reason: 'paused by ana' });
    expect((await flow()).state).toBe('disabled');
    await openGate();
    expect((await flow()).state).toBe('enabled');
  });

  it('leaves it closed where it takes over the source under another uid', async () => {
    await closeGate();
    await disableFlow();
    const marker = { ...input.marker, uid: randomUUID() };
    await performStep(installation(), { ...input, marker }, 'inlet', input.resources, true);
    expect(await store.gate(marker)).toMatchObject({ open: false, reason: 'paused by ana' });
  });

  it('leaves it closed where one of two flows of ours is deleted', async () => {
    await closeGate();
    const { resources } = input;
    const mapping = resources['mapping-set'];
    await flowService().createFlow({
      name: 'A second one',
      description: (await flow()).description ?? '',
      flowSpec: STREAMING_FLOW_SPEC,
      sourceConnectionIds: [resources['source-connection']?.id ?? ''],
      targetConnectionIds: [resources['target-connection']?.id ?? ''],
      transformations: [
        { name: 'Mapping', params: { mappingId: mapping?.id ?? '', mappingVersion: mapping?.version ?? 0 } },
      ],
    });
    expect(await again()).toMatchObject({ open: false, reason: 'paused by ana' });
  });

  it('opens the gate of one that was undone, and one that was closed because the flow was gone', async () => {
    await closeGate();
    await attempts(() =>
      activities['undo-inlet']({ ...input, entry: { step: 'inlet', resource: input.resources.inlet } }),
    );
    expect(await gate()).toMatchObject({ open: false, reason: 'the source was undone' });
    expect(await again()).toMatchObject({ open: true });
    await store.closeGate(input.marker, 'the flow was deleted at Adobe');
    expect(await again()).toMatchObject({ open: true });
  });
});

describe('opening the gate', () => {
  it("opens it with the stored inlet, a settle window after the flow's own last change", async () => {
    const before = await gate();
    await closeGate();
    const { opened, opensAt } = await openGate();
    expect(opened).toBe(true);
    await expectAfterSettleWindow(opensAt);
    const { open, opensAt: at, inletSealed } = await gate();
    expect({ open, at: at?.toISOString(), inletSealed }).toEqual({
      open: true,
      at: opensAt,
      inletSealed: before.inletSealed,
    });
    expect(actions()).toEqual([]);
  });

  it('enables a flow that was disabled with the pause, and counts the settle window from then', async () => {
    simulator.admin.policy.change({ flowTransitionDelayMs: 200 });
    await closeGate();
    await disableFlow();
    const pausedAt = (await flow()).updatedAt ?? 0;
    const { opened, opensAt } = await openGate();
    expect((await flow()).state).toBe('enabled');
    expect(opened).toBe(true);
    await expectAfterSettleWindow(opensAt);
    expect(Date.parse(opensAt)).toBeGreaterThan(pausedAt + input.manifest.delivery.settleWindowMs);
  });

  it('has the gate closed while it enables a flow that somebody else has disabled', async () => {
    await disabledBySomebody();
    expect((await gate()).open).toBe(true);
    const { ended } = await beginUntilStruck(openGate);
    expect(await gate()).toMatchObject({ open: false, reason: 'the flow is being enabled' });
    await expectAfterSettleWindow((await ended).opensAt);
    expect((await gate()).open).toBe(true);
  });

  it('finds its own work again after a lost answer', async () => {
    await closeGate();
    await disableFlow();
    simulator.admin.faults.place({ match: { route: ACTION }, fault: { kind: 'cut', effect: 'done' } });
    await expectAfterSettleWindow((await openGate()).opensAt);
    expect(actions()).toHaveLength(2);
  });

  it.each([
    ['behind', -600_000],
    ['ahead', 600_000],
  ])("lasts as long as Adobe says where Adobe's clock is %s", async (_where, skewMs) => {
    await closeGate();
    const shifted = (at: number | undefined) => (at === undefined ? undefined : at + skewMs);
    const elsewhere = installation().activitiesWith(
      {},
      {
        adobe: (sandbox) => {
          const clients = adobe.forSandbox(sandbox);
          const getFlow = async (id: string) => {
            const read = await clients.flowService.getFlow(id);
            return read && { ...read, updatedAt: shifted(read.updatedAt), readAt: shifted(read.readAt) };
          };
          return { ...clients, flowService: { ...clients.flowService, getFlow } };
        },
      },
    );
    const { opened, opensAt } = await attempts(() => elsewhere.openGate(input));
    expect(opened).toBe(true);
    await expectAfterSettleWindow(opensAt);
  });

  it('leaves alone what is open already', async () => {
    const before = await gate();
    expect(await openGate()).toEqual({ opened: false, opensAt: before.opensAt?.toISOString() });
    expect((await gate()).epoch).toBe(before.epoch);
    expect(actions()).toEqual([]);
  });

  it('opens a gate that was closed because the database was set back', async () => {
    await applyRestored(database, new Date(), 'the database was set back');
    expect((await gate()).open).toBe(false);
    expect(await openGate()).toMatchObject({ opened: true });
    expect((await gate()).open).toBe(true);
  });

  it('keeps it closed when the flow is gone, or Adobe does not let it be enabled', async () => {
    await closeGate();
    await disableFlow();
    simulator.admin.faults.place({ match: { route: ACTION }, fault: { kind: 'status', status: 403 } });
    await expect(openGate()).rejects.toMatchObject({ type: 'CAEP_PERMISSION_MISSING' });
    await flowService().deleteFlow(flowId);
    await expect(openGate()).rejects.toMatchObject({ type: 'CAEP_FLOW_GONE' });
    expect((await gate()).open).toBe(false);
  });

  it('keeps it closed when the dataset is gone', async () => {
    await closeGate();
    await adobe.forSandbox(input.manifest.sandbox).catalog.deleteDataset(input.resources.dataset?.id ?? '');
    await expect(openGate()).rejects.toMatchObject({ type: 'CAEP_DATASET_GONE', nonRetryable: true });
    expect((await gate()).open).toBe(false);
  });

  it('refuses a settle window that is shorter than what Adobe documents', async () => {
    await closeGate();
    const strict = installation().activitiesWith({}, { minimumSettleWindowMs: 300_000 });
    await expect(attempts(() => strict.openGate(input))).rejects.toMatchObject({
      type: 'CAEP_SETTLE_WINDOW_TOO_SHORT',
    });
  });

  it('knows no inlet of a source that the database has forgotten', async () => {
    const forgotten = { ...input, marker: newSource().marker };
    const failure = await attempts(() => activities.openGate(forgotten)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'CAEP_SOURCE_UNKNOWN', nonRetryable: true });
  });
});

describe('watching the destination', () => {
  const lookOnce = () => {
    const look = createDestinationWatch({ database, adobe, log: silentLog }, 10);
    const { sandbox, delivery } = input.manifest;
    return attempts(() => look({ uid: input.marker.uid, sandbox, settleWindowMs: delivery.settleWindowMs }));
  };
  const watch = async () => {
    const { flowRuns: _seen, ...look } = await lookOnce();
    return look;
  };

  it('leaves the gate alone while everything stands', async () => {
    const { epoch } = await gate();
    expect(await watch()).toEqual({ v: 1, looked: true });
    expect(await gate()).toMatchObject({ open: true, epoch });
    // Of a flow without data there is no run: that, too, is seen.
    const sourceId = (await findSourceId(database, input.marker.uid)) ?? 0;
    const flowRuns = await readFlowRunLook(database, sourceId);
    expect(flowRuns).toMatchObject({ failedRecords: 0, lastRunId: undefined });
    expect(await lookOnce()).toEqual({ v: 1, looked: true, flowRuns });
  });

  it.each([
    ['a flow that somebody has disabled', disabledBySomebody, /^the flow .* was disabled at Adobe$/],
    ['a flow that somebody has deleted', () => flowService().deleteFlow(flowId), /^the flow .* was deleted at Adobe$/],
    [
      'a dataset that somebody has deleted',
      () => adobe.forSandbox(input.manifest.sandbox).catalog.deleteDataset(input.resources.dataset?.id ?? ''),
      /^the dataset .* was deleted at Adobe$/,
    ],
  ])('closes the gate for %s', async (_what, harm, reason) => {
    await harm();
    const { closedFor } = await watch();
    expect(closedFor).toMatch(reason);
    expect(await gate()).toMatchObject({ open: false, reason: closedFor });
  });

  it('opens what it has closed when the flow is enabled again, a settle window after that', async () => {
    await disabledBySomebody();
    const closed = { v: 1, looked: true, closedFor: `the flow ${flowId} was disabled at Adobe`, opensByItself: true };
    expect(await watch()).toEqual(closed);
    expect(await watch()).toEqual(closed);
    const { epoch, inletSealed } = await gate();
    await flowService().flowAction(flowId, 'enable', undefined);
    expect(await watch()).toEqual({ v: 1, looked: true });
    const opened = await gate();
    expect(opened).toMatchObject({ open: true, epoch: epoch + 1, inletSealed, opensByItself: false });
    await expectAfterSettleWindow(opened.opensAt?.toISOString());
  });

  it('waits for a flow that is being enabled until it is', async () => {
    await disabledBySomebody();
    await watch();
    simulator.admin.policy.change({ flowTransitionDelayMs: 60_000 });
    await flowService().flowAction(flowId, 'enable', undefined);
    expect(await watch()).toMatchObject({ opensByItself: true });
    expect((await gate()).open).toBe(false);
  });

  it('tells what is wrong now where it has come to worse', async () => {
    await disabledBySomebody();
    await watch();
    await flowService().deleteFlow(flowId);
    expect(await watch()).toMatchObject({ closedFor: `the flow ${flowId} was deleted at Adobe`, opensByItself: true });
    expect((await gate()).reason).toBe(`the flow ${flowId} was deleted at Adobe`);
  });

  it.each([
    ['a person has paused', () => closeGate()],
    [
      'was set back, as `doctor --restored` says',
      () => applyRestored(database, new Date(), 'the database was set back'),
    ],
  ])('leaves closed what %s, also after it had closed it before', async (_what, close) => {
    await disabledBySomebody();
    await watch();
    await close();
    const { reason } = await gate();
    await flowService().flowAction(flowId, 'enable', undefined);
    expect(await watch()).toEqual({ v: 1, looked: true, closedFor: reason });
    expect(await gate()).toMatchObject({ open: false, reason });
  });

  it('says nothing of a flow that was disabled with a pause', async () => {
    await closeGate();
    await disableFlow();
    expect(await watch()).toEqual({ v: 1, looked: true, closedFor: 'paused by ana' });
    expect((await gate()).reason).toBe('paused by ana');
  });

  it('says nothing where Adobe does not answer', async () => {
    simulator.admin.faults.place({ match: { method: 'GET' }, fault: { kind: 'status', status: 503 }, times: 0 });
    expect(await watch()).toEqual({ v: 1, looked: false });
    expect((await gate()).open).toBe(true);
  });
});

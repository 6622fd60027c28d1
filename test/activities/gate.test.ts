import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { createDestinationWatch } from '../../src/activities/destinationWatch.js';
import { silentLog } from '../support/store.js';
import { claimPartition } from '../../src/store/claim.js';
import type { OperationInput } from '../../src/domain/pause.js';
import { settleQuiet } from '../../src/store/gate.js';
import { settleRestored } from '../../src/store/restored.js';
import { findSourceId } from '../../src/store/survey.js';
import { attempts, type Installation, newSource, provision, withInstallation } from './installation.js';

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
async function expectSettled(opensAt: string | undefined): Promise<void> {
  const settledAt = ((await flow()).updatedAt ?? 0) + input.manifest.delivery.settleWindowMs;
  expect(Date.parse(opensAt ?? '')).toBeGreaterThanOrEqual(settledAt);
  expect(Date.parse(opensAt ?? '')).toBeLessThan(settledAt + 3_000);
}

describe('closing the gate', () => {
  it('comes to its end only when no drain can send any more', async () => {
    const sourceId = (await findSourceId(database, input.marker.uid)) ?? 0;
    await claimPartition(database, { sourceId, partition: 0, holder: 'a drain', leaseMs: 700 });
    expect(await settleQuiet(database, sourceId)).toMatchObject({ quiet: false });
    await closeGate();
    expect(await settleQuiet(database, sourceId)).toEqual({ quiet: true });
    expect(await gate()).toMatchObject({ open: false, reason: 'paused by ana' });
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

describe('opening the gate', () => {
  it("opens it with the stored inlet, a settle window after the flow's own last change", async () => {
    const before = await gate();
    await closeGate();
    const { opened, opensAt } = await openGate();
    expect(opened).toBe(true);
    await expectSettled(opensAt);
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
    await expectSettled(opensAt);
    expect(Date.parse(opensAt)).toBeGreaterThan(pausedAt + input.manifest.delivery.settleWindowMs);
  });

  it('has the gate closed while it enables a flow that somebody else has disabled', async () => {
    await disabledBySomebody();
    expect((await gate()).open).toBe(true);
    const { ended } = await beginUntilStruck(openGate);
    expect(await gate()).toMatchObject({ open: false, reason: 'the flow is being enabled' });
    await expectSettled((await ended).opensAt);
    expect((await gate()).open).toBe(true);
  });

  it('finds its own work again after a lost answer', async () => {
    await closeGate();
    await disableFlow();
    simulator.admin.faults.place({ match: { route: ACTION }, fault: { kind: 'cut', effect: 'done' } });
    await expectSettled((await openGate()).opensAt);
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
    await expectSettled(opensAt);
  });

  it('leaves alone what is open already', async () => {
    const before = await gate();
    expect(await openGate()).toEqual({ opened: false, opensAt: before.opensAt?.toISOString() });
    expect((await gate()).epoch).toBe(before.epoch);
    expect(actions()).toEqual([]);
  });

  it('opens a gate that was closed because the database was set back', async () => {
    await settleRestored(database, new Date(), 'the database was set back');
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
  const watch = () => {
    const look = createDestinationWatch({ database, adobe, log: silentLog }, 10);
    return attempts(() => look({ uid: input.marker.uid, sandbox: input.manifest.sandbox }));
  };

  it('leaves the gate alone while everything stands', async () => {
    const { epoch } = await gate();
    expect(await watch()).toEqual({ v: 1, looked: true });
    expect(await gate()).toMatchObject({ open: true, epoch });
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

  it('says nothing of a flow that was disabled with a pause', async () => {
    await closeGate();
    await disableFlow();
    expect(await watch()).toEqual({ v: 1, looked: true });
    expect((await gate()).reason).toBe('paused by ana');
  });

  it('says nothing where Adobe does not answer', async () => {
    simulator.admin.faults.place({ match: { method: 'GET' }, fault: { kind: 'status', status: 503 }, times: 0 });
    expect(await watch()).toEqual({ v: 1, looked: false });
    expect((await gate()).open).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import {
  closeGate,
  type GateOpening,
  gateReport,
  openGate,
  readGate,
  checkQuiet,
} from '../../../src/store/delivery/gate.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();

async function gated() {
  const sourceId = await freshSource(database());
  const open = (change: Partial<GateOpening> & { readonly ifEpoch?: number } = {}) => {
    const { ifEpoch, ...opening } = change;
    const inletSealed = Buffer.from('sealed');
    return openGate(
      database(),
      { sourceId, flowId: 'flow', inletSealed, opensAt: new Date(0), ...opening },
      { ifEpoch },
    );
  };
  const close = (reason: string, how?: Parameters<typeof closeGate>[3]) => closeGate(database(), sourceId, reason, how);
  const report = async () => gateReport(await readGate(database(), sourceId));
  return { sourceId, open, close, report };
}

describe('what is said of a gate', () => {
  it('is that the source is not there', async () => {
    expect(await readGate(database(), 32_000)).toBeUndefined();
    expect(gateReport(undefined)).toMatchObject({ open: false, reason: 'the source is not in the store' });
  });

  it('is no reason once events may be sent, and what is waited for until then', async () => {
    const { open, report } = await gated();
    await open();
    expect(await report()).toEqual({ open: true, opensAt: new Date(0).toISOString(), opensInMs: 0, reason: '' });
    const opensAt = new Date(Date.now() + 60_000);
    await open({ opensAt });
    const settling = await report();
    expect(settling).toMatchObject({ open: true, opensAt: opensAt.toISOString() });
    expect(settling.reason).toContain('settle window');
    expect(settling.opensInMs).toBeGreaterThan(50_000);
    expect(settling.opensInMs).toBeLessThanOrEqual(60_000);
  });

  it('is why it is closed, and whether a look at the destination will open it', async () => {
    const { sourceId, open, close, report } = await gated();
    await open();
    await close('paused by ana');
    expect(await report()).toEqual({ open: false, opensAt: undefined, opensInMs: undefined, reason: 'paused by ana' });
    await close('the flow is disabled', { opensByItself: true });
    expect(await report()).toMatchObject({ open: false, reason: 'the flow is disabled', opensByItself: true });
    // Somebody has touched it since.
    await close('paused by ana');
    expect(await report()).not.toHaveProperty('opensByItself');
    await close('the flow is disabled', { opensByItself: true });
    // So has a worker of a release that knows nothing of these looks.
    await database().pool.query('update gate set open = false, epoch = epoch + 1 where source_id = $1', [sourceId]);
    expect(await report()).not.toHaveProperty('opensByItself');
  });
});

describe('a gate that awaits an unpause', () => {
  it('stays closed for the same reason whatever else opens or closes it, and learns of the flow', async () => {
    const { sourceId, open, close } = await gated();
    await close('paused by ana', { until: 'unpaused' });
    expect(await open({ flowId: 'another flow' })).toMatchObject({ open: false });
    await close('the flow is being changed');
    expect(await readGate(database(), sourceId)).toMatchObject({
      open: false,
      opensInMs: undefined,
      reason: 'paused by ana',
      flowId: 'another flow',
    });
  });

  it('opens for an unpause, and once the source has ended and is provisioned again', async () => {
    const { open, close } = await gated();
    await close('paused by ana', { until: 'unpaused' });
    expect(await open({ unpauses: true })).toMatchObject({ open: true });
    await close('paused by ana', { until: 'unpaused' });
    await close('torn down', { until: 'provisioned' });
    expect(await open()).toMatchObject({ open: true });
  });
});

it('a gate that was changed since it was looked at is left as it is', async () => {
  const { sourceId, open, close } = await gated();
  const seen = await open();
  const closed = await close('paused by ana', { ifEpoch: seen?.epoch });
  expect(closed).toEqual({ epoch: (seen?.epoch ?? 0) + 1 });
  expect(await open({ ifEpoch: seen?.epoch })).toBeUndefined();
  expect(await close('later', { ifEpoch: seen?.epoch })).toBeUndefined();
  expect(await readGate(database(), sourceId)).toMatchObject({ ...closed, open: false, reason: 'paused by ana' });
});

it('a source of which no drain has ever taken a partition is quiet', async () => {
  const { sourceId } = await gated();
  expect(await checkQuiet(database(), sourceId)).toEqual({ quiet: true });
});

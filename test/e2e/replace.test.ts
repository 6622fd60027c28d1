/** Flow and dataset of a live source are replaced by the command line while outcomes are unknown and nothing is confirmed. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { update } from '../../src/cli/commands/source/update.js';
import { replacedLines } from '../../src/cli/render/replaced.js';
import { bodyContext } from '../../src/store/keys/contexts.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { findSourceId } from '../../src/store/sources/sources.js';
import { newSource } from '../activities/installation.js';
import { fakeWorld } from '../cli/fakes.js';
import { canonicalEvent, newEventId } from '../simulator/dataplane/harness.js';
import { takenEvent } from '../support/store.js';
import { PATIENCE, SETTLE_WINDOW_MS, withWorkingInstallation } from './support/workers.js';

vi.setConfig({ testTimeout: 240_000 });

const { installation, sources, withWorkers } = withWorkingInstallation();

const WINDOWS = {
  settleWindow: `${SETTLE_WINDOW_MS}ms`,
  schemaSettleWindow: `${SETTLE_WINDOW_MS}ms`,
  // While the lake shows nothing, a person is asked after four times this, lease and request together: 80 s.
  lakeLatency: '3s',
  requestTimeout: '2s',
  partitions: 1,
  canary: 'off',
};

interface Landed {
  readonly acceptances: readonly { readonly fate: string; readonly flowId?: string }[];
}

it('loses nothing and sends nothing twice, and removes the old flow when nothing of it is unknown any more', async () => {
  const { simulator, database, keyRing, adobe } = installation();
  const { marker, manifest } = newSource({ delivery: WINDOWS });
  const { name, uid } = marker;
  const clients = adobe.forSandbox(manifest.sandbox);
  const file = join(await mkdtemp(join(tmpdir(), 'replace-')), 'chat.yaml');
  const { dataset, sandbox } = manifest;
  const written = { version: 1, name, sandbox, dataset, chatlio: manifest.chatlio, delivery: WINDOWS };
  await writeFile(file, JSON.stringify(written));

  const take = async (fault?: string): Promise<string> => {
    const id = newEventId();
    const eventId = Buffer.from(id, 'hex');
    const sourceId = (await findSourceId(database, uid)) ?? 0;
    const body = Buffer.from(JSON.stringify(canonicalEvent(id, { occurredAt: new Date().toISOString() })));
    if (fault !== undefined) {
      const match = { route: 'inlet.*', bodyIncludes: id };
      simulator.admin.faults.place({ match, fault: { kind: 'service', name: fault, parameters: {} }, times: 1 });
    }
    const sealed = keyRing.seal(body, bodyContext(sourceId, eventId));
    await createEventLog(database).append(sourceId, 0, [takenEvent(id, { eventId, sealed })]);
    return id;
  };
  const truthOf = async (id: string): Promise<Landed | undefined> => {
    const truth = (await simulator.admin.truth(new URLSearchParams({ eventId: id }))) as { events: readonly Landed[] };
    return truth.events[0];
  };
  const isAccepted = (id: string) =>
    vi.waitFor(async () => expect((await truthOf(id))?.acceptances).toMatchObject([{ fate: 'land' }]), PATIENCE);
  const state = () => sources().state(name);

  await withWorkers(async () => {
    await sources().start({ v: 1, uid, manifest });
    await vi.waitFor(async () => expect((await state()).phase).toBe('live'), PATIENCE);
    simulator.admin.policy.change({ lakeOutage: true });
    const unconfirmed = [await take(), await take()];
    const unknown = await take('acceptThenReset');
    for (const id of [...unconfirmed, unknown]) await isAccepted(id);
    const old = (await state()).resources;

    const world = fakeWorld(sources(), { format: 'json' });
    expect(await update(world.context, { file, newDataset: true })).toBe(0);
    const now = (await state()).resources;
    expect(JSON.parse(world.stdout())).toMatchObject({ replaced: { flow: old.flow?.id, by: now.flow?.id } });
    expect(now.dataset?.id).not.toBe(old.dataset?.id);
    await vi.waitFor(
      async () => expect((await state()).replaced).toMatchObject([{ awaiting: { count: 3, held: 0 } }]),
      PATIENCE,
    );
    const lines = replacedLines(await state(), world.context.output.paint).join('\n');
    expect(lines).toContain('3 events that went to it are to be confirmed');
    expect((await clients.flowService.getFlow(old.flow?.id ?? ''))?.state).toBe('enabled');

    simulator.admin.policy.change({ lakeOutage: false });
    const later = [await take(), await take()];
    for (const id of later) await isAccepted(id);
    await vi.waitFor(async () => expect((await state()).replaced).toBeUndefined(), { ...PATIENCE, timeout: 120_000 });
    const { flowService, catalog } = clients;
    expect(await flowService.getFlow(old.flow?.id ?? '')).toBeUndefined();
    expect(await flowService.getTargetConnection(old['target-connection']?.id ?? '')).toBeUndefined();
    expect(await flowService.getSourceConnection(old['source-connection']?.id ?? '')).toBeUndefined();
    expect(await catalog.getDataset(old.dataset?.id ?? '')).toBeDefined();
    for (const id of [...unconfirmed, unknown, ...later]) {
      expect((await truthOf(id))?.acceptances).toHaveLength(1);
    }
    const { rows } = await database.pool.query(
      'select state, resolution, confirmed_at is not null as confirmed from exception e join source s on s.id = e.source_id where s.uid = $1',
      [uid],
    );
    expect(rows).toEqual([{ state: 'resolved', resolution: 'delivered', confirmed: true }]);
  });
});

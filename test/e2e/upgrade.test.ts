/** A source that release 0.1.0 has left, with a backlog waiting, becomes one of this release by the command line. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import { openLakeSession } from '../../src/adobe/lake/lakeSession.js';
import { update } from '../../src/cli/commands/source/update.js';
import { fakeWorld } from '../cli/fakes.js';
import { bundleWorkflows } from '../support/workflowBundle.js';
import { recordedOf } from './support/leftBehind.js';
import { PATIENCE, SETTLE_WINDOW_MS, withWorkingInstallation } from './support/workers.js';

vi.setConfig({ testTimeout: 180_000 });

const left = recordedOf('0.1.0', `t${randomUUID().slice(0, 8)}`);
const { installation, sources, withWorkers } = withWorkingInstallation(left);

interface Landed {
  readonly acceptances: readonly { readonly fate: string }[];
  readonly rows: number;
}

it('its workflow goes on as it was', async () => {
  const workflowBundle = await bundleWorkflows();
  await expect(Worker.runReplayHistory({ workflowBundle }, historyFromJSON(left.history))).resolves.toBeUndefined();
});

it('field group and mapping gain what this release has, and the backlog is sent under it, each event once', async () => {
  const { simulator, adobe, database } = installation();
  const { uid, manifest, resources } = left.state;
  const { name } = manifest;
  const clients = adobe.forSandbox(left.sandbox);
  const window = `${SETTLE_WINDOW_MS}ms`;
  const file = join(await mkdtemp(join(tmpdir(), 'upgrade-')), 'chat.yaml');
  const written = {
    version: 1,
    name,
    sandbox: left.sandbox,
    contents: 'full',
    dataset: manifest.dataset,
    chatlio: manifest.chatlio,
    mapping: [{ destination: 'widget_key', expression: 'upper(widgetKey)' }],
    delivery: { settleWindow: window, schemaSettleWindow: window, lakeLatency: '5s', canary: 'off' },
  };
  await writeFile(file, JSON.stringify(written));
  const truthOf = async (eventId: string): Promise<Landed | undefined> => {
    const truth = (await simulator.admin.truth(new URLSearchParams({ eventId }))) as { events: readonly Landed[] };
    return truth.events[0];
  };

  await withWorkers(async () => {
    // As its own run hands over to the next one.
    await sources().start({ v: 1, uid, manifest, carried: left.state });
    await vi.waitFor(async () => expect((await sources().state(name)).phase).toBe('live'), PATIENCE);
    const fieldGroup = resources['field-group']?.altId ?? '';
    expect(JSON.stringify((await clients.schemaRegistry.getFieldGroup(fieldGroup))?.body)).not.toContain('"messages"');

    const world = fakeWorld(sources(), { format: 'json' });
    expect(await update(world.context, { file })).toBe(0);
    expect(JSON.parse(world.stdout())).toMatchObject({ changed: true, contents: 'full', mappingVersion: 1 });
    expect(JSON.stringify((await clients.schemaRegistry.getFieldGroup(fieldGroup))?.body)).toContain('"messages"');
    expect((await clients.flowService.getFlow(resources.flow?.id ?? ''))?.mapping).toEqual({
      id: resources['mapping-set']?.id,
      version: 1,
    });

    expect(left.eventIds).toHaveLength(15);
    for (const eventId of left.eventIds) {
      await vi.waitFor(
        async () => expect(await truthOf(eventId)).toMatchObject({ acceptances: [{ fate: 'land' }], rows: 1 }),
        PATIENCE,
      );
    }
    const table = (await clients.catalog.getDataset(resources.dataset?.id ?? ''))?.table ?? '';
    const lake = await openLakeSession(clients.queryService, undefined);
    const records = (await lake.query(`SELECT * FROM ${table}`)).map((row) => JSON.stringify(row));
    await lake.close();
    expect(records).toHaveLength(left.eventIds.length);
    expect(records.filter((row) => !row.includes('MAIN-SITE'))).toEqual([]);
    const { rows } = await database.pool.query('select from exception');
    expect(rows).toEqual([]);
  });
});

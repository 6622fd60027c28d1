/** Pause and unpause by the command line: real workflows and activities, a database, a Temporal server and the simulator. */
import { WorkflowFailedError } from '@temporalio/client';
import { bodyContext } from '../../src/store/keys/contexts.js';
import { describe, expect, it, vi } from 'vitest';
import { pause } from '../../src/cli/commands/source/pause.js';
import { unpause } from '../../src/cli/commands/source/unpause.js';
import type { Command } from '../../src/cli/ports.js';
import type { SourceInput } from '../../src/domain/source/source.js';
import { sourceWorkflowId } from '../../src/domain/source/source.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { applyRestored } from '../../src/store/delivery/restored.js';
import { findSourceId } from '../../src/store/sources/sources.js';
import { newSource } from '../activities/installation.js';
import { PATIENCE, SETTLE_WINDOW_MS, withWorkingInstallation } from './support/workers.js';
import { fakeWorld } from '../cli/fakes.js';
import { canonicalEvent, newEventId } from '../simulator/dataplane/harness.js';
import { takenEvent } from '../support/store.js';

vi.setConfig({ testTimeout: 180_000 });

const { installation, client, sources: sourcesNow, withWorkers } = withWorkingInstallation();

async function run<Arguments>(command: Command<Arguments>, args: Arguments) {
  const world = fakeWorld(sourcesNow(), { format: 'json' });
  expect(await command(world.context, args)).toBe(0);
  return JSON.parse(world.stdout()) as { readonly changed: boolean; readonly opensAt: string };
}

interface Accepted {
  readonly receivedMs: number;
  /** `land`, or how it was lost. */
  readonly fate: string;
}

describe('a paused source', () => {
  it('sends nothing; unpaused it sends what has waited, not before the settle window is over, and all of it lands', async () => {
    const { simulator, database, keyRing, adobe } = installation();
    const { marker, manifest } = newSource({ delivery: { settleWindow: `${SETTLE_WINDOW_MS}ms`, partitions: 1 } });
    const { name, uid } = marker;
    const sources = sourcesNow();

    const take = async (): Promise<string> => {
      const sourceId = (await findSourceId(database, uid)) ?? 0;
      const id = newEventId();
      const eventId = Buffer.from(id, 'hex');
      const body = Buffer.from(JSON.stringify(canonicalEvent(id, { occurredAt: new Date().toISOString() })));
      const event = takenEvent(id, { eventId, sealed: keyRing.seal(body, bodyContext(sourceId, eventId)) });
      await createEventLog(database).append(sourceId, 0, [event]);
      return id;
    };
    const acceptances = async (id: string): Promise<readonly Accepted[]> => {
      const truth = (await simulator.admin.truth(new URLSearchParams({ eventId: id }))) as {
        readonly events: readonly { readonly acceptances: readonly Accepted[] }[];
      };
      return truth.events[0]?.acceptances ?? [];
    };
    const landed = async (id: string): Promise<Accepted> => {
      await vi.waitFor(async () => expect(await acceptances(id)).toMatchObject([{ fate: 'land' }]), PATIENCE);
      return (await acceptances(id))[0] as Accepted;
    };
    const forwarderIs = (phase: string) =>
      vi.waitFor(async () => expect((await sources.forwarderState(name))?.phase).toBe(phase), PATIENCE);
    const flowState = async () => {
      const flowId = (await sources.state(name)).resources.flow?.id ?? '';
      return (await adobe.forSandbox(manifest.sandbox).flowService.getFlow(flowId))?.state;
    };

    await withWorkers(async () => {
      const input: SourceInput = { v: 1, uid, manifest };
      await sources.start(input);
      await vi.waitFor(async () => expect((await sources.state(name)).phase).toBe('live'), PATIENCE);
      await landed(await take());
      await forwarderIs('idle');

      expect(await run(pause, { name, reason: 'maintenance', disableFlow: true })).toMatchObject({ changed: true });
      expect(await flowState()).toBe('disabled');
      const waiting = await take();
      await forwarderIs('paused');
      expect(await acceptances(waiting)).toEqual([]);
      expect((await sources.forwarderState(name))?.gate?.reason).toBe('paused: maintenance');
      expect(await run(pause, { name, disableFlow: true })).toMatchObject({ changed: false });

      const { opensAt } = await run(unpause, { name });
      expect(await flowState()).toBe('enabled');
      expect((await landed(waiting)).receivedMs).toBeGreaterThanOrEqual(Date.parse(opensAt));
      expect(await run(unpause, { name })).toMatchObject({ changed: false, opensAt });
      await forwarderIs('idle');

      // What `doctor --restored` does, behind the workflow's back.
      await applyRestored(database, new Date(0), 'the database was set back');
      const after = await take();
      await forwarderIs('paused');
      expect(await acceptances(after)).toEqual([]);
      expect(await run(unpause, { name })).toMatchObject({ changed: true });
      await landed(after);

      await run(pause, { name });
      const handle = client().workflow.getHandle(sourceWorkflowId(name));
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await sources.state(name)).phase).toBe('torn-down');
      expect(await flowState()).toBeUndefined();
    });
  });
});

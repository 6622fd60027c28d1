/** A source of 0.1.x that becomes one that keeps whole chats, by the command line, with events waiting and coming in. */
import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { pause } from '../../src/cli/commands/source/pause.js';
import { unpause } from '../../src/cli/commands/source/unpause.js';
import { update } from '../../src/cli/commands/source/update.js';
import type { Command } from '../../src/cli/ports.js';
import { KIND_FACTS } from '../../src/domain/events/kinds.js';
import { ORIGINAL_FORM, sealOriginal } from '../../src/store/bodies/originals.js';
import { bodyContext } from '../../src/store/keys/contexts.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { findSourceId } from '../../src/store/sources/sources.js';
import { newSource } from '../activities/installation.js';
import { fakeWorld } from '../cli/fakes.js';
import { canonicalEvent, newEventId } from '../simulator/dataplane/harness.js';
import { takenEvent } from '../support/store.js';
import { PATIENCE, SETTLE_WINDOW_MS, withWorkingInstallation } from './support/workers.js';

vi.setConfig({ testTimeout: 180_000 });

/** After an update the first event of a kind is looked for often: the second one waits for it. */
const LAKE_LATENCY = '15s';

const { installation, sources, withWorkers } = withWorkingInstallation();

async function run<Arguments>(command: Command<Arguments>, args: Arguments, exitCode = 0): Promise<object> {
  const world = fakeWorld(sources(), { format: 'json' });
  expect(await command(world.context, args)).toBe(exitCode);
  return JSON.parse(world.stdout()) as object;
}

interface Landed {
  readonly acceptances: readonly { readonly fate: string; readonly record: Readonly<Record<string, unknown>> }[];
}

it('sends its backlog as it was taken and whole chats from then on, each once', async () => {
  const { simulator, database, keyRing } = installation();
  const { marker, manifest } = newSource({
    delivery: { settleWindow: `${SETTLE_WINDOW_MS}ms`, lakeLatency: LAKE_LATENCY, partitions: 1 },
  });
  const { name, uid } = marker;
  const sourceId = async (): Promise<number> => (await findSourceId(database, uid)) ?? 0;
  const file = join(await mkdtemp(join(tmpdir(), 'update-')), 'chat.yaml');
  const write = (more: string) =>
    writeFile(
      file,
      `version: 1
name: ${name}
sandbox: ${manifest.sandbox}
dataset: {name: ${manifest.dataset.name}}
chatlio: {widgets: [{key: main-site}]}
delivery: {settleWindow: ${SETTLE_WINDOW_MS}ms, schemaSettleWindow: ${SETTLE_WINDOW_MS}ms, lakeLatency: ${LAKE_LATENCY}, partitions: 1}
${more}`,
    );

  const takeCut = async (): Promise<string> => {
    const id = newEventId();
    const eventId = Buffer.from(id, 'hex');
    const body = Buffer.from(JSON.stringify(canonicalEvent(id, { occurredAt: new Date().toISOString() })));
    const sealed = keyRing.seal(body, bodyContext(await sourceId(), eventId));
    await createEventLog(database).append(await sourceId(), 0, [takenEvent(id, { eventId, sealed })]);
    return id;
  };
  const takeWhole = async (seed: number): Promise<string> => {
    const eventId = createHash('sha256').update(`whole-${seed}`).digest();
    const body = Buffer.from(JSON.stringify(fixture('transcript', { seed, atMs: Date.now() })));
    const facts = { widget: 'main-site', receivedAtMs: Date.now() };
    const sealed = await sealOriginal(keyRing, { sourceId: await sourceId(), eventId }, facts, body);
    const event = takenEvent('', { eventId, kind: KIND_FACTS.transcript.code, sealed, form: ORIGINAL_FORM });
    await createEventLog(database).append(await sourceId(), 0, [event]);
    return eventId.toString('hex');
  };
  const truthOf = async (id: string): Promise<Landed | undefined> => {
    const truth = (await simulator.admin.truth(new URLSearchParams({ eventId: id }))) as { events: readonly Landed[] };
    return truth.events[0];
  };
  const landsOnce = (id: string) =>
    vi.waitFor(async () => expect((await truthOf(id))?.acceptances).toMatchObject([{ fate: 'land' }]), PATIENCE);

  await withWorkers(async () => {
    await sources().start({ v: 1, uid, manifest });
    await vi.waitFor(async () => expect((await sources().state(name)).phase).toBe('live'), PATIENCE);
    await landsOnce(await takeCut());
    await run(pause, { name });
    const waiting = [await takeCut(), await takeCut()];

    await write('contents: full');
    expect(await run(update, { file })).toMatchObject({ changed: true, mappingVersion: 1, contents: 'full' });
    expect((await sources().state(name)).paused).toBeDefined();
    const whole = await takeWhole(1);
    await run(unpause, { name });
    for (const id of [...waiting, whole]) await landsOnce(id);

    await write('contents: full\nprivacy: {drop: [message]}');
    expect(await run(update, { file })).toMatchObject({ changed: true, fields: [] });
    await landsOnce(await takeWhole(2));
    expect(await run(update, { file })).toMatchObject({ changed: false });
  });
});

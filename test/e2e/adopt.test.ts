/** A source that was made by Adobe's tutorial, taken over by the command line while its URL is still in use. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, it, vi } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { adopt } from '../../src/cli/commands/adoption/adopt.js';
import { writeFound } from '../../src/cli/commands/adoption/writeFound.js';
import { audit } from '../../src/cli/commands/events/audit.js';
import { plan } from '../../src/cli/commands/source/plan.js';
import { teardown } from '../../src/cli/commands/source/teardown.js';
import { update } from '../../src/cli/commands/source/update.js';
import type { Command } from '../../src/cli/ports.js';
import { KIND_FACTS, KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { ORIGINAL_FORM, sealOriginal } from '../../src/store/bodies/originals.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { findSourceId } from '../../src/store/sources/sources.js';
import { newSource } from '../activities/installation.js';
import { fakeWorld } from '../cli/fakes.js';
import { takenEvent } from '../support/store.js';
import { makeByHand, type MadeByHand } from '../support/tutorial.js';
import { PATIENCE, SETTLE_WINDOW_MS, withWorkingInstallation } from './support/workers.js';

vi.setConfig({ testTimeout: 180_000 });

const { installation, sources, withWorkers } = withWorkingInstallation();
const { sandbox } = newSource().manifest;
const WINDOWS = `delivery: {settleWindow: ${SETTLE_WINDOW_MS}ms, schemaSettleWindow: ${SETTLE_WINDOW_MS}ms, lakeLatency: 15s, partitions: 1}\n`;
/** As the reference of the tutorial's gap proposes to close it. */
const RANDOM_ROWS = [
  { sourceType: 'EXPRESSION', source: 'uuid()', destination: '_id' },
  { sourceType: 'EXPRESSION', source: 'now()', destination: 'timestamp' },
];
const NEEDED_ROWS = ['- {source: eventId, destination: _id}', '- {source: occurredAt, destination: timestamp}'];

async function run<Arguments>(command: Command<Arguments>, args: Arguments, exitCode = 0): Promise<unknown> {
  const world = fakeWorld(sources(), { format: 'json' });
  expect([await command(world.context, args), world.stderr()]).toEqual([exitCode, expect.anything()]);
  const printed = world.stdout();
  return printed === '' ? undefined : (JSON.parse(printed) as unknown);
}

async function written(made: MadeByHand, name: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'adopt-')), 'chat.yaml');
  const answer = await run(writeFound, { flow: made.flowId, file, sandbox, name, widgets: [] });
  expect(answer).toMatchObject({ flow: made.flowId, proof: false, unsaid: [], problems: [] });
  await writeFile(file, `${await readFile(file, 'utf8')}${WINDOWS}`);
  return file;
}

async function withProof(file: string): Promise<void> {
  const text = (await readFile(file, 'utf8'))
    .replace('  proof: none\n', '')
    .split('\n')
    .filter((line) => !line.includes('"_id"') && !line.includes('"timestamp"'))
    .join('\n');
  await writeFile(file, text.replace('  rows:\n', `  rows:\n${NEEDED_ROWS.map((row) => `    ${row}\n`).join('')}`));
}

/** As a receiver would have taken it. @returns its id */
async function take(name: string, kind: Kind): Promise<string> {
  const { database, keyRing } = installation();
  const { uid } = await sources().state(name);
  const sourceId = (await findSourceId(database, uid)) ?? 0;
  const eventId = createHash('sha256').update(randomUUID()).digest();
  const body = Buffer.from(JSON.stringify(fixture(kind, { seed: 7, atMs: Date.now() })));
  const facts = { widget: 'main-site', receivedAtMs: Date.now() };
  const sealed = await sealOriginal(keyRing, { sourceId, eventId }, facts, body);
  const event = takenEvent('', { eventId, kind: KIND_FACTS[kind].code, sealed, form: ORIGINAL_FORM });
  await createEventLog(database).append(sourceId, 0, [event]);
  return eventId.toString('hex');
}

/** As Chatlio posts to the URL that somebody has pasted there. */
async function postDirectly({ inletUrl, flowId }: MadeByHand, kind: Kind): Promise<void> {
  const body = JSON.stringify(fixture(kind, { seed: 9, atMs: Date.now() }));
  const headers = { 'content-type': 'application/json' };
  const answer = await request(`${inletUrl}?x-adobe-flow-id=${flowId}`, { method: 'POST', headers, body });
  expect(answer.statusCode).toBe(200);
  await answer.body.dump();
}

interface Truth {
  readonly events: readonly { readonly rows: number; readonly acceptances: readonly { readonly fate: string }[] }[];
}
const truth = async (eventId: string) =>
  ((await installation().simulator.admin.truth(new URLSearchParams({ eventId }))) as Truth).events[0];
const landsOnce = (id: string) =>
  vi.waitFor(async () => expect((await truth(id))?.acceptances).toMatchObject([{ fate: 'land' }]), PATIENCE);
const accepted = async (name: string): Promise<number> => {
  const answer = await sources().ask({ v: 1, ask: 'intake', name });
  return answer.counted?.counters.accepted ?? 0;
};

it('gets the two rows that every event needs, delivers each kind once, and is left standing by a teardown', async () => {
  const made = await makeByHand(installation().simulator, { sandbox });
  const name = `chat-${randomUUID().slice(0, 8)}`;
  await withWorkers(async () => {
    const file = await written(made, name);
    const refused = adopt(fakeWorld(sources(), { format: 'json' }).context, { file });
    await expect(refused).rejects.toMatchObject({ error: { code: 'CAEP_ADOPT_WITHOUT_PROOF' } });
    await withProof(file);
    expect(await run(adopt, { file, yes: true })).toMatchObject({ name, phase: 'live' });
    expect(await run(plan, { file })).toMatchObject({ problems: [] });
    for (const kind of KINDS) await landsOnce(await take(name, kind));

    expect(await run(teardown, { name, noWait: true })).toMatchObject({ ending: 'torn-down' });
    const { flowService, catalog } = installation().adobe.forSandbox(sandbox);
    expect(await flowService.getFlow(made.flowId)).toMatchObject({
      state: 'enabled',
      mapping: { id: made.ids.mappingSet, version: 0 },
    });
    expect(await catalog.getDataset(made.ids.dataset)).toBeDefined();
  });
});

it('without proof is moved to while its URL is in use, and given proof once it is not', async () => {
  const made = await makeByHand(installation().simulator, { sandbox, rows: RANDOM_ROWS });
  const name = `chat-${randomUUID().slice(0, 8)}`;
  // What is posted before the flow has settled is lost.
  await installation().simulator.admin.advance(SETTLE_WINDOW_MS);
  await withWorkers(async () => {
    await postDirectly(made, 'feedback');
    const file = await written(made, name);
    expect(await run(adopt, { file, withoutProof: true })).toMatchObject({ name, phase: 'live' });
    expect(await run(plan, { file })).toMatchObject({ problems: [] });
    // Both URLs live: each event goes to one of them.
    for (const kind of KINDS) {
      await take(name, kind);
      await postDirectly(made, kind);
    }
    await vi.waitFor(async () => expect(await accepted(name)).toBe(KINDS.length), PATIENCE);
    const landed = async () =>
      ((await installation().simulator.admin.truth(new URLSearchParams())) as Truth).events.flatMap(
        ({ acceptances }) => acceptances,
      ).length;
    await vi.waitFor(async () => expect(await landed()).toBe(2 * KINDS.length + 1), PATIENCE);
    expect(await run(audit, { name })).toMatchObject({ proof: 'none', counts: { accepted: KINDS.length, lost: 0 } });

    await withProof(file);
    expect(await run(update, { file })).toMatchObject({ changed: true, mappingVersion: 1 });
    expect(await run(plan, { file })).toMatchObject({ problems: [] });
    await landsOnce(await take(name, 'feedback'));
    // The one after the change is looked for in the lake, those before cannot be.
    await vi.waitFor(
      async () =>
        expect(await run(audit, { name })).toMatchObject({
          lake: { read: true },
          counts: { confirmed: 1, unproven: KINDS.length, lost: 0, invented: 0 },
        }),
      PATIENCE,
    );
  });
});

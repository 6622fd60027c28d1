/** `--reveal` of a body as long as the receiver takes, through a real receiver, PostgreSQL and Temporal. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { contentsPiece } from '../../../src/activities/inquiry/contents.js';
import { eventPage } from '../../../src/activities/inquiry/events.js';
import { exceptionDetails } from '../../../src/activities/inquiry/exceptions.js';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { tailEvents } from '../../../src/cli/commands/events/events.js';
import { showHeld } from '../../../src/cli/commands/events/held.js';
import type { Command } from '../../../src/cli/ports.js';
import type { InquiryActivities } from '../../../src/domain/inquiries.js';
import { KINDS, type Kind } from '../../../src/domain/events/kinds.js';
import type { Receiver } from '../../../src/receiver/start.js';
import { TASK_QUEUES } from '../../../src/domain/source/source.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createRoutes, type OpenedRoute } from '../../../src/store/sources/routes.js';
import { keepOriginals, registerSource } from '../../../src/store/sources/sources.js';
import { translated } from '../../../src/temporal/sources/temporalFaults.js';
import { createTemporalSources } from '../../../src/temporal/sources/temporalSources.js';
import { fakeWorld } from '../../cli/fakes.js';
import { pathOf, postTo, startTestReceiver, WIDGET } from '../../receiver/receiver.js';

import { withNamespace } from '../../support/namespace.js';
import { withDatabase } from '../../support/store.js';
import { withTemporal } from '../../support/temporal.js';
import { bundleWorkflows } from '../../support/workflowBundle.js';

vi.setConfig({ testTimeout: 300_000 });

// A question to an earlier worker is an error that both log.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const temporal = withTemporal();
const namespace = withNamespace(temporal);
const database = withDatabase();
const name = `source-${randomUUID()}`;
let sourceId: number;
let keyRing: KeyRing;
let routes: readonly OpenedRoute[];
let receiver: Receiver;
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  workflowBundle = await bundleWorkflows();
  const home = await mkdtemp(join(tmpdir(), 'caep-revealed-'));
  keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  sourceId = await registerSource(database(), { uid: randomUUID(), name, partitions: 1 });
  await keepOriginals(database(), sourceId);
  routes = await createRoutes(database(), keyRing, sourceId, [{ key: WIDGET, kinds: KINDS }]);
  ({ receiver } = await startTestReceiver({ database: database(), keyRing, home }));
});
afterAll(() => receiver.close());

const post = (kind: Kind, raw: string) => postTo(receiver, pathOf(routes, kind), raw);

const activities = (): Pick<InquiryActivities, 'events' | 'contents' | 'exception'> => {
  const deps = { database: database(), keyRing };
  return {
    events: (ask) => eventPage(deps, ask),
    contents: (ask) => contentsPiece(deps, ask),
    exception: (ask) => exceptionDetails(deps, ask),
  };
};

async function withWorker(
  test: () => Promise<void>,
  answers: Partial<InquiryActivities> = activities(),
): Promise<void> {
  const worker = await Worker.create({
    connection: temporal().nativeConnection,
    namespace: namespace().options.namespace,
    taskQueue: TASK_QUEUES.source,
    workflowBundle,
    activities: answers,
  });
  await worker.runUntil(async () => {
    await vi.waitUntil(async () => (await sources().polledTaskQueues()).includes(TASK_QUEUES.source), {
      timeout: 30_000,
    });
    await test();
  });
}

const sources = () =>
  createTemporalSources({
    client: namespace(),
    namespace: namespace().options.namespace,
    address: temporal().address,
  });

async function run<Arguments>(command: Command<Arguments>, args: Arguments, format: 'human' | 'json' = 'human') {
  const world = fakeWorld(sources(), { accessKey: keyRing.accessKey, format });
  await command(world.context, args);
  return world.stdout();
}

/** 3 MB of text, posted in 9 MB: once in the messages, once in each of the two texts of the whole. Hardly to be deflated. */
function longTranscript(): string {
  const messages = Array.from({ length: 400 }, (_each, index) => ({
    text: `${index} 👋 \u05E9\u05DC\u05D5\u05DD\r\n\u0000\ud83d ${randomBytes(5_700).toString('base64')}`,
    ts: `${1_795_000_000 + index}.000100`,
    userId: '',
    username: 'brave-otter',
    isVisitorMsg: true,
  }));
  const textBody = messages.map(({ username, text }) => `${username}: ${text}\n`).join('');
  const body = fixture('transcript', { seed: 9, atMs: Date.parse('2026-11-21T09:00:00Z') });
  return JSON.stringify({ ...body, messages, textBody, htmlBody: `<div>${textBody}</div>` }, undefined, 1);
}

it('shows a transcript of 9 MB as it was posted, byte for byte, in JSON and for people', async () => {
  const raw = longTranscript();
  expect(raw.length).toBeGreaterThan(8_900_000);
  expect(await post('transcript', raw)).toMatchObject({ status: 200, body: { arrival: 'logged' } });
  await withWorker(async () => {
    const tail = { name, limit: 5, reveal: true };
    const [line = ''] = (await run(tailEvents, tail, 'json')).split('\n');
    const { body } = JSON.parse(line) as { body: string };
    // Compared as booleans: a difference of megabytes is of no use to anybody.
    expect(body === raw).toBe(true);
    const shown = await run(tailEvents, tail);
    const [head = '', text = ''] = shown.split('\n    ');
    expect(head).toMatch(/transcript/);
    expect(JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(raw))).toBe(true);
  });
});

it('shows whole what was held, too', async () => {
  const raw = `{"message": "${'not ended '.repeat(200_000)}`;
  expect(await post('feedback', raw)).toMatchObject({ body: { arrival: 'held' } });
  const { rows } = await database().pool.query<{ id: number }>(
    `select id from exception where source_id = $1 and reason = 'unreadable'`,
    [sourceId],
  );
  await withWorker(async () => {
    const shown = await run(showHeld, { name, id: Number(rows[0]?.id), reveal: true }, 'json');
    expect((JSON.parse(shown) as { body: string }).body === raw).toBe(true);
  });
});

it('a worker of an earlier release, which knows no pieces, is told by a code', async () => {
  const { events } = activities();
  const ofBefore: Partial<InquiryActivities> = {
    async events(ask) {
      const { cut: _cut, ...page } = await events(ask);
      return page;
    },
  };
  await withWorker(async () => {
    await expect(run(tailEvents, { name, limit: 5, reveal: true })).rejects.toMatchObject({
      error: { code: 'CAEP_WORKER_TOO_OLD', fields: { what: 'the activity "contents"' } },
    });
    // Its workflow is the first that does not know the question, where that is of the earlier release as well.
    const facts = { address: temporal().address, taskQueue: TASK_QUEUES.source, answeredByWorker: true };
    const asked = translated(facts, () =>
      namespace().workflow.execute('inquiry', {
        workflowId: 'inquiry:of-tomorrow',
        taskQueue: TASK_QUEUES.source,
        args: [{ v: 1, ask: 'of-tomorrow', refusals: 'result' }],
      }),
    );
    await expect(asked).rejects.toMatchObject({
      error: { code: 'CAEP_WORKER_TOO_OLD', fields: { what: 'the inquiry "of-tomorrow"' } },
    });
  }, ofBefore);
});

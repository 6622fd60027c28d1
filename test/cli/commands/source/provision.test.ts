import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codedError, remedyOf } from '../../../../src/domain/errors.js';
import type { IntakeReport } from '../../../../src/domain/events/shownEvents.js';
import type { PlannedStep, PlanReport } from '../../../../src/domain/source/plan.js';
import type { ForwarderReport, Sources } from '../../../../src/temporal/sources/port.js';
import type { SourceInput, SourceState } from '../../../../src/domain/source/source.js';
import { stepsFor } from '../../../../src/domain/source/steps.js';
import { readManifest } from '../../../../src/manifest/read.js';
import { abort } from '../../../../src/cli/commands/source/abort.js';
import { plan } from '../../../../src/cli/commands/source/plan.js';
import { provision } from '../../../../src/cli/commands/source/provision.js';
import { resume } from '../../../../src/cli/commands/source/resume.js';
import {
  fakeSources,
  fakeWorld,
  HELD,
  LIVE,
  MANIFEST,
  NOW,
  MANIFEST_TEXT,
  script,
  sourceRun,
  sourceState,
  UID,
} from '../../fakes.js';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatlio-aep-cli-'));
  file = join(folder, 'chat.yaml');
  await writeFile(file, MANIFEST_TEXT);
});
afterAll(() => rm(folder, { recursive: true }));

/** Answers the question for a plan; every step that is not named stands. */
const planned = (steps: readonly PlannedStep[] = []): Sources['ask'] => {
  const report: PlanReport = { v: 1, name: 'support-chat', sandbox: 'prod', steps, mapping: [], problems: [] };
  return () => Promise.resolve(report as never);
};

/** One answer after the other. */
const answering = (...asks: Sources['ask'][]): Sources['ask'] => {
  let next = 0;
  return (question) => (asks[next++] ?? asks.at(-1) ?? planned())(question);
};

/** What the store knows of the name. */
const known = (source?: IntakeReport['source']): Sources['ask'] => {
  const report: IntakeReport = { v: 1, source, receivers: [], silent: [] };
  return () => Promise.resolve(report as never);
};

/** Keeps what was started. */
function starts(answer: 'started' | 'already-runs' = 'started') {
  const inputs: SourceInput[] = [];
  return {
    inputs,
    start: (input: SourceInput) => {
      inputs.push(input);
      return Promise.resolve(answer);
    },
  };
}

it('the rows of Adobe’s tutorial alone are refused by `plan` and `provision`, with the two lines to add', async () => {
  const rows = ['slackChannelId slackchannel_ID', 'visitor.UUID UUID', 'message message'].map((row) => {
    const [sourceAttribute, field] = row.split(' ');
    return { sourceAttribute, destinationXdmPath: `_acme.${field}`, identity: false, version: 0 };
  });
  const alone = join(folder, 'alone.yaml');
  const mapping = `mapping: {defaults: false, rows: ${JSON.stringify(rows)}}`;
  await writeFile(alone, `${MANIFEST_TEXT}contents: full\n${mapping}\n`);
  for (const command of [plan, provision]) {
    const failure = command(fakeWorld(fakeSources({})).context, { file: alone });
    await expect(failure).rejects.toMatchObject({
      error: {
        code: 'CAEP_MANIFEST_INVALID',
        problems: [
          { hint: 'add the line `- {source: eventId, destination: _id}`' },
          { hint: 'add the line `- {source: occurredAt, destination: timestamp}`' },
        ],
      },
    });
  }
});

describe('provision', () => {
  it('starts the source under a fresh uid and is done when it is live', async () => {
    const { inputs, start } = starts();
    const world = fakeWorld(
      fakeSources({
        start,
        ask: known(),
        describe: script(undefined, sourceRun()),
        state: script(sourceState(1), LIVE),
      }),
    );
    expect(await provision(world.context, { file })).toBe(0);
    const manifest = readManifest(MANIFEST_TEXT, file, { contents: 'full' });
    expect(inputs).toEqual([
      { v: 1, uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, manifest, by: expect.any(String) as string },
    ]);
    expect(world.stdout()).toContain('support-chat is live after 40s');
    expect(world.stderr()).toContain('XDM schema: running');
  });

  it.each([
    ['of 0.1.x goes on as it was', { uid: UID, retired: false }, MANIFEST],
    [
      'that kept whole chats below 8,000 bytes goes on so',
      { uid: UID, retired: false, contents: 'compact' as const },
      readManifest(MANIFEST_TEXT, 'chat.yaml', { contents: 'compact' }),
    ],
  ])('where the manifest says nothing of contents, a source %s', async (_what, stored, manifest) => {
    const { inputs, start } = starts();
    const ask = known(stored);
    const world = fakeWorld(fakeSources({ start, ask, describe: script(undefined, sourceRun()), state: script(LIVE) }));
    expect(await provision(world.context, { file })).toBe(0);
    expect(inputs).toEqual([{ v: 1, uid: UID, manifest, by: expect.any(String) as string }]);
  });

  it('that may adopt starts a source that does; of one that is held it has the step tried so', async () => {
    const { inputs, start } = starts();
    const fresh = { start, ask: known(), describe: script(undefined, sourceRun()), state: script(LIVE) };
    expect(await provision(fakeWorld(fakeSources(fresh)).context, { file, adopt: true })).toBe(0);
    expect(inputs).toMatchObject([{ adopt: true }]);

    const resumed: object[] = [];
    const resumes: Sources['resume'] = (name, input) => Promise.resolve(void resumed.push({ name, ...input }));
    const held = { describe: script(sourceRun()), state: script(HELD, LIVE), resume: resumes, ask: known() };
    expect(await provision(fakeWorld(fakeSources(held)).context, { file, adopt: true })).toBe(0);
    expect(resumed).toMatchObject([{ name: 'support-chat', adopt: true }]);
  });

  it.each(['TERMINATED', 'FAILED', 'CANCELLED'])(
    'starts a %s source again under the uid of its marker',
    async (status) => {
      const { inputs, start } = starts();
      const ended = sourceRun({ open: false, status, closedAt: 1 });
      const describe = script(ended, sourceRun());
      const world = fakeWorld(fakeSources({ start, describe, state: script(LIVE), ask: known() }));
      expect(await provision(world.context, { file })).toBe(0);
      expect(inputs[0]?.uid).toBe(UID);
      expect(world.stderr()).toContain(`ran before (${status.toLowerCase()})`);
    },
  );

  it.each([
    ['was torn down', true, 'ran before (torn down)'],
    ['was terminated', false, 'ran before (terminated)'],
  ])(
    'starts a source that %s and that Temporal has forgotten under the uid of the store',
    async (_what, retired, told) => {
      const { inputs, start } = starts();
      const ask = known({ uid: UID, retired });
      const world = fakeWorld(
        fakeSources({ start, ask, describe: script(undefined, sourceRun()), state: script(LIVE) }),
      );
      expect(await provision(world.context, { file })).toBe(0);
      expect(inputs[0]?.uid).toBe(UID);
      expect(world.stderr()).toContain(told);
    },
  );

  it('joins a source that runs with the same manifest', async () => {
    const world = fakeWorld(fakeSources({ describe: script(sourceRun()), state: script(LIVE), ask: planned() }));
    expect(await provision(world.context, { file })).toBe(0);
    expect(world.stderr()).toContain('already runs with this manifest: following it');
  });

  it.each([
    [
      'human' as const,
      'support-chat sends nothing: paused by ana: maintenance. Events are still taken, and wait.\n  chatlio-aep unpause',
    ],
    ['json' as const, '"gate":{"open":false,"reason":"paused by ana: maintenance"}'],
  ])('says that a gate is still closed, why, and what to type (%s)', async (format, told) => {
    const gate = { open: false, reason: 'paused by ana: maintenance' };
    const ask: Sources['ask'] = () => Promise.resolve({ v: 1, gate, receivers: [], silent: [] } as never);
    const { start } = starts();
    const terminated = sourceRun({ open: false, status: 'TERMINATED', closedAt: 1 });
    const { opensAt: _opensAt, ...state } = LIVE;
    const describe = script(terminated, sourceRun());
    const world = fakeWorld(fakeSources({ start, describe, state: script(state), ask }), { format });
    expect(await provision(world.context, { file })).toBe(0);
    const text = world.stdout();
    expect(text).toContain(told);
    expect(text).not.toContain('are sent as they come');
  });

  it('agrees with `plan` about a live source of which something was deleted at Adobe', async () => {
    const error = (resources: string) =>
      ({ code: 'CAEP_RESOURCE_GONE', fields: { name: 'support-chat', resources } }) as const;
    const ask = planned([
      { step: 'dataset', action: 'blocked', label: '', error: error('dataset') },
      { step: 'flow', action: 'blocked', label: '', error: error('flow') },
    ]);
    const world = fakeWorld(fakeSources({ describe: script(sourceRun()), state: script(LIVE), ask }));
    await expect(provision(world.context, { file })).rejects.toMatchObject({ error: error('dataset, flow') });
    const planning = fakeWorld(fakeSources({ describe: script(sourceRun()), state: script(LIVE), ask }));
    expect(await plan(planning.context, { file })).toBe(4);
  });

  it('joins when another start was first', async () => {
    const { start } = starts('already-runs');
    const world = fakeWorld(
      fakeSources({
        start,
        describe: script(undefined, sourceRun()),
        state: script(LIVE),
        ask: answering(known(), planned()),
      }),
    );
    expect(await provision(world.context, { file })).toBe(0);
    expect(world.stderr()).toContain('following it');
  });

  it('refuses another manifest for a source that runs, and names the fields', async () => {
    const other = { ...LIVE, manifest: { ...MANIFEST, sandbox: 'dev', dataset: { name: 'Other', tags: {} } } };
    const world = fakeWorld(fakeSources({ describe: script(sourceRun()), state: script(other) }));
    await expect(provision(world.context, { file })).rejects.toMatchObject({
      error: { code: 'CAEP_SOURCE_DIFFERS', fields: { name: 'support-chat', fields: 'dataset.name, sandbox' } },
    });
  });

  it('of a live source whose manifest differs in delivery alone changes that while events are sent', async () => {
    const inputs: unknown[] = [];
    const other = { ...LIVE, manifest: { ...MANIFEST, delivery: { ...MANIFEST.delivery, concurrency: 7 } } };
    const sources = fakeSources({
      describe: script(sourceRun()),
      state: script(other, LIVE),
      configure: (name, input) => {
        inputs.push({ name, delivery: input.delivery });
        return Promise.resolve({ result: () => Promise.resolve({ v: 1, changed: true } as const) });
      },
      ask: known(),
    });
    const world = fakeWorld(sources);
    expect(await provision(world.context, { file })).toBe(0);
    expect(inputs).toEqual([{ name: 'support-chat', delivery: MANIFEST.delivery }]);
    expect(world.stderr()).toContain('(delivery.concurrency)');
  });

  it('changes nothing of a source that is not live yet, or that differs in more than delivery', async () => {
    const delivery = { ...MANIFEST.delivery, concurrency: 7 };
    const differing = [
      sourceState(2, { manifest: { ...MANIFEST, delivery } }),
      { ...LIVE, manifest: { ...MANIFEST, delivery, sandbox: 'other' } },
    ];
    for (const state of differing) {
      const world = fakeWorld(fakeSources({ describe: script(sourceRun()), state: script(state) }));
      await expect(provision(world.context, { file })).rejects.toMatchObject({
        error: { code: 'CAEP_SOURCE_DIFFERS' },
      });
    }
  });

  it('prints a hold with what Adobe said and the commands, exit 3', async () => {
    const { start } = starts();
    const world = fakeWorld(
      fakeSources({ start, ask: known(), describe: script(undefined, sourceRun()), state: script(HELD) }),
    );
    expect(await provision(world.context, { file })).toBe(3);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "■ support-chat is held at dataset (making it)

      ✖ Adobe says that these credentials lack the permission for this call (Catalog: 403027).  CAEP_PERMISSION_MISSING

        Adobe    Catalog, HTTP 403, 403027
                 Forbidden
                 User does not have permission
        request  r-17

      → Give the credential a role with "Manage" on schemas, datasets and sources in this sandbox, then run \`chatlio-aep resume support-chat\`.

        chatlio-aep resume support-chat  try again from here
        chatlio-aep abort support-chat   undo what this operation made

        http://localhost:8233/namespaces/default/workflows/source:support-chat
      "
    `);
  });

  it('fails when the operation was aborted meanwhile, exit 1', async () => {
    const { start } = starts();
    const aborted = sourceState(0, { phase: 'aborted' });
    const closed = sourceRun({ open: false, status: 'FAILED', phase: 'aborted' });
    const world = fakeWorld(
      fakeSources({ start, ask: known(), describe: script(undefined, closed), state: script(aborted) }),
    );
    expect(await provision(world.context, { file })).toBe(1);
  });

  it('fails when somebody terminates the workflow, exit 1', async () => {
    const { start } = starts();
    const gone = sourceRun({ open: false, status: 'TERMINATED' });
    const world = fakeWorld(
      fakeSources({ start, ask: known(), describe: script(undefined, gone), state: script(sourceState(3)) }),
    );
    expect(await provision(world.context, { file })).toBe(1);
    expect(world.stdout()).toContain('support-chat is terminated');
  });

  it('starts nothing without a worker', async () => {
    const world = fakeWorld(fakeSources({ polledTaskQueues: () => Promise.resolve([]) }));
    await expect(provision(world.context, { file })).rejects.toMatchObject({ error: { code: 'CAEP_NO_WORKER' } });
  });

  it('goes on following over a worker and a server that are away for a while', async () => {
    const { start } = starts();
    const noWorker = codedError('CAEP_NO_WORKER', { taskQueue: 'chatlio-aep-source' });
    const noServer = codedError('CAEP_TEMPORAL_UNREACHABLE', { address: '127.0.0.1:7233' });
    const world = fakeWorld(
      fakeSources({
        start,
        ask: known(),
        describe: script(undefined, sourceRun(), noServer, sourceRun()),
        state: script(sourceState(1), noWorker, LIVE),
      }),
    );
    expect(await provision(world.context, { file })).toBe(0);
    const told = world.stderr();
    expect(told).toContain('No Temporal server answers at 127.0.0.1:7233. The operation continues');
    expect(told).toContain(
      'No worker is running that takes tasks from the Temporal task queue chatlio-aep-source. The operation continues',
    );
    expect(told).toContain('it works again');
  });

  it('detaches at Ctrl-C, tells how to come back, exit 130', async () => {
    const { start } = starts();
    const world = fakeWorld(
      fakeSources({
        start,
        ask: known(),
        describe: script(undefined, sourceRun()),
        state: () => {
          world.interrupt();
          return Promise.resolve(sourceState(1));
        },
      }),
    );
    expect(await provision(world.context, { file })).toBe(130);
    expect(world.stderr()).toContain(
      'Detached: the operation continues. Follow it again with `chatlio-aep watch support-chat`.',
    );
    expect(world.stdout()).toBe('');
  });

  it('prints one JSON document on stdout, and nothing else', async () => {
    const { start } = starts();
    const world = fakeWorld(
      fakeSources({
        start,
        ask: known(),
        describe: script(undefined, sourceRun()),
        state: script(sourceState(1), LIVE),
      }),
      { format: 'json', command: 'provision' },
    );
    expect(await provision(world.context, { file })).toBe(0);
    const lines = world.stdout().trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      v: 1,
      command: 'provision',
      name: 'support-chat',
      phase: 'live',
      ending: 'live',
      uid: UID,
      workflow: { workflowId: 'source:support-chat', runId: 'run-1' },
    });
  });
});

const COUNTERS = { taken: 3, accepted: 1, waiting: 2, exceptions: {} };

describe('resume', () => {
  const sending = (...answers: Partial<ForwarderReport>[]) => {
    const resumed: unknown[] = [];
    const sources = fakeSources({
      ask: known(),
      state: script(LIVE),
      forwarderState: script(
        ...answers.map((answer): ForwarderReport => ({ phase: 'held', counters: COUNTERS, ...answer })),
      ),
      resumeForwarder: (name, input) => {
        resumed.push({ name, ...input });
        return Promise.resolve();
      },
    });
    return { resumed, sources, world: fakeWorld(sources) };
  };

  it('of a live source whose sending is held sets it going', async () => {
    const { resumed, world } = sending({ hold: { reason: 'HTTP 401', since: NOW } }, { phase: 'forwarding' });
    expect(await resume(world.context, { name: 'support-chat', by: 'ana' })).toBe(0);
    expect(resumed).toEqual([{ name: 'support-chat', by: 'ana' }]);
    expect(world.stdout()).toBe('✔ support-chat sends again: forwarding\n');
  });

  it('of a source whose gate is closed as well says so, why, and what to type', async () => {
    const reason = 'the database was set back';
    const before = { hold: { reason: 'partition 0 was set back', since: NOW - 60_000 } };
    const { sources } = sending(before, { phase: 'forwarding' });
    const gate = { open: false, reason };
    const ask: Sources['ask'] = () => Promise.resolve({ v: 1, gate, receivers: [], silent: [] } as never);
    const world = fakeWorld({ ...sources, ask });
    expect(await resume(world.context, { name: 'support-chat', by: 'ana' })).toBe(3);
    const text = world.stdout();
    expect(text).toContain(`support-chat sends nothing: ${reason}`);
    expect(text).toContain('chatlio-aep unpause support-chat');
  });

  it('of a source whose destination is away has it probed, and tells what has come of it', async () => {
    const outage = { detail: 'HTTP 503', stops: 'outage', since: NOW - 60_000, nextProbeAt: NOW + 30_000 } as const;
    const before = { phase: 'outage', outage: { ...outage, probes: 2 } } as const;
    const after = { phase: 'outage', outage: { ...outage, probes: 3 } } as const;
    const { resumed, world } = sending(before, before, after);
    expect(await resume(world.context, { name: 'support-chat', by: 'ana' })).toBe(3);
    expect(resumed).toHaveLength(1);
    const text = world.stdout();
    expect(text).toContain('the destination of support-chat is unavailable since 2026-11-21 10:39:00Z');
    expect(text).toContain('The next try is at 2026-11-21 10:40:30Z (in 30s)');
  });

  it('hands the corrected manifest and the permission to adopt to the workflow, and follows it', async () => {
    const inputs: unknown[] = [];
    const sources = fakeSources({
      resume: (name, input) => {
        inputs.push({ name, ...input });
        return Promise.resolve();
      },
      describe: script(sourceRun()),
      state: script(HELD, LIVE),
      forwarderState: script(undefined),
      ask: known(),
    });
    const world = fakeWorld(sources);
    expect(await resume(world.context, { name: 'support-chat', manifest: file, adopt: true, by: 'ana' })).toBe(0);
    expect(inputs).toEqual([{ name: 'support-chat', manifest: MANIFEST, adopt: true, by: 'ana' }]);
  });

  it('passes on that the source is not held', async () => {
    const refusal = codedError('CAEP_NOT_HELD', { name: 'support-chat', phase: 'live' });
    const idle: ForwarderReport = { phase: 'idle', counters: COUNTERS };
    const world = fakeWorld(
      fakeSources({
        state: script(LIVE),
        forwarderState: script(idle),
        ask: known(),
        resume: () => Promise.reject(refusal),
      }),
    );
    await expect(resume(world.context, { name: 'support-chat', by: 'ana' })).rejects.toBe(refusal);
  });

  it('of a source of which nothing is held, but whose gate is closed, names what opens it', async () => {
    const reason = 'the database was set back';
    const paused: ForwarderReport = { phase: 'paused', counters: COUNTERS, gate: { reason } };
    const { sources } = sending(paused);
    const ask: Sources['ask'] = () => Promise.resolve({ v: 1, gate: { open: false, reason } } as never);
    const world = fakeWorld({ ...sources, ask });
    await expect(resume(world.context, { name: 'support-chat', by: 'ana' })).rejects.toMatchObject({
      error: { code: 'CAEP_GATE_CLOSED', fields: { name: 'support-chat', reason } },
    });
    expect(remedyOf({ code: 'CAEP_GATE_CLOSED', fields: { name: 'support-chat', reason } })).toContain(
      'chatlio-aep unpause support-chat',
    );
  });
});

describe('abort', () => {
  it('is done when the operation is undone, and names what is left', async () => {
    const state = sourceState(0, {
      phase: 'aborted',
      remainders: [{ step: 'mapping-set', id: 'ms-1', reason: 'Adobe documents no way to delete it' }],
    });
    const world = fakeWorld(
      fakeSources({
        abort: () => Promise.resolve(),
        describe: script(sourceRun({ open: false, status: 'FAILED' })),
        state: script(state),
      }),
    );
    expect(await abort(world.context, { name: 'support-chat', by: 'ana' })).toBe(0);
    expect(world.stdout()).toContain('ms-1');
  });

  it('is held again when something cannot be undone, exit 3', async () => {
    const hold = { ...HELD.hold!, during: 'undo' as const };
    const world = fakeWorld(
      fakeSources({ abort: () => Promise.resolve(), describe: script(sourceRun()), state: script({ ...HELD, hold }) }),
    );
    expect(await abort(world.context, { name: 'support-chat', by: 'ana' })).toBe(3);
    expect(world.stdout()).toContain('(undoing it)');
  });
});

describe('against the simulator of npm start', () => {
  const unknown = () => Promise.resolve({ v: 1 }) as never;
  const environment = { CHATLIO_AEP_SHORT_WINDOWS: 'yes' };

  it('default windows are short, and that is said', async () => {
    const { inputs, start } = starts();
    const describe = script(undefined, sourceRun({ phase: 'live' }));
    const world = fakeWorld(fakeSources({ start, describe, state: script(LIVE), ask: unknown }), { environment });
    expect(await provision(world.context, { file })).toBe(0);
    expect(inputs[0]?.manifest.delivery).toMatchObject({ settleWindowMs: 2_000, lakeLatencyMs: 20_000 });
    expect(world.stderr()).toContain('settleWindow 2s');
  });

  it('what the manifest sets otherwise stands', async () => {
    const own = join(folder, 'own.yaml');
    await writeFile(own, `${MANIFEST_TEXT}delivery: {settleWindow: 7m}\n`);
    const { inputs, start } = starts();
    const describe = script(undefined, sourceRun({ phase: 'live' }));
    const world = fakeWorld(fakeSources({ start, describe, state: script(LIVE), ask: unknown }), { environment });
    await provision(world.context, { file: own });
    expect(inputs[0]?.manifest.delivery.settleWindowMs).toBe(420_000);
  });

  it('a source that was made with the true ones is joined as it is', async () => {
    const report = { v: 1, steps: [], mapping: [], problems: [] };
    const ask = () => Promise.resolve(report) as never;
    const live = sourceRun({ phase: 'live' });
    const world = fakeWorld(fakeSources({ describe: script(live), state: script(LIVE), ask }), { environment });
    expect(await provision(world.context, { file })).toBe(0);
    expect(world.stderr()).toContain('already runs with this manifest');
  });
});

describe('plan of a source that runs', () => {
  const planOf = async (text: string, state: SourceState, format: 'human' | 'json' = 'human') => {
    const other = join(folder, 'other.yaml');
    await writeFile(other, `${MANIFEST_TEXT}${text}`);
    const steps = stepsFor(MANIFEST).map((step): PlannedStep => ({ step, action: 'keep', label: step }));
    const world = fakeWorld(fakeSources({ describe: script(sourceRun()), state: script(state), ask: planned(steps) }), {
      format,
    });
    return { exitCode: await plan(world.context, { file: other }), text: world.stdout() };
  };

  it('says what differs, that it cannot be changed so, and exits with 2', async () => {
    const { exitCode, text } = await planOf(
      'dataset: {name: Other}\ndelivery: {settleWindow: 10m}\nmapping: [{destination: message, source: false}]\n',
      LIVE,
    );
    expect(exitCode).toBe(2);
    expect(text).not.toContain('Nothing to do');
    expect(text.slice(text.indexOf('support-chat runs'))).toMatchInlineSnapshot(`
      "
      "
    `);
    expect(text).toMatch(/~ +change +dataset/);
    expect(text).toMatch(/= +keep +XDM schema/);
  });

  it('names them for programs', async () => {
    const { text } = await planOf('delivery: {settleWindow: 10m}\n', LIVE, 'json');
    expect(JSON.parse(text)).toMatchObject({
      differences: [{ field: 'delivery.settleWindow', from: '5m', to: '10m' }],
      canResume: false,
      canConfigure: true,
      canUpdate: true,
    });
  });

  it('names what rows read as the manifest writes it', async () => {
    const { text } = await planOf('mapping: {rows: [], reads: [message]}\n', LIVE, 'json');
    expect(JSON.parse(text)).toMatchObject({ differences: [{ field: 'mapping.reads', to: ['message'] }] });
  });

  it('says how a held one takes over what concerns unmade steps only', async () => {
    const { exitCode, text } = await planOf('dataset: {name: Other}\n', HELD);
    expect(exitCode).toBe(2);
    expect(text).toContain('chatlio-aep resume support-chat --manifest FILE');
    expect((await planOf('xdm: {schema: {title: Other}}\n', HELD)).text).toContain(
      'A running source cannot be changed in this way',
    );
  });

  it('has nothing to say about the same manifest', async () => {
    expect(await planOf('', LIVE)).toMatchObject({ exitCode: 0 });
  });
});

import { describe, expect, it } from 'vitest';
import { drift } from '../../../../src/cli/commands/drift/drift.js';
import { repair, type RepairArguments } from '../../../../src/cli/commands/drift/repair.js';
import { status } from '../../../../src/cli/commands/source/status.js';
import type { Drifted, SeenDrift } from '../../../../src/domain/drift/drift.js';
import { codedError } from '../../../../src/domain/errors.js';
import type { RepairInput, RepairResult } from '../../../../src/domain/drift/repair.js';
import type { Resources } from '../../../../src/domain/source/steps.js';
import { listedSources } from '../../../../src/cli/render/source/list.js';
import { fakeSources, fakeWorld, LIVE, NOW, sourceRun } from '../../fakes.js';

const name = 'support-chat';
const RESOURCES: Resources = Object.fromEntries(
  (['dataset', 'source-connection', 'target-connection', 'mapping-set', 'flow'] as const).map((step) => [
    step,
    { kind: step, id: `${step}-id`, origin: 'created' },
  ]),
);
const GONE: Drifted = {
  step: 'dataset',
  id: 'dataset-id',
  origin: 'created',
  kind: 'gone',
  field: 'object',
  recorded: 'dataset-id',
  remedy: 'replace',
};
const CHANGED: Drifted = {
  step: 'flow',
  id: 'flow-id',
  origin: 'created',
  kind: 'changed',
  field: 'name',
  recorded: 'Chatlio support-chat',
  found: 'mine\u001b[2J\nnow',
  remedy: 'change',
};
const TAG: Drifted = {
  ...CHANGED,
  step: 'dataset',
  id: 'dataset-id',
  field: 'tags.team',
  recorded: undefined,
  manifest: 'support',
  found: undefined,
};
const seen = (...drifted: Drifted[]): SeenDrift => ({ v: 1, drifted, more: 0, lookedAt: NOW });

function world(found: SeenDrift, ending?: RepairResult) {
  const inputs: RepairInput[] = [];
  const sources = fakeSources({
    describe: () => Promise.resolve(sourceRun({ phase: 'live' })),
    state: () => Promise.resolve({ ...LIVE, resources: RESOURCES, drift: found }),
    forwarderState: () => Promise.resolve(undefined),
    drift: () => Promise.resolve({ result: () => Promise.resolve(found) }),
    ask: () => Promise.reject(new Error('not asked')),
    ...(ending === undefined
      ? {}
      : {
          repair: (_name: string, input: RepairInput) => {
            inputs.push(input);
            return Promise.resolve({ result: () => Promise.resolve(ending) });
          },
        }),
  });
  return { inputs, sources };
}

describe('drift', () => {
  it('that finds nothing ends with 0', async () => {
    const { context, stdout } = fakeWorld(world(seen()).sources);
    expect(await drift(context, { name })).toBe(0);
    expect(stdout()).toBe('Nothing has drifted: the objects of support-chat in Adobe are as it left them.\n');
  });

  it('shows each object with its fields, the texts of others on one line, and ends with 2', async () => {
    const { context, stdout } = fakeWorld(world(seen(GONE, TAG, CHANGED)).sources);
    expect(await drift(context, { name })).toBe(2);
    expect(stdout()).toMatchInlineSnapshot(`
      "■ In Adobe somebody has changed what belongs to support-chat: 1 object deleted, 2 fields changed.

      dataset dataset-id
        FIELD      MANIFEST  RECORDED    FOUND
        object     —         dataset-id  deleted
        tags.team  support   —           nothing

      flow flow-id
        FIELD  MANIFEST  RECORDED              FOUND
        name   —         Chatlio support-chat  mine\\x1b[2J now

      chatlio-aep repair support-chat  bring it back; asks first where something is lost by it
      "
    `);
  });

  it('as JSON has every row', async () => {
    const { context, stdout } = fakeWorld(world(seen(GONE)).sources, { format: 'json', command: 'drift' });
    expect(await drift(context, { name })).toBe(2);
    expect(JSON.parse(stdout())).toMatchObject({ v: 1, command: 'drift', name, lookedAt: NOW, drifted: [GONE] });
  });
});

describe('status', () => {
  it('says first that something has drifted, and what to type', async () => {
    const { sources } = world(seen(GONE, CHANGED));
    const { context, stdout } = fakeWorld({ ...sources, ask: () => Promise.reject(codedError('CAEP_NO_WORKER', {})) });
    expect(await status(context, { name })).toBe(0);
    expect(stdout().split('\n').slice(0, 6).join('\n')).toMatchInlineSnapshot(`
      "support-chat  live  sandbox prod  for 20s

      ■ In Adobe somebody has changed what belongs to support-chat: 1 object deleted, 1 field changed, seen at 2026-11-21 10:40:00Z
        chatlio-aep drift support-chat   see what
        chatlio-aep repair support-chat  bring it back
      "
    `);
  });
});

it('a source of which something has drifted is among those that need a person', () => {
  const run = sourceRun({ phase: 'live' });
  const [listed] = listedSources([run], [{ name, retired: false, held: 0, drifted: 2 }]);
  expect(listed?.needs).toEqual([
    { reason: '2 changes by others in Adobe', command: 'chatlio-aep drift support-chat' },
  ]);
});

describe('repair', () => {
  const DONE: RepairResult = {
    v: 1,
    changed: true,
    actions: [
      { step: 'dataset', how: 'create', id: 'dataset-id', because: 'gone' },
      { step: 'target-connection', how: 'create', id: 'target-connection-id', because: 'moved' },
      { step: 'flow', how: 'create', id: 'flow-id', because: 'moved' },
    ],
    left: [],
    opensAt: new Date(NOW + 300_000).toISOString(),
  };
  const run = async (args: Partial<RepairArguments>, found: SeenDrift, ending?: RepairResult, answer?: boolean) => {
    const { inputs, sources } = world(found, ending);
    const made = fakeWorld({ ...sources, ask: () => Promise.reject(codedError('CAEP_NO_WORKER', {})) });
    const context = answer === undefined ? made.context : { ...made.context, confirm: () => Promise.resolve(answer) };
    const code = await repair(context, { name, by: 'ana', ...args }).catch((error: unknown) => error);
    return { code, inputs, stdout: made.stdout(), stderr: made.stderr() };
  };

  it('names what is lost before it asks, and changes nothing where the answer is no', async () => {
    const { code, inputs, stderr } = await run({}, seen(GONE), DONE, false);
    expect(code).toBe(130);
    expect(inputs).toEqual([]);
    expect(stderr).toMatchInlineSnapshot(`
      "To repair support-chat:
        +  make anew  dataset            dataset-id            it was deleted
        +  make anew  target connection  target-connection-id  what it refers to is made anew
        +  make anew  flow               flow-id               what it refers to is made anew

      What is lost or changed for good
      ! The dataset dataset-id was deleted, and its events with it: the confirmed events cannot be had back or audited. They are not sent again.
      ! Events go to a new, empty dataset, with another id and another table.
      ! A new flow takes over from flow-id: the inlet’s URL changes. Webhook URLs stay as they are; only who posts to Adobe’s URL directly must be told.

      Events are taken meanwhile, and wait until Adobe is ready for them.

      Nothing was changed.
      "
    `);
  });

  it('hands over what somebody was told of, and says how it ended', async () => {
    const { code, inputs, stdout } = await run({ yes: true }, seen(GONE), DONE);
    expect(code).toBe(0);
    expect(inputs).toEqual([{ recreate: ['dataset', 'target-connection', 'flow'], by: 'ana' }]);
    expect(stdout).toMatchInlineSnapshot(`
      "✔ support-chat is repaired.

        +  make anew  dataset            dataset-id            it was deleted
        +  make anew  target connection  target-connection-id  what it refers to is made anew
        +  make anew  flow               flow-id               what it refers to is made anew

      Sending: events are taken now, and sent from 2026-11-21 10:45:00Z on (in 5m 00s)
      "
    `);
  });

  it('does nothing without an answer where nobody can be asked', async () => {
    const { code } = await run({}, seen(CHANGED), DONE);
    expect(code).toMatchObject({ error: { code: 'CAEP_USAGE' } });
  });

  it('ends with 2 where something still differs', async () => {
    const foreign: Drifted = { ...TAG, origin: 'adopted', remedy: 'foreign' };
    const { code, stdout } = await run({ yes: true }, seen(foreign));
    expect(code).toBe(2);
    expect(stdout).toContain('somebody else’s: left as it is');
    const { code: after } = await run({ yes: true }, seen(CHANGED, foreign), { ...DONE, left: [foreign] });
    expect(after).toBe(2);
  });

  it('has nothing to do where nothing has drifted', async () => {
    expect(await run({}, seen())).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing to repair') as string,
    });
  });
});

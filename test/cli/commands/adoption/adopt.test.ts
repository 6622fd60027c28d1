/** Taking over by the command line: what is asked, what is refused, and what is started. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { adopt, type AdoptArguments } from '../../../../src/cli/commands/adoption/adopt.js';
import { writeFound } from '../../../../src/cli/commands/adoption/writeFound.js';
import type { AdoptionReport } from '../../../../src/domain/source/adoption/adoption.js';
import type { SourceInput } from '../../../../src/domain/source/source.js';
import { readManifest } from '../../../../src/manifest/read.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import { fakeSources, fakeWorld, LIVE, sourceRun } from '../../fakes.js';

const FLOW = 'd947e6a9-ea53-42c4-985c-c9379265491f';
const ROW = { source: 'message', sourceType: 'ATTRIBUTE', destination: '{tenant}.message' } as const;
const REPORT: AdoptionReport = {
  v: 1,
  sandbox: 'prod',
  flow: { id: FLOW, name: 'Chatlio\u001B[2J dataflow', state: 'enabled' },
  objects: [{ step: 'dataset', id: 'ds-1', name: 'Chats', marked: true }],
  found: {
    fieldGroup: 'Chatlio fields',
    schema: 'Chatlio schema',
    dataset: 'Chats: "all"',
    tags: { team: ['support'] },
    fields: [{ path: 'loyalty.tier', type: 'string', title: 'loyalty.tier' }],
    rows: [ROW, { source: 'visitor.identTraits', sourceType: 'ATTRIBUTE', destination: '{tenant}.loyalty.tier' }],
    isForProfile: false,
    unsaid: ['the identity on /_acme/UUID; it stays as it is\nname: other'],
  },
  misfits: [],
  mapping: [],
};
const NEEDED = '    - {source: eventId, destination: _id}\n    - {source: occurredAt, destination: timestamp}\n';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adopt-'));
  file = join(folder, 'chat.yaml');
});

const write = (mapping: string) =>
  writeFile(
    file,
    `version: 1\nname: support-chat\nsandbox: prod\nchatlio: {widgets: [{key: main-site}]}\nmapping:\n  defaults: false\n${mapping}`,
  );
const UNPROVEN = '  proof: none\n  rows:\n    - {source: message, destination: message}\n';
const PROVEN = `  rows:\n    - {source: message, destination: message}\n${NEEDED}`;

/** Nothing runs; the flow is as the report says; what is started is kept, and is live at once. */
function world(report: AdoptionReport = REPORT, confirm?: (question: string) => Promise<boolean>) {
  const started: SourceInput[] = [];
  const sources = fakeSources({
    describe: () => Promise.resolve(started.length === 0 ? undefined : sourceRun({ phase: 'live' })),
    state: () => Promise.resolve(LIVE),
    forwarderState: () => Promise.resolve(undefined),
    start: (input) => {
      started.push(input);
      return Promise.resolve('started');
    },
    ask: ((question: { ask: string }) =>
      Promise.resolve(
        question.ask === 'adoption' ? report : { v: 1, receivers: [], silent: [] },
      )) as unknown as Sources['ask'],
  });
  const fake = fakeWorld(sources);
  const context = confirm === undefined ? fake.context : { ...fake.context, confirm };
  return {
    ...fake,
    started,
    run: (args: Omit<AdoptArguments, 'file'> = {}) => adopt(context, { file, ...args }),
    context,
  };
}

const CHANGED: AdoptionReport = {
  ...REPORT,
  mapping: [{ step: 'mapping-set', field: 'mapping _id', wanted: 'eventId' }],
};

describe('adopt', () => {
  it('of a mapping without proof starts nothing until a person agrees, and says what to type', async () => {
    await write(UNPROVEN);
    const { run, started, stderr } = world();
    await expect(run()).rejects.toMatchObject({ error: { code: 'CAEP_ADOPT_WITHOUT_PROOF' }, exitCode: 3 });
    expect(started).toEqual([]);
    expect(stderr()).toContain('proof: none');
    expect(await run({ withoutProof: true })).toBe(0);
    expect(started).toMatchObject([{ adoption: { flowId: FLOW }, manifest: { proof: 'none' } }]);
  });

  it('refuses --without-proof where the manifest has the rows', async () => {
    await write(PROVEN);
    await expect(world().run({ withoutProof: true })).rejects.toMatchObject({ error: { code: 'CAEP_USAGE' } });
  });

  it('changes the mapping of somebody else only if a person agrees', async () => {
    await write(PROVEN);
    await expect(world(CHANGED).run()).rejects.toMatchObject({ error: { code: 'CAEP_USAGE' } });
    const declined = world(CHANGED, () => Promise.resolve(false));
    expect([await declined.run(), declined.started]).toEqual([130, []]);
    const agreed = world(CHANGED, () => Promise.resolve(true));
    expect(await agreed.run()).toBe(0);
    expect(agreed.started).toMatchObject([{ adoption: { flowId: FLOW, changesMapping: true } }]);
    const silent = world(CHANGED);
    expect(await silent.run({ yes: true, unmarked: true })).toBe(0);
    expect(silent.started).toMatchObject([{ adoption: { changesMapping: true, unmarked: true } }]);
  });

  it('names what does not fit, and starts nothing', async () => {
    await write(PROVEN);
    const misfits = [{ step: 'dataset', field: 'name', wanted: 'Chats', found: 'Others' }] as const;
    const { run, started, stderr } = world({ ...REPORT, misfits });
    expect([await run({ yes: true }), started]).toEqual([4, []]);
    const text = stderr();
    expect(text).toMatch(/dataset +name +Others +→ +Chats/);
    expect(text).not.toContain('\u001B');
  });

  it('shows that an identity would be made where there is none', async () => {
    await write(
      `${PROVEN}    - {source: visitor.UUID, destination: UUID}\nidentity: {field: visitorUUID, namespace: Chatlio}\n`,
    );
    const { run, stderr } = world();
    expect(await run()).toBe(0);
    expect(stderr()).toMatch(/create +identity descriptor +visitorUUID as Chatlio/);
  });

  it('needs a manifest', async () => {
    await expect(adopt(world().context, {})).rejects.toMatchObject({ error: { code: 'CAEP_USAGE' } });
  });
});

describe('adopt --from-flow', () => {
  it('writes a manifest that can be read, with what it cannot say in a comment', async () => {
    const { context } = world();
    const args = { flow: FLOW, file, sandbox: 'prod', widgets: [], name: 'support-chat' };
    expect(await writeFound(context, args)).toBe(0);
    const text = await readFile(file, 'utf8');
    expect(readManifest(text, file)).toMatchObject({
      name: 'support-chat',
      contents: 'full',
      proof: 'none',
      dataset: { name: 'Chats: "all"', tags: { team: ['support'] } },
      xdm: { schema: { title: 'Chatlio schema' }, fields: [{ path: 'loyalty.tier', type: 'string' }] },
      mapping: [ROW, { destination: '{tenant}.loyalty.tier' }],
    });
    expect(text).toContain('#   - the identity on /_acme/UUID; it stays as it is name: other');
    await expect(writeFound(context, args)).rejects.toMatchObject({ error: { code: 'CAEP_USAGE' } });
    await expect(writeFound(context, { ...args, file: undefined })).rejects.toMatchObject({
      error: { code: 'CAEP_USAGE' },
    });
  });

  it('writes names as texts, whatever they mean to YAML, and says of each what is wrong with it', async () => {
    const { context } = world();
    const args = { flow: FLOW, file, sandbox: 'prod', name: 'a: b', widgets: ['"k', 'null', '- x'] };
    expect(await writeFound(context, args)).toBe(4);
    const written = await readFile(file, 'utf8');
    for (const line of ['name: "a: b"', '- key: "\\"k"', '- key: "null"', '- key: "- x"'])
      expect(written).toContain(line);
  });

  it('says what has to be corrected before the file can be used', async () => {
    const rows = [
      { source: 'unheard_of(message)', sourceType: 'EXPRESSION', destination: '{tenant}.message' } as const,
    ];
    const { context, stdout } = world({ ...REPORT, found: { ...REPORT.found, rows } });
    expect(await writeFound(context, { flow: FLOW, file, sandbox: 'prod', widgets: [] })).toBe(4);
    expect(stdout()).toContain('To be corrected');
    expect(await readFile(file, 'utf8')).toContain('name: chatlio-2j-dataflow');
  });
});

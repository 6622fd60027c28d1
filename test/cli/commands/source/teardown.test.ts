import { describe, expect, it } from 'vitest';
import { teardown } from '../../../../src/cli/commands/source/teardown.js';
import type { Context } from '../../../../src/cli/ports.js';
import type { DataReport } from '../../../../src/domain/inquiries.js';
import type { SourceState } from '../../../../src/domain/source/source.js';
import { type Awaiting, silenceError, type TeardownInput, teardownOf } from '../../../../src/domain/source/teardown.js';
import { fakeSources, fakeWorld, LIVE, NOW, sourceRun } from '../../fakes.js';

const SINCE = NOW - 90_000;

function tearingDown(awaiting?: Awaiting): SourceState {
  const revoked = { revokedAt: new Date(SINCE).toISOString(), revoked: 5 };
  return { ...LIVE, teardown: { ...teardownOf({}, SINCE), ...revoked, awaiting } };
}

const TORN_DOWN: SourceState = {
  ...tearingDown(),
  phase: 'torn-down',
  remainders: [
    { step: 'mapping-set', id: 'm-1', reason: 'Adobe documents no way to delete it; the next provision uses it again' },
    { step: 'dataset', id: 'd-1', reason: 'it holds the events' },
  ],
  heldEvents: 3,
};

/** A live source that is in these states one after the other once it is told to be torn down. */
function sourcesOf(states: readonly SourceState[], data?: DataReport) {
  const inputs: TeardownInput[] = [];
  const left = [LIVE, ...states];
  const sources = fakeSources({
    describe: () => Promise.resolve(sourceRun({ open: left.length > 1 || left[0]?.phase !== 'torn-down' })),
    state: () => Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? LIVE),
    teardown: (_name, input) => {
      inputs.push(input);
      return Promise.resolve({ result: () => Promise.resolve({ v: 1 as const, begun: true, revoked: 5 }) });
    },
    ask: ((question: { ask: string }) =>
      Promise.resolve(
        question.ask === 'data' ? data : { counted: { counters: { parts: { waiting: 2, sending: 1 } } } },
      )) as never,
  });
  return { sources, inputs };
}

async function run(
  { sources, inputs }: ReturnType<typeof sourcesOf>,
  args: Omit<Parameters<typeof teardown>[1], 'name'> = {},
  asked: Partial<Pick<Context, 'confirm' | 'typed'>> = {},
) {
  const world = fakeWorld(sources);
  const code = await teardown({ ...world.context, ...asked }, { name: 'support-chat', ...args }).catch(
    (error: unknown) => error,
  );
  return { code, inputs, stdout: world.stdout(), stderr: world.stderr() };
}

describe('teardown', () => {
  it('says that Chatlio has to be told, what it waits for, and what is left', async () => {
    const awaiting: Awaiting = { wait: 'delivery', since: SINCE, lookedAt: NOW, count: 2 };
    const { code, inputs, stdout, stderr } = await run(sourcesOf([tearingDown(awaiting), TORN_DOWN]), { by: 'ana' });
    expect(code).toBe(0);
    expect(inputs).toEqual([{ by: 'ana' }]);
    expect(stderr).toContain('5 webhook URLs of support-chat are not taken any more');
    expect(stderr).toContain('Chatlio does not know: remove them');
    expect(stderr).toContain('waits for 2 events to be sent');
    expect(stdout).toContain('support-chat is torn-down');
    expect(stdout).toMatch(/mapping set +m-1 +Adobe documents no way to delete it/);
    expect(stdout).toMatch(/dataset +d-1/);
    expect(stdout).toContain('3 events are held for a decision');
  });

  it('ends with 3 when a silent receiver holds it, and says how to go on without it', async () => {
    const error = silenceError('support-chat', [{ id: 'r-1', spooled: 2, silentForMs: 61_000, isLater: false }]);
    const held: SourceState = {
      ...tearingDown(),
      phase: 'held',
      hold: { step: 'webhook-routes', during: 'do', error, since: SINCE, waitsFor: 'spools' },
    };
    const { code, stdout } = await run(sourcesOf([held]));
    expect(code).toBe(3);
    expect(stdout).toContain('the teardown of support-chat is held');
    expect(stdout).toContain('chatlio-aep teardown support-chat --without-receiver r-1');
    expect(stdout).toContain('2 events of the source were on its disk');
  });

  it('names what is missing of a receiver that was not waited for', async () => {
    const missing = [{ receiver: 'r-1', spooled: 2, known: 2, events: ['ab12', 'cd34'] }];
    const { stdout } = await run(sourcesOf([{ ...TORN_DOWN, teardown: { ...teardownOf({}, SINCE), missing } }]));
    expect(stdout).toContain('The receiver r-1 was not waited for: it took 2 events that the log does not have.');
    expect(stdout).toContain('ab12');
  });

  it('discards only after it has asked, with the number', async () => {
    const questions: string[] = [];
    const confirm = (answer: boolean) => (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    };
    const no = await run(sourcesOf([TORN_DOWN]), { discard: true }, { confirm: confirm(false) });
    expect(no).toMatchObject({ code: 130, inputs: [] });
    expect(questions).toEqual(['Hold 3 events of support-chat that wait, instead of sending them?']);
    const yes = await run(sourcesOf([TORN_DOWN]), { discard: true }, { confirm: confirm(true) });
    expect(yes).toMatchObject({ code: 0, inputs: [{ discard: true }] });
  });

  it('deletes data only where the name was typed, and in production that of the sandbox, too', async () => {
    const answers: string[] = [];
    const typed = () => Promise.resolve(answers.shift());
    const production = { v: 1, records: 12, sandboxType: 'production' } as const;
    const attempt = async (data: DataReport, ...said: string[]) => {
      answers.splice(0, answers.length, ...said);
      return run(sourcesOf([TORN_DOWN], data), { deleteData: true }, { typed });
    };
    expect(await attempt(production, 'support')).toMatchObject({ code: 130, inputs: [] });
    expect(await attempt(production, 'support-chat', 'no')).toMatchObject({ code: 130, inputs: [] });
    const done = await attempt(production, 'support-chat', LIVE.manifest.sandbox);
    expect(done).toMatchObject({ code: 0, inputs: [{ deleteData: true }] });
    expect(done.stderr).toContain('with 12 records in sandbox');
    expect(await attempt({ v: 1, sandboxType: 'development' }, 'support-chat')).toMatchObject({ code: 0 });
  });

  it.each([{ discard: true }, { deleteData: true }])(
    'with %j asks nobody where nobody is: --yes is needed',
    async (args) => {
      expect((await run(sourcesOf([TORN_DOWN]), args)).code).toMatchObject({ error: { code: 'CAEP_USAGE' } });
      expect((await run(sourcesOf([TORN_DOWN]), { ...args, yes: true })).inputs).toEqual([args]);
    },
  );
});

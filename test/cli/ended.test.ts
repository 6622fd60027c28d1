import { describe, expect, it } from 'vitest';
import { abort } from '../../src/cli/commands/abort.js';
import { pause } from '../../src/cli/commands/pause.js';
import { resume } from '../../src/cli/commands/resume.js';
import { send } from '../../src/cli/commands/send.js';
import { status } from '../../src/cli/commands/status.js';
import { unpause } from '../../src/cli/commands/unpause.js';
import { urls } from '../../src/cli/commands/urls.js';
import type { Context, Sources } from '../../src/cli/ports.js';
import { codedError } from '../../src/domain/errors.js';
import type { IntakeReport } from '../../src/domain/passingEvents.js';
import { fakeSources, fakeWorld, sourceRun, sourceState, UID } from './fakes.js';

const name = 'support-chat';
const unknown = () => Promise.reject(codedError('CAEP_SOURCE_UNKNOWN', { name }));

/** As Temporal and the worker answer about a source whose workflow has ended. */
function ended(given: Partial<Sources>): Sources {
  return fakeSources({ pause: unknown, unpause: unknown, resume: unknown, abort: unknown, ask: unknown, ...given });
}

const COMMANDS: Readonly<Record<string, (context: Context) => Promise<unknown>>> = {
  pause: (context) => pause(context, { name }),
  unpause: (context) => unpause(context, { name }),
  resume: (context) => resume(context, { name, by: 'ana' }),
  abort: (context) => abort(context, { name, by: 'ana' }),
  urls: (context) => urls(context, { name }),
  send: (context) => send(context, { name, kind: 'feedback', count: 1, seed: 1 }),
};
const commands = Object.entries(COMMANDS);

describe('after a teardown', () => {
  const run = sourceRun({ open: false, status: 'CANCELLED', phase: 'torn-down', closedAt: 1 });
  const state = sourceState(3, { phase: 'torn-down', heldEvents: 2 });
  const sources = ended({ describe: () => Promise.resolve(run), state: () => Promise.resolve(state) });

  it.each(commands)('%s says that it was torn down', async (_command, give) => {
    await expect(give(fakeWorld(sources).context)).rejects.toMatchObject({
      error: { code: 'CAEP_NOT_LIVE', fields: { name, phase: 'torn-down' } },
    });
  });

  it('status says the same, nothing of a forwarder, and what waits for a decision', async () => {
    const world = fakeWorld(sources);
    expect(await status(world.context, { name })).toBe(0);
    const text = world.stdout();
    expect(text).toContain('support-chat  torn-down');
    expect(text).toContain('2 events are held for a decision');
    expect(text).toContain('chatlio-aep held list support-chat');
  });
});

describe('once Temporal has forgotten it', () => {
  const forgotten = (retired: boolean) =>
    ended({
      describe: () => Promise.resolve(undefined),
      state: unknown,
      ask: ((question) =>
        question.ask === 'intake'
          ? Promise.resolve({ v: 1, source: { uid: UID, retired }, receivers: [], silent: [] } satisfies IntakeReport)
          : unknown()) as Sources['ask'],
    });

  it.each([...commands, ['status', (context: Context) => status(context, { name })] as const])(
    '%s says what the store knows of it',
    async (_command, give) => {
      await expect(give(fakeWorld(forgotten(true)).context)).rejects.toMatchObject({
        error: { code: 'CAEP_NOT_LIVE', fields: { name, phase: 'torn-down' } },
      });
    },
  );

  it('one that was terminated is told from one that was torn down', async () => {
    await expect(status(fakeWorld(forgotten(false)).context, { name })).rejects.toMatchObject({
      error: { fields: { phase: 'terminated' } },
    });
  });

  it('a name that nobody has heard of stays unknown', async () => {
    const ask = () => Promise.resolve({ v: 1, receivers: [], silent: [] } as never);
    const nobody = ended({ describe: () => Promise.resolve(undefined), ask });
    await expect(pause(fakeWorld(nobody).context, { name })).rejects.toMatchObject({
      error: { code: 'CAEP_SOURCE_UNKNOWN' },
    });
  });
});

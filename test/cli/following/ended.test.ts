import { describe, expect, it } from 'vitest';
import { abort } from '../../../src/cli/commands/source/abort.js';
import { pause } from '../../../src/cli/commands/source/pause.js';
import { resume } from '../../../src/cli/commands/source/resume.js';
import { send } from '../../../src/cli/commands/events/send.js';
import { status } from '../../../src/cli/commands/source/status.js';
import { unpause } from '../../../src/cli/commands/source/unpause.js';
import { urls } from '../../../src/cli/commands/events/urls.js';
import { watch } from '../../../src/cli/commands/source/watch.js';
import type { Context } from '../../../src/cli/ports.js';
import type { Sources } from '../../../src/temporal/sources/port.js';
import { codedError } from '../../../src/domain/errors.js';
import type { IntakeReport } from '../../../src/domain/events/shownEvents.js';
import { fakeSources, fakeWorld, sourceRun, sourceState, UID } from '../fakes.js';

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
  const parts = {
    waiting: 0,
    sending: 0,
    accepted: 1,
    lookedFor: 0,
    held: 2,
    abandoned: 0,
    replaced: 0,
    markedDelivered: 0,
  };
  const counters = { taken: 3, accepted: 1, waiting: 0, exceptions: { unsent: 2 }, parts, heldBy: { unsent: 2 } };
  const counted: IntakeReport['counted'] = { asOf: '2026-11-21T10:40:00Z', counters, mark: 'one' };
  const forgotten = (retired: boolean) =>
    ended({
      describe: () => Promise.resolve(undefined),
      state: unknown,
      ask: (question) =>
        question.ask === 'intake'
          ? Promise.resolve({ v: 1, source: { uid: UID, retired }, counted, receivers: [], silent: [] })
          : unknown(),
    });

  it.each([...commands, ['watch', (context: Context) => watch(context, { name })] as const])(
    '%s says what the store knows of it',
    async (_command, give) => {
      await expect(give(fakeWorld(forgotten(true)).context)).rejects.toMatchObject({
        error: { code: 'CAEP_NOT_LIVE', fields: { name, phase: 'torn-down' } },
      });
    },
  );

  it('status shows it, and what waits for a decision: what other commands point to is no error itself', async () => {
    const world = fakeWorld(forgotten(true));
    expect(await status(world.context, { name })).toBe(0);
    const text = world.stdout();
    expect(text).toContain('support-chat  torn-down');
    expect(text).toContain(UID);
    expect(text).toMatch(/held +2 .*chatlio-aep held list support-chat/);
  });

  it('one that was terminated is told from one that was torn down', async () => {
    const world = fakeWorld(forgotten(false), { format: 'json' });
    await status(world.context, { name });
    expect(JSON.parse(world.stdout())).toMatchObject({ phase: 'terminated', uid: UID, events: { taken: 3 } });
  });

  it('a name that nobody has heard of stays unknown', async () => {
    const ask = () => Promise.resolve({ v: 1, receivers: [], silent: [] } as never);
    const nobody = ended({ describe: () => Promise.resolve(undefined), ask });
    await expect(pause(fakeWorld(nobody).context, { name })).rejects.toMatchObject({
      error: { code: 'CAEP_SOURCE_UNKNOWN' },
    });
  });
});

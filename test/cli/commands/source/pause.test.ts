import { describe, expect, it } from 'vitest';
import { pause } from '../../../../src/cli/commands/source/pause.js';
import { status } from '../../../../src/cli/commands/source/status.js';
import { unpause } from '../../../../src/cli/commands/source/unpause.js';
import { changes } from '../../../../src/cli/following/progress.js';
import type { ForwarderReport, Sources } from '../../../../src/temporal/sources/port.js';
import { codedError } from '../../../../src/domain/errors.js';
import type { Paused, PauseResult, UnpauseResult } from '../../../../src/domain/delivery/pause.js';
import { fakeSources, fakeWorld, LIVE, NOW, sourceRun } from '../../fakes.js';

const PAUSED: Paused = { since: NOW - 60_000, reason: 'maintenance', by: 'ana' };

/** Sources on which the operation ends like this; keeps what was asked. */
function operating(answer: Partial<PauseResult & UnpauseResult> | Error, forwarder?: ForwarderReport) {
  const asked: object[] = [];
  const operate = (name: string, input: object) => {
    asked.push({ name, ...input });
    return Promise.resolve({
      result: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ v: 1, ...answer } as never)),
    });
  };
  return {
    asked,
    sources: fakeSources({ pause: operate, unpause: operate, forwarderState: () => Promise.resolve(forwarder) }),
  };
}

describe('pause', () => {
  const args = { name: 'support-chat', reason: 'maintenance', disableFlow: true, by: 'ana' };

  it('hands over who, why and whether to disable the flow, and says how to end it', async () => {
    const { asked, sources } = operating({ changed: true, paused: { ...PAUSED, flowDisabled: true } });
    const world = fakeWorld(sources);
    expect(await pause(world.context, args)).toBe(0);
    expect(asked).toEqual([args]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "✔ support-chat is paused: events are still taken, and wait. The flow is disabled.

        chatlio-aep unpause support-chat  send again
      "
    `);
  });

  it('says since when a source is paused already, exit 0', async () => {
    const world = fakeWorld(operating({ changed: false, paused: PAUSED }).sources);
    expect(await pause(world.context, args)).toBe(0);
    expect(world.stdout()).toContain(
      'support-chat is already paused by ana: maintenance, since 2026-11-21 10:39:00Z. Nothing was changed.',
    );
  });

  it('prints one JSON document', async () => {
    const { sources } = operating({ changed: true, paused: PAUSED });
    const world = fakeWorld(sources, { format: 'json', command: 'pause' });
    expect(await pause(world.context, args)).toBe(0);
    expect(JSON.parse(world.stdout())).toEqual({
      v: 1,
      command: 'pause',
      name: 'support-chat',
      changed: true,
      paused: { ...PAUSED, sinceIso: new Date(PAUSED.since).toISOString() },
    });
  });

  it('passes on why it is refused', async () => {
    const refusal = codedError('CAEP_OPERATION_RUNNING', { name: 'support-chat', operation: 'unpause' });
    const world = fakeWorld(operating(refusal).sources);
    await expect(pause(world.context, args)).rejects.toBe(refusal);
    expect(world.stdout()).toBe('');
  });

  it('asks nobody without a worker', async () => {
    const world = fakeWorld(fakeSources({ polledTaskQueues: () => Promise.resolve([]) }));
    await expect(pause(world.context, args)).rejects.toMatchObject({ error: { code: 'CAEP_NO_WORKER' } });
  });

  it('detaches at Ctrl-C and tells how to come back, exit 130', async () => {
    const world = fakeWorld(
      fakeSources({
        pause: () => {
          world.interrupt();
          return Promise.resolve({ result: () => new Promise<never>(() => undefined) });
        },
      }),
    );
    expect(await pause(world.context, args)).toBe(130);
    expect(world.stderr()).toContain('the operation continues. See the result with `chatlio-aep status support-chat`');
    expect(world.stdout()).toBe('');
  });
});

describe('unpause', () => {
  const args = { name: 'support-chat', by: 'ana' };

  it('says from when on events are sent', async () => {
    const { asked, sources } = operating({ changed: true, opensAt: new Date(NOW + 300_000).toISOString() });
    const world = fakeWorld(sources);
    expect(await unpause(world.context, args)).toBe(0);
    expect(asked).toEqual([args]);
    expect(world.stdout()).toBe(
      '✔ support-chat is no longer paused: events are taken now, and sent from 2026-11-21 10:45:00Z on (in 5m 00s).\n',
    );
  });

  it('does not say that events are sent while sending is held', async () => {
    const counters = { taken: 3, accepted: 1, waiting: 2, exceptions: {} };
    const forwarder = { phase: 'held', counters, hold: { reason: 'HTTP 401', since: NOW } } as const;
    const opensAt = new Date(NOW - 1).toISOString();
    const world = fakeWorld(operating({ changed: false, opensAt }, forwarder).sources);
    expect(await unpause(world.context, args)).toBe(0);
    const text = world.stdout();
    expect(text).not.toContain('events are sent as they arrive');
    expect(text).toContain('chatlio-aep resume support-chat');
  });

  it('says that a source was not paused, exit 0', async () => {
    const opensAt = new Date(NOW - 1).toISOString();
    const world = fakeWorld(operating({ changed: false, opensAt }).sources);
    expect(await unpause(world.context, args)).toBe(0);
    expect(world.stdout()).toBe('support-chat is not paused: events are sent as they arrive. Nothing was changed.\n');
    const json = fakeWorld(operating({ changed: false, opensAt }).sources, { format: 'json', command: 'unpause' });
    await unpause(json.context, args);
    expect(JSON.parse(json.stdout())).toEqual({
      v: 1,
      command: 'unpause',
      name: 'support-chat',
      changed: false,
      opensAt,
    });
  });
});

describe('a paused source', () => {
  const counters = { taken: 3, accepted: 1, waiting: 2, exceptions: {} };
  const idle: ForwarderReport = { phase: 'idle', counters };
  const closed: ForwarderReport = { phase: 'paused', counters, gate: { reason: 'the database was set back' } };
  const settling: ForwarderReport = { phase: 'settling', counters, gate: { reason: '', opensAt: NOW + 1_000 } };

  const shown = async (state: typeof LIVE, forwarder: ForwarderReport, format?: 'json', run = sourceRun()) => {
    const sources = fakeSources({
      describe: () => Promise.resolve(run),
      state: () => Promise.resolve(state),
      forwarderState: () => Promise.resolve(forwarder),
      ask: (() => Promise.resolve({ v: 1, receivers: [], silent: [] })) as unknown as Sources['ask'],
    });
    const world = fakeWorld(sources, { format });
    expect(await status(world.context, { name: 'support-chat' })).toBe(0);
    return world.stdout();
  };

  it('is shown as paused by status, with the command that ends it', async () => {
    const text = await shown({ ...LIVE, paused: PAUSED }, idle);
    expect(text).toContain('support-chat  live  paused');
    expect(text).toContain(
      'support-chat sends nothing: paused by ana: maintenance, since 2026-11-21 10:39:00Z. Events are still taken, and wait.',
    );
    expect(text.match(/maintenance/g)).toHaveLength(1);
    expect(text).toContain('chatlio-aep unpause support-chat');
    expect(JSON.parse(await shown({ ...LIVE, paused: PAUSED }, idle, 'json'))).toMatchObject({ paused: PAUSED });
  });

  it('says also why its gate was closed before it was paused', async () => {
    const reason = 'the database was set back; paused by ana: maintenance';
    const text = await shown({ ...LIVE, paused: PAUSED }, { ...closed, gate: { reason } });
    expect(text).toContain(`support-chat sends nothing: ${reason}; paused since 2026-11-21 10:39:00Z.`);
  });

  it('has the command also when something else has closed the gate, and not within a settle window', async () => {
    expect(await shown(LIVE, closed)).toContain('chatlio-aep unpause support-chat');
    expect(await shown(LIVE, settling)).not.toContain('unpause');
    expect(await shown(LIVE, idle)).not.toContain('unpause');
  });

  it('says of a gate that a look at the destination has closed that a look opens it, and when the next one is', async () => {
    const watched = { reason: 'the flow f-1 was disabled at Adobe', opensByItself: true } as const;
    const text = await shown(LIVE, { ...closed, gate: watched, nextLookAt: NOW + 60_000 });
    expect(text).toContain('sends nothing: the flow f-1 was disabled at Adobe. Events are still taken, and wait.');
    expect(text).toContain(
      'They are sent automatically once this is fixed at Adobe. The next check is at 2026-11-21 10:41:00Z (in 1m 00s).',
    );
    expect(text).toContain('chatlio-aep unpause support-chat');
    expect(text).toContain('chatlio-aep repair support-chat');
    expect(await shown(LIVE, closed)).not.toContain('automatically');
    expect(await shown(LIVE, closed)).not.toContain('repair');
  });

  it('is seen on its way: the operation, and what its attempts meet with', async () => {
    const operation = { kind: 'unpause', startedAt: NOW - 20_000, undo: [] } as const;
    const run = sourceRun({ pending: [{ name: 'openGate', attempt: 3, lastFailure: 'Flow Service: HTTP 503' }] });
    const text = await shown({ ...LIVE, operation }, idle, undefined, run);
    expect(text).toContain('unpause, for 20s');
    expect(text).toContain('openGate: attempt 3 after: Flow Service: HTTP 503');
  });

  it('is told by watch when it is paused, and when not any more', () => {
    const run = sourceRun({ phase: 'live' });
    const before = { run, state: LIVE };
    const after = { run, state: { ...LIVE, paused: PAUSED } };
    expect(changes(before, after)).toEqual(['support-chat: paused by ana: maintenance, since 2026-11-21 10:39:00Z']);
    expect(changes(after, before)).toEqual(['support-chat: no longer paused']);
    expect(changes(after, after)).toEqual([]);
  });
});

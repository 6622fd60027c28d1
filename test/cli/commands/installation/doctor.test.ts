import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { doctor } from '../../../../src/cli/commands/installation/doctor.js';
import { sourceFindings } from '../../../../src/cli/findings/sourceFindings.js';
import { unreachableReason } from '../../../../src/cli/findings/unreachable.js';
import { codedError } from '../../../../src/domain/errors.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import type { Finding } from '../../../../src/domain/source/plan.js';
import { fakeSources, fakeWorld, HELD, sourceRun } from '../../fakes.js';

const answering = {
  ask: () => Promise.resolve({ v: 1, findings: [] }) as never,
  list: () => Promise.resolve([]),
};

describe('doctor', () => {
  it('names each workflow that stands still, with its reason', async () => {
    const fields = { workflow: 'forwarder:support-chat', reason: 'nondeterminism, [TMPRL1100] …' };
    const stuckWorkflows = () =>
      Promise.resolve({ looked: 2, stuck: [{ code: 'CAEP_WORKFLOW_STUCK', fields } as const] });
    const { context, stdout } = fakeWorld(fakeSources({ ...answering, stuckWorkflows }));
    expect(await doctor(context, {})).toBe(1);
    const told = stdout();
    expect(told).toContain('✖  workflow');
    expect(told).toContain('The workflow forwarder:support-chat is stuck');
    expect(told).not.toContain('Everything is fine');
  });
});

describe('the clocks that only the command line can compare', () => {
  const HOUR_MS = 3_600_000;
  /** What `doctor` says of them, where the worker's and Temporal's are so far ahead of this machine's. */
  async function clocks(workerAheadMs: number, temporalAheadMs: number): Promise<string[]> {
    const ask: Sources['ask'] = (_question, _signal, timed) => {
      timed?.({ sentAtMs: 1_000, startedAtMs: 1_010 + temporalAheadMs, startSeenAtMs: 1_020, answeredAtMs: 5_000 });
      const clock = { takenAtMs: 1_040 + workerAheadMs, givenAtMs: 4_960 + workerAheadMs };
      return Promise.resolve({ v: 1, findings: [], clock }) as never;
    };
    const { context, stdout } = fakeWorld(fakeSources({ ...answering, ask }), { format: 'json' });
    await doctor(context, {});
    const { findings } = JSON.parse(stdout()) as { readonly findings: readonly Finding[] };
    return findings.flatMap(({ check, state }) => (check.startsWith('clock of') ? [`${check}: ${state}`] : []));
  }

  it.each([
    ['all right', 0, 0, 'ok', 'ok'],
    ['this machine is an hour behind', HOUR_MS, HOUR_MS, 'failed', 'ok'],
    ['Temporal is an hour ahead', 0, HOUR_MS, 'ok', 'failed'],
  ])('%s', async (_case, workerAheadMs, temporalAheadMs, machine, temporal) => {
    expect(await clocks(workerAheadMs, temporalAheadMs)).toEqual([
      `clock of this machine: ${machine}`,
      `clock of Temporal: ${temporal}`,
    ]);
  });
});

describe('a worker that polls and takes no question', () => {
  it('is what has failed, and nothing is said of Adobe', async () => {
    const sources = fakeSources({
      ...answering,
      stuckWorkflows: () => Promise.resolve({ looked: 0, stuck: [] }),
      ask: () => Promise.reject(codedError('CAEP_NO_WORKER', { taskQueue: 'chatlio-aep-source' })),
    });
    const { context, stdout } = fakeWorld(sources);
    expect(await doctor(context, {})).toBe(1);
    const told = stdout();
    expect(told).toMatch(/✖ {2}worker +No worker is running/);
    expect(told).toMatch(/· {2}Adobe +needs a worker/);
  });
});

describe('search attributes that the namespace lacks', () => {
  const lacking = (...missing: string[]) =>
    fakeSources({ ...answering, unknownSearchAttributes: () => Promise.resolve(missing) });

  it('fail where the worker waits for them, with the command that makes them', async () => {
    const { context, stdout } = fakeWorld(lacking('SourcePhase', 'SourceDrift'));
    await doctor(context, {});
    const told = stdout();
    expect(told).toContain('✖  search attributes  The Temporal namespace default lacks');
    expect(told).toContain('--name SourcePhase --type Keyword --name SourceDrift --type Keyword');
    expect(told).toMatch(/· {2}sources +needs the search attributes/);
  });

  it('are a warning where the worker does without', async () => {
    const { context, stdout } = fakeWorld(lacking('SourceDrift'));
    await doctor(context, {});
    expect(stdout()).toContain('!  search attributes');
  });
});

describe('sources', () => {
  const listing = (...runs: ReturnType<typeof sourceRun>[]) =>
    fakeSources({ list: () => Promise.resolve(runs), state: () => Promise.resolve(HELD) });

  it('that are held at a step fail, with the step and the commands that end it', async () => {
    const { context, stdout } = fakeWorld(
      fakeSources({
        ...answering,
        stuckWorkflows: () => Promise.resolve({ looked: 0, stuck: [] }),
        list: () => Promise.resolve([sourceRun({ phase: 'held', heldReason: 'CAEP_PERMISSION_MISSING' })]),
        state: () => Promise.resolve(HELD),
      }),
    );
    await doctor(context, {});
    const told = stdout();
    expect(told).toContain('✖  source support-chat');
    expect(told).toContain(
      'is held at the step dataset: Adobe says that these credentials lack the permission for this call',
    );
    expect(told).toContain('`chatlio-aep resume support-chat`');
    expect(told).not.toContain('Everything is fine');
  });

  it('whose events do not go out are named, with what helps', async () => {
    const live = (name: string, phase: string, heldReason?: string) =>
      sourceRun({ name, phase: 'live', forwarding: { phase, heldReason } });
    const findings = await sourceFindings(
      listing(live('a', 'forwarding'), live('b', 'held', 'HTTP 401'), live('c', 'outage'), live('d', 'settling')),
    );
    expect(findings).toMatchObject([
      {
        check: 'source b',
        state: 'failed',
        detail:
          'sending is held: HTTP 401. It is tried again every 15 minutes. Fix the cause, then run `chatlio-aep resume b`',
      },
      { check: 'source c', state: 'warning' },
    ]);
  });

  it('with an activity that somebody has paused in Temporal are named', async () => {
    const [finding] = await sourceFindings(listing(sourceRun({ phase: 'live', hasPausedActivity: true })));
    expect(finding).toMatchObject({ check: 'source support-chat', state: 'warning' });
    expect(finding?.detail).toContain('`chatlio-aep status support-chat` says which');
  });

  it('of which none is held are counted, those that have ended not', async () => {
    const ended = sourceRun({ open: false, phase: 'held' });
    expect(await sourceFindings(listing(sourceRun({ phase: 'live' }), ended))).toEqual([
      { check: 'sources', state: 'ok', detail: '1, none is held' },
    ]);
  });

  it('are told as held also when their workflow cannot be asked why', async () => {
    const sources = fakeSources({
      list: () => Promise.resolve([sourceRun({ phase: 'held', heldReason: 'CAEP_TITLE_TAKEN' })]),
      state: () => Promise.reject(codedError('CAEP_NO_WORKER', { taskQueue: 'q' })),
    });
    expect(await sourceFindings(sources)).toMatchObject([{ state: 'failed', error: { fields: { step: 'a step' } } }]);
  });
});

describe('somebody who takes the connection and does not answer', () => {
  it('is told as that', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const error: unknown = await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(100) }).catch(
      (cause: unknown) => cause,
    );
    silent.close();
    expect(unreachableReason(error)).toBe('no answer in time');
  });
});

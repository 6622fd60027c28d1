/** A world without servers for commands: what they print is kept, sources follow a script. */
import { PassThrough } from 'node:stream';
import type { SourceState, StepState } from '../../src/domain/source/source.js';
import { STEP_NAMES, stepsFor } from '../../src/domain/source/steps.js';
import { createOutput } from '../../src/cli/terminal/output.js';
import type { Context } from '../../src/cli/ports.js';
import type { SourceRun, Sources } from '../../src/temporal/sources/port.js';
import { readManifest } from '../../src/manifest/read.js';
import { readConfiguration } from '../../src/configuration.js';

/** Of the installation that these commands ask. */
export const ACCESS_KEY = Buffer.alloc(32, 7);

export const NOW = Date.parse('2026-11-21T10:40:00Z');
export const UID = '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11';

export const MANIFEST_TEXT = 'version: 1\nname: support-chat\nsandbox: prod\nchatlio: {widgets: [{key: main-site}]}\n';
export const MANIFEST = readManifest(MANIFEST_TEXT, 'chat.yaml');

/** A source in which the first `made` steps are made, three seconds each. */
export function sourceState(made: number, changes: Partial<SourceState> = {}): SourceState {
  return {
    v: 1,
    uid: UID,
    manifest: MANIFEST,
    phase: 'provisioning',
    steps: stepsFor(MANIFEST).map((step, index) => {
      const startedAt = NOW - 60_000 + index * 3_000;
      if (index > made) return { step, state: 'waiting' as StepState };
      if (index === made)
        return { step, state: (changes.phase === 'held' ? 'held' : 'running') as StepState, startedAt };
      return { step, state: 'made' as StepState, id: `${step}-id`, startedAt, endedAt: startedAt + 2_900 };
    }),
    resources: {},
    remainders: [],
    ...changes,
  };
}

export const LIVE = sourceState(STEP_NAMES.length, {
  phase: 'live',
  liveSince: NOW - 20_000,
  opensAt: '2026-11-21T10:44:30.000Z',
});

export const HELD = sourceState(2, {
  phase: 'held',
  hold: {
    step: 'dataset',
    during: 'do',
    since: NOW - 5_000,
    error: {
      code: 'CAEP_PERMISSION_MISSING',
      fields: {},
      adobe: {
        service: 'Catalog',
        httpStatus: 403,
        code: '403027',
        title: 'Forbidden',
        detail: 'User does not have permission',
        requestId: 'r-17',
      },
    },
  },
});

export function sourceRun(changes: Partial<SourceRun> = {}): SourceRun {
  return {
    name: 'support-chat',
    workflowId: 'source:support-chat',
    runId: 'run-1',
    open: true,
    status: 'RUNNING',
    startedAt: NOW - 60_000,
    uid: UID,
    phase: 'provisioning',
    url: 'http://localhost:8233/namespaces/default/workflows/source:support-chat',
    pending: [],
    ...changes,
  };
}

/** Every method that a test does not give fails it. */
export function fakeSources(given: Partial<Sources>): Sources {
  const unexpected = (method: string) => () => Promise.reject(new Error(`unexpected call of ${method}`));
  const sources: Sources = {
    address: '127.0.0.1:7233',
    namespace: 'default',
    start: unexpected('start'),
    describe: unexpected('describe'),
    state: unexpected('state'),
    forwarderState: unexpected('forwarderState'),
    resume: unexpected('resume'),
    resumeForwarder: unexpected('resumeForwarder'),
    abort: unexpected('abort'),
    pause: unexpected('pause'),
    unpause: unexpected('unpause'),
    configure: unexpected('configure'),
    update: unexpected('update'),
    teardown: unexpected('teardown'),
    drift: unexpected('drift'),
    repair: unexpected('repair'),
    decide: unexpected('decide'),
    list: unexpected('list'),
    ask: unexpected('ask'),
    pausedActivities: () => Promise.resolve([]),
    stuckWorkflows: () => Promise.resolve({ looked: 0, stuck: [] }),
    unknownSearchAttributes: () => Promise.resolve([]),
    polledTaskQueues: () => Promise.resolve(['chatlio-aep-source', 'chatlio-aep-forwarder']),
    faultOfPolling: async (taskQueue) =>
      (await sources.polledTaskQueues()).includes(taskQueue)
        ? undefined
        : { code: 'CAEP_NO_WORKER', fields: { taskQueue } },
    deploys: unexpected('deploys'),
    promote: unexpected('promote'),
    ...given,
  };
  return sources;
}

/** Answers one after the other, then the last one for ever. An error is thrown. */
export function script<T>(...answers: (T | Error)[]): () => Promise<T> {
  let next = 0;
  return () => {
    const answer = answers[Math.min(next++, answers.length - 1)] as T | Error;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
}

export interface FakeWorld {
  readonly context: Context;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Ctrl-C. */
  readonly interrupt: () => void;
}

export function fakeWorld(
  sources: Sources,
  options: {
    format?: 'human' | 'json';
    command?: string;
    accessKey?: Buffer;
    environment?: Record<string, string>;
  } = {},
): FakeWorld {
  const accessKey = options.accessKey ?? ACCESS_KEY;
  // Read when the command has ended, whatever it has written.
  const stdout = new PassThrough({ highWaterMark: Number.MAX_SAFE_INTEGER });
  const stderr = new PassThrough();
  const interruption = new AbortController();
  return {
    context: {
      output: createOutput({
        command: options.command ?? 'test',
        format: options.format ?? 'human',
        verbose: false,
        stdout,
        stderr,
        colour: false,
        program: 'chatlio-aep',
      }),
      now: () => NOW,
      configuration: () =>
        readConfiguration({ CHATLIO_AEP_ACCESS_KEY: accessKey.toString('base64url'), ...options.environment }),
      sources: () => Promise.resolve(sources),
      runProcess: () => Promise.reject(new Error('not here')),
      runDemo: () => Promise.reject(new Error('not here')),
      interruption: () => ({ signal: interruption.signal, release: () => undefined }),
    },
    stdout: () => String(stdout.read() ?? ''),
    stderr: () => String(stderr.read() ?? ''),
    interrupt: () => interruption.abort(),
  };
}

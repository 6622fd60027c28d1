import { EventEmitter } from 'node:events';
import { TransportError } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { codedError } from '../../src/domain/errors.js';
import { type Ending, untilEnd } from '../../src/process/ending.js';
import { makeWorkers, type RunnableWorker, runWorkers } from '../../src/temporal/runWorkers.js';

type State = ReturnType<RunnableWorker['getState']>;

/** A worker that runs until it is shut down, or told to fail. */
function worker({ taskQueue = 'events', activities = 0, ends = true } = {}) {
  let state: State = 'INITIALIZED';
  let run: { resolve: () => void; reject: (error: Error) => void } | undefined;
  return {
    options: { taskQueue },
    run() {
      state = 'RUNNING';
      return new Promise<void>((resolve, reject) => (run = { resolve, reject }));
    },
    shutdown() {
      state = ends ? 'STOPPED' : 'DRAINING';
      if (ends) run?.resolve();
    },
    getState: () => state,
    getStatus: () => ({ numInFlightActivities: activities }),
    fail(error: Error) {
      state = 'FAILED';
      run?.reject(error);
    },
    /** As the SDK does while an activity does not return. */
    stop: () => (state = 'DRAINING'),
  };
}

interface Circumstances {
  readonly said?: () => Error | undefined;
  readonly check?: () => Promise<void>;
}

/** Runs them as a process does that gives them little time to end. */
function running(workers: readonly RunnableWorker[], { said = () => undefined, check }: Circumstances = {}) {
  const signals = new EventEmitter();
  const bring: (ending: Ending) => Ending['bring'] = (ending) => (part, ended) => ending.bring(part, ended, 20);
  const ended = untilEnd(
    'worker',
    async (ending) => {
      ending.serves();
      await runWorkers(workers, {
        address: 'temporal:7233',
        ending: { ...ending, bring: bring(ending) },
        said,
        check: check ?? (() => Promise.resolve()),
      });
    },
    { signals },
  );
  return { ended, asked: () => signals.emit('SIGTERM') };
}

const failedWith = (reason: string) => ({
  error: { code: 'CAEP_TEMPORAL_FAILED', fields: { address: 'temporal:7233', reason } },
});

describe('making workers', () => {
  it('tells of a server that has gone away since it was connected, in the catalogue’s words', async () => {
    const away = () => Promise.reject(new TransportError('Namespace default could not be described: Unavailable'));
    await expect(makeWorkers(away, 'temporal:7233')).rejects.toMatchObject({
      error: {
        code: 'CAEP_TEMPORAL_FAILED',
        fields: {
          address: 'temporal:7233',
          reason: 'the worker was not started: Namespace default could not be described: Unavailable',
        },
      },
    });
  });

  it('leaves a fault of another kind as it is', async () => {
    const fault = new TypeError('no task queue');
    await expect(makeWorkers(() => Promise.reject(fault), 'temporal:7233')).rejects.toBe(fault);
  });
});

describe('workers of one process', () => {
  it('end whole when they are asked to', async () => {
    const workers = [worker(), worker()];
    const { ended, asked } = running(workers);
    asked();
    await ended;
    expect(workers.map((one) => one.getState())).toEqual(['STOPPED', 'STOPPED']);
  });

  it('end together when one cannot go on, and its reason is told', async () => {
    const [source, forwarder] = [worker(), worker()];
    const { ended } = running([source, forwarder]);
    forwarder.fail(new Error('out of memory'));
    await expect(ended).rejects.toMatchObject(failedWith('the worker cannot continue: out of memory'));
    expect(source.getState()).toBe('STOPPED');
  });

  it('tell the reason that the SDK said, not the fault of the end that hides it', async () => {
    const failing = worker();
    const { ended } = running([failing, worker()], { said: () => new Error('malformed completion') });
    failing.fail(new Error('Worker still in use: Expected 1 reference, but got 2'));
    await expect(ended).rejects.toMatchObject(failedWith('the worker cannot continue: malformed completion'));
  });

  it('end although the one that has stopped never says so, as an activity of it does not return', async () => {
    const [stuck, other] = [worker({ activities: 1, ends: false }), worker()];
    const { ended } = running([stuck, other], { said: () => new Error('malformed completion') });
    stuck.stop();
    await expect(ended).rejects.toMatchObject(failedWith('the worker cannot continue: malformed completion'));
    expect(other.getState()).toBe('STOPPED');
  });

  it('that have stopped with nobody asking are no whole end', async () => {
    const stopping = worker();
    const { ended } = running([stopping]);
    stopping.shutdown();
    await expect(ended).rejects.toMatchObject(
      failedWith('the worker cannot continue: the worker of events has stopped'),
    );
  });

  it('are given up when they do not end, and named with what they do', async () => {
    const workers = [
      worker({ activities: 2, ends: false }),
      worker({ taskQueue: 'sources', ends: false }),
      worker({ taskQueue: 'others' }),
    ];
    const { ended, asked } = running(workers);
    asked();
    const parts = 'activities of events (2), Temporal’s answer to the end of sources';
    await expect(ended).rejects.toMatchObject({ error: { code: 'CAEP_END_INCOMPLETE', fields: { parts } } });
  });
});

describe('a worker that may not poll any more', () => {
  const gone = codedError('CAEP_TEMPORAL_NAMESPACE_UNKNOWN', { address: 'temporal:7233', namespace: 'chat' });

  it('ends with what Temporal says of the namespace', async () => {
    const polling = worker();
    const { ended } = running([polling], { check: () => Promise.reject(gone) });
    polling.fail(new TransportError('Namespace chat is not found.'));
    await expect(ended).rejects.toBe(gone);
  });

  it.each([
    ['takes every other call', () => Promise.resolve()],
    ['does not answer', () => Promise.reject(codedError('CAEP_TEMPORAL_UNREACHABLE', { address: 'temporal:7233' }))],
  ])('ends with the words of the refusal where Temporal %s', async (_what, check) => {
    const polling = worker();
    const { ended } = running([polling], { check });
    polling.fail(new TransportError('Request unauthorized.'));
    const reason = 'this worker may not poll any more: Request unauthorized.';
    await expect(ended).rejects.toMatchObject({ error: { code: 'CAEP_TEMPORAL_REFUSED', fields: { reason } } });
  });
});

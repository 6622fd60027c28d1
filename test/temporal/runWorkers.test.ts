import { TransportError } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { closeAll } from '../../src/process/closing.js';
import { makeWorkers, runWorkers } from '../../src/temporal/runWorkers.js';

type State = ReturnType<Parameters<typeof runWorkers>[0][number]['getState']>;

/** A worker that runs until it is shut down, or told to fail. */
function worker() {
  let state: State = 'RUNNING';
  let run: { resolve: () => void; reject: (error: Error) => void } | undefined;
  return {
    run: () => new Promise<void>((resolve, reject) => (run = { resolve, reject })),
    shutdown() {
      state = 'STOPPED';
      run?.resolve();
    },
    getState: () => state,
    fail(error: Error) {
      state = 'FAILED';
      run?.reject(error);
    },
  };
}

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
  it('end together when one cannot go on, and its reason is told', async () => {
    const [source, forwarder] = [worker(), worker()];
    const running = runWorkers([source, forwarder], 'temporal:7233');
    forwarder.fail(new Error('namespace chat is not found'));
    await expect(running).rejects.toMatchObject({
      error: {
        code: 'CAEP_TEMPORAL_FAILED',
        fields: { address: 'temporal:7233', reason: 'the worker cannot continue: namespace chat is not found' },
      },
    });
    expect(source.getState()).toBe('STOPPED');
  });

  it('finish what they have in hand before the reason is told', async () => {
    const events: string[] = [];
    const [failing, slow] = [worker(), worker()];
    const asked = { ...slow, shutdown: () => events.push('asked') };
    const running = runWorkers([failing, asked], 'temporal:7233').catch(() => events.push('told'));
    failing.fail(new Error('away'));
    await new Promise(setImmediate);
    events.push('finished');
    slow.shutdown();
    await running;
    expect(events).toEqual(['asked', 'finished', 'told']);
  });

  it('do not wait for ever for one that does not end', async () => {
    const failing = worker();
    const running = runWorkers([failing, { ...worker(), shutdown: () => undefined }], 'temporal:7233', 10);
    failing.fail(new Error('away'));
    await expect(running).rejects.toThrow('away');
  });
});

describe('what cannot be closed at the end', () => {
  it('hides neither the reason of the end nor the parts after it', async () => {
    const closed: string[] = [];
    const warned: unknown[] = [];
    const parts = {
      temporal: () => Promise.reject(new Error('workers hold a reference')),
      database: () => Promise.resolve(closed.push('database')),
    };
    await closeAll(parts, { warn: (line: unknown) => warned.push(line) } as never);
    expect(closed).toEqual(['database']);
    expect(warned).toEqual([{ part: 'temporal', reason: 'workers hold a reference' }]);
  });
});

import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { closeAll } from '../../src/process/closing.js';
import { type Ending, LAST_WORDS_MS, untilEnd } from '../../src/process/ending.js';

const BOUND_MS = 300;
const never = new Promise<never>(() => undefined);

/** A process, and what has become of it. */
function started(main: (ending: Ending) => Promise<void>) {
  const signals = new EventEmitter();
  const exits: number[] = [];
  const ended = untilEnd('worker', main, {
    signals,
    exit: (code) => exits.push(code),
    endsWithinMs: LAST_WORDS_MS + BOUND_MS,
  });
  // A test may look at nothing but how it exits.
  ended.catch(() => undefined);
  return { signals, exits, ended };
}

/** One that serves until it is to end, and then does what is given. */
function serving(end: (ending: Ending) => Promise<void> = async () => undefined) {
  return started(async (ending) => {
    ending.serves();
    await once(ending.begun, 'abort');
    await end(ending);
  });
}

const incomplete = (parts: string) => ({
  error: { code: 'CAEP_END_INCOMPLETE', fields: { process: 'worker', parts } },
});

describe('a process that is asked to end', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('by %s ends whole once everything has ended', async (signal) => {
    const { signals, ended, exits } = serving((ending) => ending.bring(() => 'events', Promise.resolve(), 100));
    signals.emit(signal);
    await expect(ended).resolves.toBeUndefined();
    expect(exits).toEqual([]);
  });

  it('before it serves ends at once', () => {
    const { signals, exits } = started(() => never);
    signals.emit('SIGTERM');
    expect(exits).toEqual([0]);
  });

  it('goes on when a part does not end in its time, and names it', async () => {
    const closed: string[] = [];
    const { signals, ended } = serving(async (ending) => {
      await ending.bring(() => 'activities (2)', never, 20);
      await closeAll({ database: async () => void closed.push('database') }, ending, { warn: () => undefined });
    });
    signals.emit('SIGTERM');
    await expect(ended).rejects.toMatchObject(incomplete('activities (2)'));
    expect(closed).toEqual(['database']);
  });

  it('ends within the bound, whatever it waits for', async () => {
    const { signals, ended } = serving((ending) => ending.bring(() => 'database', never, 60_000));
    const askedMs = performance.now();
    signals.emit('SIGTERM');
    await expect(ended).rejects.toMatchObject(incomplete('database'));
    expect(performance.now() - askedMs).toBeGreaterThanOrEqual(BOUND_MS - 1);
    const unnamed = serving(() => never);
    unnamed.signals.emit('SIGTERM');
    await expect(unnamed.ended).rejects.toMatchObject(incomplete('the process'));
  });

  it('does not take for a second Ctrl-C what npm passes on', () => {
    const { signals, exits } = serving(() => never);
    signals.emit('SIGINT');
    signals.emit('SIGINT');
    expect(exits).toEqual([]);
  });
});

describe('a process that cannot go on', () => {
  const first = new Error('the namespace is gone');

  it('ends with the first reason, whatever comes after it', async () => {
    const { signals, ended } = serving(async (ending) => {
      ending.fail(first);
      ending.fail(new Error('a consequence'));
      await ending.bring(() => 'activities', never, 20);
      throw new Error('another one');
    });
    signals.emit('SIGTERM');
    await expect(ended).rejects.toBe(first);
  });

  it('is not whole although a signal asks for the end afterwards', async () => {
    const { signals, ended } = started(async (ending) => {
      ending.serves();
      ending.fail(first);
      await ending.bring(() => 'activities', never, 20);
    });
    signals.emit('SIGTERM');
    await expect(ended).rejects.toBe(first);
  });

  it('ends within the bound as well', async () => {
    const { ended } = started(async (ending) => {
      ending.serves();
      ending.fail(first);
      await never;
    });
    await expect(ended).rejects.toBe(first);
  });

  it('before it serves says why', async () => {
    await expect(started(() => Promise.reject(first)).ended).rejects.toBe(first);
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
    const { signals, ended } = serving((ending) =>
      closeAll(parts, ending, { warn: (line: unknown) => warned.push(line) } as never),
    );
    signals.emit('SIGTERM');
    await ended;
    expect(closed).toEqual(['database']);
    expect(warned).toEqual([{ part: 'temporal', reason: 'workers hold a reference' }]);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { type Service, supervise } from '../../src/dev/supervisor.js';

/** Services that only write down what happens to them. */
function stage() {
  const events: string[] = [];
  const exits = new Map<string, () => void>();
  /** @param failing numbers of the starts that fail, from 1 */
  const service = (name: string, failing: readonly number[] = []): Service => {
    let starts = 0;
    return {
      name,
      start: async () => {
        starts += 1;
        events.push(`${name} ${failing.includes(starts) ? 'fails' : 'starts'}`);
        if (failing.includes(starts)) throw new Error(`${name} cannot`);
        let exit = (): void => undefined;
        const exited = new Promise<void>((resolve) => (exit = resolve));
        exits.set(name, exit);
        const stop = async () => {
          events.push(`${name} stops`);
          exit();
        };
        return { exited, stop };
      },
    };
  };
  const said: string[] = [];
  const options = { onSpawned: () => undefined, log: (line: string) => said.push(line), firstBackoffMs: 10 };
  return { events, said, options, service, die: (name: string) => exits.get(name)?.() };
}

describe('the supervisor', () => {
  it('starts in order and ends in reverse order', async () => {
    const { events, options, service } = stage();
    const supervisor = await supervise({ ...options, stages: [[service('a')], [service('b')], [service('c')]] });
    await supervisor.stop();
    expect(events).toEqual(['a starts', 'b starts', 'c starts', 'c stops', 'b stops', 'a stops']);
  });

  it('starts one that dies again, and the others stay', async () => {
    const { events, options, service, said, die } = stage();
    const supervisor = await supervise({ ...options, stages: [[service('a')], [service('b')]] });
    onTestFinished(() => supervisor.stop());
    die('a');
    await expect.poll(() => said).toContain('a is running again');
    expect(events).toEqual(['a starts', 'b starts', 'a starts']);
  });

  it('waits twice as long after each start that fails', async () => {
    const { options, service, said, die } = stage();
    const supervisor = await supervise({ ...options, stages: [[service('a', [2, 3])]] });
    onTestFinished(() => supervisor.stop());
    die('a');
    await expect.poll(() => said).toContain('a is running again');
    expect(said).toEqual([
      'a has stopped; starting it again in 0.01 s',
      'a did not start: a cannot',
      'a has stopped; starting it again in 0.02 s',
      'a did not start: a cannot',
      'a has stopped; starting it again in 0.04 s',
      'a is running again',
    ]);
  });

  it('stops what runs already when a first start fails, and passes the reason on', async () => {
    const { events, options, service } = stage();
    const stages = [[service('a')], [service('b', [1])], [service('c')]];
    await expect(supervise({ ...options, stages })).rejects.toThrow('b cannot');
    expect(events).toEqual(['a starts', 'b fails', 'a stops']);
  });

  it('stops what started beside the one that fails', async () => {
    const { events, options, service } = stage();
    const stages = [[service('a'), service('b', [1])]];
    await expect(supervise({ ...options, stages })).rejects.toThrow('b cannot');
    expect(events).toEqual(['a starts', 'b fails', 'a stops']);
  });

  it('waits for nothing that takes long beside the one that fails', async () => {
    const { options, service } = stage();
    const slow: Service = {
      name: 'built for minutes',
      start: (_spawned, signal) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('of a start that was ended'))),
        ),
    };
    await expect(supervise({ ...options, stages: [[slow, service('b', [1])]] })).rejects.toThrow('b cannot');
  });

  it('stops half way when it is interrupted', async () => {
    const { events, options, service } = stage();
    const interruption = new AbortController();
    const interrupting: Service = {
      name: 'b',
      start: (spawned) => {
        interruption.abort();
        return service('b').start(spawned);
      },
    };
    const stages = [[service('a')], [interrupting], [service('c')]];
    await expect(supervise({ ...options, stages, signal: interruption.signal })).rejects.toThrow('aborted');
    expect(events).toEqual(['a starts', 'b starts', 'b stops', 'a stops']);
  });

  it('does not restart anything once it is being ended', async () => {
    const { events, options, service, die, said } = stage();
    const supervisor = await supervise({ ...options, firstBackoffMs: 60_000, stages: [[service('a')]] });
    die('a');
    await expect.poll(() => said).toHaveLength(1);
    await supervisor.stop();
    expect(events).toEqual(['a starts']);
  });
});

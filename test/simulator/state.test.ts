import { describe, expect, test } from 'vitest';
import { createState, INSTALLATION, type Change } from '../../simulator/state/state.js';

const SCOPE = { orgId: 'org', sandboxName: 'prod' };

/** Keeps what was written; each write waits for `release`. */
function slowSink() {
  const batches: Array<readonly Change[]> = [];
  const waiting: Array<() => void> = [];
  return {
    batches,
    release: () => waiting.shift()?.(),
    sink: {
      write: (changes: readonly Change[]) =>
        new Promise<void>((resolve) => {
          batches.push(changes);
          waiting.push(resolve);
        }),
    },
  };
}

const summary = (batches: ReadonlyArray<readonly Change[]>) =>
  batches.map((batch) => batch.map(({ id, json }) => `${id}=${json}`));

describe('writes', () => {
  test('of one turn are committed together, in their order; later ones after them', async () => {
    const { batches, release, sink } = slowSink();
    const state = createState(sink);
    const things = state.collection<number>('things');
    things.put(SCOPE, 'a', 1);
    things.put(SCOPE, 'b', 2);
    const first = state.flushed();
    await Promise.resolve();
    things.put(SCOPE, 'a', 3);
    things.delete(SCOPE, 'b');
    const second = state.flushed();
    expect(summary(batches)).toEqual([['a=1', 'b=2']]);
    release();
    await first;
    await expect.poll(() => batches.length).toBe(2);
    expect(summary(batches)[1]).toEqual(['a=3', 'b=undefined']);
    let isDone = false;
    void second.then(() => (isDone = true));
    await Promise.resolve();
    expect(isDone).toBe(false);
    release();
    await second;
  });

  test('are waited for by everybody who asks, also who only reads', async () => {
    const { release, sink } = slowSink();
    const state = createState(sink);
    state.collection<number>('things').put(SCOPE, 'a', 1);
    let readerAnswered = false;
    const reader = state.flushed().then(() => (readerAnswered = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(readerAnswered).toBe(false);
    release();
    await reader;
    expect(readerAnswered).toBe(true);
  });
});

test('what was loaded is there in its order, and new objects come after it', () => {
  const loaded = ['c', 'a'].map((id, index) => ({
    kind: 'things',
    scope: SCOPE,
    id,
    sequence: index + 5,
    json: `"${id}"`,
  }));
  const things = createState(undefined, loaded).collection<string>('things');
  things.put(SCOPE, 'b', 'b');
  things.put(SCOPE, 'c', 'C');
  expect(things.list(SCOPE)).toEqual(['C', 'a', 'b']);
});

test('scopes are apart, watchers are told of every change, a clear spares what it is told to', () => {
  const state = createState();
  const things = state.collection<number>('things');
  const kept = state.collection<number>('kept');
  const seen: Array<[string, number | undefined]> = [];
  things.watch((_, id, value) => seen.push([id, value]));
  things.put(SCOPE, 'a', 1);
  things.put({ ...SCOPE, sandboxName: 'dev' }, 'a', 2);
  kept.put(INSTALLATION, 'k', 3);
  expect(things.list(SCOPE)).toEqual([1]);
  expect(things.delete(SCOPE, 'nothing')).toBe(false);
  state.clear(['kept']);
  expect([things.all(), kept.list(INSTALLATION)]).toEqual([[], [3]]);
  expect(seen).toEqual([
    ['a', 1],
    ['a', 2],
    ['a', undefined],
    ['a', undefined],
  ]);
});

import { describe, expect, it } from 'vitest';
import { withBench } from './bench.js';

describe('drain', () => {
  const bench = withBench();

  it('delivers every event of the log once and moves the cursor to its end', async () => {
    const { open, log, drain, inlet, cursor, exceptions } = bench();
    await open();
    const ids = await log(1_000);
    expect(await drain().report).toMatchObject({ accepted: 1_000, notAccepted: 0, end: { kind: 'idle' } });
    expect([...inlet.posts.keys()].sort()).toEqual(ids.sort());
    expect(new Set(inlet.posts.values())).toEqual(new Set([1]));
    expect(await cursor()).toMatchObject({ cursor_seq: 1_000, undecided: 0, accepted_count: 1_000, holder: null });
    expect(await exceptions()).toEqual([]);
  });
});

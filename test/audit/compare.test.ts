import { array, assert, asyncProperty, integer, property, string, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { join, none } from '../../src/audit/merge.js';
import { standingOf } from '../../src/audit/standing.js';
import { verdictOf } from '../../src/audit/verdict.js';
import { emptyWindow, intend, record, stateOf } from '../../src/domain/delivery/cursor.js';

async function* stream(ids: readonly string[]) {
  for (const id of ids) yield { id };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the join', () => {
  it('pairs equal ids and keeps every other, in order', async () => {
    const ids = uniqueArray(string({ minLength: 1, maxLength: 2 }));
    await assert(
      asyncProperty(ids, ids, async (left, right) => {
        const [a, b] = [[...left].sort(), [...right].sort()].map((list) => list.sort((x, y) => (x < y ? -1 : 1)));
        const pairs = await all(join(stream(a ?? []), stream(b ?? [])));
        expect(pairs.flatMap((pair) => (pair.a === undefined ? [] : [pair.id]))).toEqual(a);
        expect(pairs.flatMap((pair) => (pair.b === undefined ? [] : [pair.id]))).toEqual(b);
        expect(new Set(pairs.map(({ id }) => id)).size).toBe(pairs.length);
      }),
    );
  });

  it('refuses a stream that is out of order, or has an id twice', async () => {
    await expect(all(join(stream(['b', 'a']), none()))).rejects.toThrow('not in the order');
    await expect(all(join(none(), stream(['a', 'a'])))).rejects.toThrow('not in the order');
  });
});

describe('the verdict', () => {
  it.each([
    [{ journal: true, standing: 'accepted', lake: 1 }, 'confirmed'],
    [{ journal: false, standing: 'accepted', lake: 0 }, 'absent'],
    [{ journal: false, standing: 'accepted' }, 'accepted'],
    [{ journal: false, standing: 'accepted', lake: 2 }, 'repeated'],
    [{ journal: false, standing: 'abandoned', lake: 2 }, 'repeated'],
    [{ journal: false, standing: 'waiting', lake: 0 }, 'waiting'],
    [{ journal: false, standing: 'waiting', lake: 1 }, 'waiting'],
    [{ journal: false, standing: 'undecided', lake: 1 }, 'undecided'],
    [{ journal: false, standing: 'replaced', lake: 0 }, 'replaced'],
    [{ journal: false, standing: 'marked-delivered', lake: 0 }, 'marked-delivered'],
    [{ journal: false, standing: 'marked-delivered', lake: 2 }, 'repeated'],
    [{ journal: true, lake: 0 }, 'not-in-the-log'],
    [{ journal: true, lake: 1 }, 'not-in-the-log'],
    [{ journal: false, lake: 1 }, 'stranger'],
  ] as const)('of %j is %s', (sides, verdict) => {
    expect(verdictOf(sides)).toBe(verdict);
  });
});

describe('the standing', () => {
  const NO_EXCEPTION = { nextAction: null, resolution: null, decision: null };
  const partition = { cursor: 10, intended: 14, decided: Uint8Array.of(0b0100) };
  it.each([
    [10, 'accepted'],
    [11, 'waiting'],
    [13, 'accepted'],
    [14, 'waiting'],
    [15, 'waiting'],
  ])('of number %i is %s', (seq, standing) => {
    expect(standingOf(seq, partition)).toBe(standing);
  });

  it.each([
    [{ state: 'held' }, 'undecided'],
    [{ state: 'held', decision: 'resend' }, 'undecided'],
    [{ state: 'waiting', nextAction: 'look-up' }, 'undecided'],
    [{ state: 'waiting', nextAction: 'resend' }, 'waiting'],
    [{ state: 'sending' }, 'waiting'],
    [{ state: 'resolved', resolution: 'delivered' }, 'accepted'],
    [{ state: 'resolved', resolution: 'delivered', decision: 'resend' }, 'accepted'],
    [{ state: 'resolved', resolution: 'delivered', decision: 'mark-delivered' }, 'marked-delivered'],
    [{ state: 'resolved', resolution: 'abandoned', decision: 'abandon' }, 'abandoned'],
    [{ state: 'resolved', resolution: 'replaced', decision: 'reparse' }, 'replaced'],
  ])('of the exception %j is %s', (exception, standing) => {
    expect(standingOf(3, partition, { ...NO_EXCEPTION, ...exception })).toBe(standing);
  });

  it('is read from the cursor as the sender writes it', () => {
    assert(
      property(array(integer({ min: 5, max: 40 })), array(integer({ min: 5, max: 40 })), (sent, done) => {
        const seqs = [...new Set(sent)].sort((a, b) => a - b);
        const window = record(intend(emptyWindow(4), { seqs }), { decided: done, withdrawn: [] });
        for (let seq = 1; seq <= 41; seq += 1) {
          const isAccepted = ['passed', 'decided'].includes(stateOf(window, seq));
          expect(standingOf(seq, window) === 'accepted').toBe(isAccepted);
        }
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { AT_FIRST, sequenceOf, unlike } from '../../../chaos/life/sequences/model.js';
import { createRandom } from '../../../chaos/stack/random.js';

const sequences = Array.from({ length: 50 }, (_, seed) => sequenceOf(createRandom(seed), 12));

describe('a random sequence', () => {
  it('is the same for the same seed, and begins with a provision', () => {
    expect(sequenceOf(createRandom(7), 12)).toEqual(sequences[7]);
    expect(new Set(sequences.map(([first]) => first?.move.name))).toEqual(new Set(['provision']));
  });

  it('makes only moves that are possible, and has others refused', () => {
    let refused = 0;
    for (const sequence of sequences) {
      let model = AT_FIRST;
      for (const { move, isRefused } of sequence) {
        expect(move.isAllowed(model)).toBe(!isRefused);
        refused += isRefused ? 1 : 0;
        if (!isRefused) model = move.after(model);
      }
      expect(model).toMatchObject({ phase: 'live', paused: false });
    }
    expect(refused).toBeGreaterThan(20);
  });
});

it('what is there is compared with what should be', () => {
  const stays = ['dataset', 'field-group', 'identity-descriptor', 'mapping-set', 'schema'];
  const gone = { ...AT_FIRST, phase: 'torn down' } as const;
  expect(unlike(gone, { edition: 0, steps: stays, gateOpen: false, routes: 0 })).toEqual([]);
  expect(unlike(gone, { edition: 1, steps: [...stays, 'flow'], gateOpen: true, routes: 5 })).toEqual([
    'edition: 1, expected 0',
    expect.stringMatching(/^steps: /),
    'gateOpen: true, expected false',
    'routes: 5, expected 0',
  ]);
});

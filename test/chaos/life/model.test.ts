import { describe, expect, it } from 'vitest';
import {
  adopted,
  AT_FIRST,
  cutOff,
  drifted,
  isDrifted,
  isSending,
  type Model,
  provisioned,
  repaired,
  type Seen,
  tornDown,
  unlike,
  unlikeDrift,
} from '../../../chaos/life/sequences/model.js';
import { afterMove, MOVES, sequenceOf } from '../../../chaos/life/sequences/moves.js';
import { createRandom } from '../../../chaos/stack/random.js';

const sequences = Array.from({ length: 200 }, (_, seed) => sequenceOf(createRandom(seed), 12));

describe('a random sequence', () => {
  it('is the same for the same seed, and begins with a source that is made', () => {
    expect(sequenceOf(createRandom(7), 12)).toEqual(sequences[7]);
    const made = sequences.map((moves) => moves.find(({ refusedWith }) => refusedWith === undefined)?.move.name);
    expect(new Set(made)).toEqual(new Set(['provision', 'adopt']));
  });

  it('makes only moves that are possible, has others refused, and leaves nothing unsent', () => {
    for (const sequence of sequences) {
      let model: Model = AT_FIRST;
      for (const planned of sequence) {
        const { move, refusedWith } = planned;
        expect(move.isAllowed(model)).toBe(refusedWith === undefined);
        expect(refusedWith === undefined || move.refusedWith?.(model) === refusedWith).toBe(true);
        model = afterMove(planned, model);
      }
      expect([model.phase, isSending(model), isDrifted(model)]).toEqual(['live', true, false]);
    }
  });

  it('has every move among two hundred, and every one that can be refused refused', () => {
    const all = sequences.flat();
    const names = (refused: boolean) =>
      new Set(all.filter(({ refusedWith }) => (refusedWith !== undefined) === refused).map(({ move }) => move.name));
    expect(names(false)).toEqual(new Set(MOVES.map(({ name }) => name)));
    expect(names(true)).toEqual(
      new Set(MOVES.filter(({ refusedWith }) => refusedWith !== undefined).map(({ name }) => name)),
    );
  });
});

const STAYS = ['dataset', 'field-group', 'identity-descriptor', 'mapping-set', 'schema'];
const BY_HAND = ['dataset', 'field-group', 'mapping-set', 'schema', 'source-connection', 'target-connection'];

describe('what should be', () => {
  const seen = (steps: readonly string[], more: Partial<Seen> = {}): Seen => ({
    edition: 0,
    steps: steps.toSorted(),
    flows: [],
    gateOpen: false,
    routes: 0,
    ...more,
  });

  it('is compared with what is there', () => {
    const gone = tornDown(provisioned(AT_FIRST));
    expect(unlike(gone, seen(STAYS))).toEqual([]);
    const found = seen([...STAYS, 'flow'], { edition: 1, flows: ['ours enabled'], gateOpen: true, routes: 5 });
    expect(unlike(gone, found)).toEqual([
      'edition: 1, expected 0',
      expect.stringMatching(/^steps: /),
      'flows: ours enabled, expected ',
      'gateOpen: true, expected false',
      'routes: 5, expected 0',
    ]);
  });

  it('after the teardown of an adopted source is all that was adopted, unless that is to go too', () => {
    const live = adopted(AT_FIRST);
    const whole = seen([...BY_HAND, 'flow'], { flows: ['theirs enabled'] });
    expect(unlike(tornDown(live), whole)).toEqual([]);
    const withData = BY_HAND.filter((step) => STAYS.includes(step));
    expect(unlike(tornDown(live, { includeAdopted: true }), seen(withData))).toEqual([]);
  });

  it('after a repair is what was deleted, made by us, which goes with the source', () => {
    const torn = cutOff(adopted(AT_FIRST), 'source-connection');
    expect(torn).toMatchObject({ drift: ['flow gone', 'source-connection gone'], mayHaveLost: true });
    const live = repaired(torn);
    const found = seen([...BY_HAND, 'flow'], { flows: ['ours enabled'], gateOpen: true, routes: 5 });
    expect(unlike(live, found)).toEqual([]);
    const left = BY_HAND.filter((step) => step !== 'source-connection');
    expect(unlike(tornDown(live), seen(left))).toEqual([]);
  });
});

it('what drift tells is what somebody has changed, no more and no less', () => {
  const model = { ...drifted(provisioned(AT_FIRST), 'flow changed'), isRenamed: true };
  expect(unlikeDrift(model, ['dataset changed', 'flow changed', 'flow changed'])).toEqual([]);
  expect(unlikeDrift(model, ['flow changed'])).toEqual([
    'drift tells: flow changed; it should be: dataset changed, flow changed',
  ]);
});

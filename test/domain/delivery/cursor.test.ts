import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countUndecided,
  type CursorWindow,
  emptyWindow,
  intend,
  record,
  restoreWindow,
  sequencesIn,
  type SequenceState,
  stateOf,
} from '../../../src/domain/delivery/cursor.js';

const none = { decided: [], withdrawn: [] };

describe('cursor', () => {
  it('moves over the decided prefix only', () => {
    const sent = intend(emptyWindow(10), { seqs: [11, 12, 13, 14] });
    const outOfOrder = record(sent, { ...none, decided: [12, 14] });
    expect(outOfOrder.cursor).toBe(10);
    expect(sequencesIn(outOfOrder, 'undecided')).toEqual([11, 13]);
    const first = record(outOfOrder, { ...none, decided: [11] });
    expect(first.cursor).toBe(12);
    expect(record(first, { ...none, decided: [13] })).toMatchObject({ cursor: 14, intended: 14 });
  });

  it('does not pass a withdrawn event, and a later intent sends it', () => {
    const withdrawn = record(intend(emptyWindow(0), { seqs: [1, 2] }), { decided: [2], withdrawn: [1] });
    expect([withdrawn.cursor, stateOf(withdrawn, 1), countUndecided(withdrawn)]).toEqual([0, 'withdrawn', 0]);
    const again = intend(withdrawn, { seqs: [1] });
    expect([stateOf(again, 1), again.intended]).toEqual(['undecided', 2]);
    expect(record(again, { ...none, decided: [1] }).cursor).toBe(2);
  });

  it('passes numbers that no event has', () => {
    const window = intend(emptyWindow(0), { seqs: [2, 5], absent: [1, 3, 4] });
    expect(sequencesIn(window, 'undecided')).toEqual([2, 5]);
    expect(record(window, { ...none, decided: [2] }).cursor).toBe(4);
  });

  it('keeps an event that an intent skipped for a later one', () => {
    const window = intend(emptyWindow(0), { seqs: [1, 3] });
    expect(stateOf(window, 2)).toBe('withdrawn');
  });

  it('takes no notice of outcomes of what is passed, was never intended, or is decided already', () => {
    const window = record(intend(emptyWindow(2), { seqs: [3, 4] }), { ...none, decided: [4] });
    expect(record(window, { decided: [1, 2, 9], withdrawn: [1, 4, 9] })).toEqual(window);
    expect(record(record(window, { decided: [], withdrawn: [4] }), { ...none, decided: [3] }).cursor).toBe(4);
  });

  it('does not send again what is passed, though an intent names it', () => {
    const passed = emptyWindow(10);
    expect(sequencesIn(intend(passed, { seqs: [2, 10, 11], absent: [3, 10] }), 'undecided')).toEqual([11]);
    expect(intend(passed, { seqs: [], absent: [9, 10] })).toEqual(passed);
  });

  it('leaves an empty map when everything is passed', () => {
    const window = record(intend(emptyWindow(7), { seqs: [8, 9] }), { ...none, decided: [8, 9] });
    expect([window.decided.length, window.withdrawn.length]).toEqual([0, 0]);
  });

  it('drops bits of an intent that was not granted', () => {
    const before = intend(emptyWindow(0), { seqs: [1] });
    const wanted = intend(before, { seqs: [2], absent: [3] });
    const stored = restoreWindow({ ...wanted, intended: before.intended });
    expect(intend(stored, { seqs: [2, 3] })).toMatchObject({ cursor: 0, intended: 3 });
    expect(sequencesIn(intend(stored, { seqs: [2, 3] }), 'undecided')).toEqual([1, 2, 3]);
  });

  it('drops them and no others where the cursor has moved', () => {
    const before = record(intend(emptyWindow(100), { seqs: [101, 102, 103] }), { decided: [103], withdrawn: [102] });
    const wanted = intend(before, { seqs: [104], absent: [105, 106] });
    const stored = restoreWindow({ ...wanted, intended: before.intended });
    expect([101, 102, 103, 104].map((seq) => stateOf(stored, seq))).toEqual([
      'undecided',
      'withdrawn',
      'decided',
      'ahead',
    ]);
    expect(sequencesIn(intend(stored, { seqs: [104, 105, 106] }), 'undecided')).toEqual([101, 104, 105, 106]);
  });

  it('covers numbers at the end of an intent that no event has', () => {
    const window = intend(emptyWindow(3), { seqs: [4], absent: [5, 6] });
    expect([window.intended, stateOf(window, 6), stateOf(window, 7)]).toEqual([6, 'decided', 'ahead']);
    expect(record(window, { ...none, decided: [4] })).toMatchObject({ cursor: 6, intended: 6 });
  });

  it.each([7, 8, 9, 16, 19])('keeps the states of what is behind %i events that it passes at once', (passed) => {
    const seqs = Array.from({ length: 24 }, (_, i) => i + 1);
    const sent = intend(emptyWindow(0), { seqs });
    const window = record(sent, { decided: [...seqs.slice(0, passed), passed + 2], withdrawn: [passed + 3, 24] });
    expect(window.cursor).toBe(passed);
    expect(sequencesIn(window, 'decided')).toEqual([passed + 2]);
    expect(sequencesIn(window, 'withdrawn')).toEqual([passed + 3, 24]);
  });
});

/** The same rules over a plain map, to compare with. */
class Model {
  readonly states = new Map<number, 'decided' | 'withdrawn' | 'undecided'>();
  intended = 0;

  intend(seqs: readonly number[], absent: readonly number[]) {
    const last = Math.max(this.intended, ...seqs, ...absent);
    for (let seq = this.intended + 1; seq <= last; seq += 1) this.states.set(seq, 'withdrawn');
    for (const seq of seqs) if (this.states.get(seq) !== 'decided') this.states.set(seq, 'undecided');
    for (const seq of absent) this.states.set(seq, 'decided');
    this.intended = last;
  }

  record(decided: readonly number[], withdrawn: readonly number[]) {
    for (const seq of withdrawn) if (this.states.get(seq) === 'undecided') this.states.set(seq, 'withdrawn');
    for (const seq of decided) if (this.states.has(seq)) this.states.set(seq, 'decided');
  }

  get cursor() {
    let cursor = 0;
    while (this.states.get(cursor + 1) === 'decided') cursor += 1;
    return cursor;
  }

  stateOf(seq: number): SequenceState {
    if (seq <= this.cursor) return 'passed';
    return this.states.get(seq) ?? 'ahead';
  }
}

/** As a drain does it: withdrawn ones first, then the next of the log, some of which may be gaps. */
function nextIntent(window: CursorWindow, take: number, gaps: boolean) {
  const seqs = sequencesIn(window, 'withdrawn').slice(0, take);
  const absent: number[] = [];
  for (let seq = window.intended + 1; seqs.length < take; seq += 1) {
    if (gaps && seq % 5 === 0) absent.push(seq);
    else seqs.push(seq);
  }
  return { seqs, absent };
}

const stepArbitrary = fc.oneof(
  fc.record({ do: fc.constant('intend' as const), take: fc.integer({ min: 1, max: 40 }), gaps: fc.boolean() }),
  fc.record({
    do: fc.constant('record' as const),
    outcomes: fc.array(fc.constantFrom('decided', 'withdrawn', 'open'), { maxLength: 60 }),
  }),
);

describe('cursor arithmetic', () => {
  it('agrees with a plain map over any history of intents and outcomes', () => {
    fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 40 }), (steps) => {
        let window = emptyWindow(0);
        const model = new Model();
        for (const step of steps) {
          if (step.do === 'intend') {
            const intent = nextIntent(window, step.take, step.gaps);
            window = intend(window, intent);
            model.intend(intent.seqs, intent.absent);
          } else {
            const undecided = sequencesIn(window, 'undecided');
            const having = (wanted: string) => undecided.filter((_seq, i) => step.outcomes[i] === wanted);
            window = record(window, { decided: having('decided'), withdrawn: having('withdrawn') });
            model.record(having('decided'), having('withdrawn'));
          }
          expect(window.cursor).toBe(model.cursor);
          for (let seq = 1; seq <= window.intended + 2; seq += 1) expect(stateOf(window, seq)).toBe(model.stateOf(seq));
          expect(countUndecided(window)).toBe(sequencesIn(window, 'undecided').length);
          expect(restoreWindow(window)).toMatchObject({ cursor: window.cursor, intended: window.intended });
        }
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { eventIdOf, explainedErrors } from '../../../src/domain/delivery/failedRecords.js';
import { hasFailures, runStateOf } from '../../../src/domain/delivery/flowRuns.js';

const ID = 'ab'.repeat(32);
const violation = (changes: object) => ({
  schemaLocation: '#',
  pointerToViolation: '#',
  causingExceptions: [],
  message: 'm',
  ...changes,
});

describe('why a record failed', () => {
  it.each([
    [{ _errors: { _mapper: [{ code: 'MAPPER-3700-400', message: 'm' }] } }, 'the mapping could not be applied to it'],
    [{ _errors: { _streamingValidation: [{ message: 'm' }] } }, 'the message does not have the form'],
    [{ _errors: [{ code: 'DCVS-1106-400' }] }, 'a value is none of those'],
    [{ _errors: { _new: [{ code: 'DCVS-1999-400' }] } }, 'does not fit the schema'],
    [{ _errors: { _new: [{ message: 'm' }] } }, 'Adobe refused it'],
    [{ _validationErrors: [violation({ keyword: 'type' })] }, 'another type than its field'],
    [{ _validationErrors: [violation({ keyword: 'constructor' })] }, 'does not fit the schema'],
    [{ _validationErrors: 'none', _errors: 7 }, 'Adobe gives no reason'],
    [{}, 'Adobe gives no reason'],
  ])('%j', (record, words) => {
    const [error, ...others] = explainedErrors(record);
    expect(error?.explanation).toContain(words);
    expect(others).toEqual([]);
  });

  it('names the field, of each violation that stands behind one that only counts them, each once', () => {
    const missing = violation({ keyword: 'required', message: 'required key [timestamp] not found' });
    const typed = violation({ keyword: 'type', pointerToViolation: '#/_acme/rating' });
    const outer = violation({ message: '3 schema violations found', causingExceptions: [missing, typed, typed] });
    expect(explainedErrors({ _validationErrors: [outer] })).toEqual([
      { explanation: 'a field that the schema requires is missing', field: 'timestamp' },
      { explanation: 'a value has another type than its field', field: '_acme.rating' },
    ]);
  });

  it('repeats nothing that may be a text of a visitor', () => {
    const secret = 'my card is 4111';
    const record = {
      message: secret,
      _errors: {
        [secret]: [{ code: secret, message: secret }],
        _mapper: [{ code: 'MAPPER-3700-400', message: secret }],
      },
      _validationErrors: [
        violation({ keyword: secret, message: secret, pointerToViolation: `#/${secret}` }),
        violation({ keyword: 'required', message: `required key [${secret}] not found` }),
      ],
    };
    expect(JSON.stringify(explainedErrors(record))).not.toContain('card');
  });
});

describe('which event it was', () => {
  it.each([
    [{ _id: ID, eventId: 'cd'.repeat(32) }, ID],
    [{ _id: 7, eventId: ID }, ID],
    [{ _errors: [{ message: `record ${ID} failed` }] }, ID],
    [{ _id: 'ab' }, undefined],
  ])('%j', (record, id) => {
    expect(eventIdOf(record)).toBe(id);
  });
});

describe('a run', () => {
  it('has failures by its figure, or by its state where Adobe does not tell the figure', () => {
    expect(hasFailures({ state: 'success', failedRecords: 1 })).toBe(true);
    expect(hasFailures({ state: 'partial-failure', failedRecords: 0 })).toBe(false);
    expect(hasFailures({ state: 'partial-success' })).toBe(true);
    expect(hasFailures({ state: 'completed' })).toBe(false);
  });

  it('is in a state that is known, or unknown', () => {
    expect(['inprogress', 'partialsuccess', 'toString', undefined].map(runStateOf)).toEqual([
      'in-progress',
      'partial-success',
      'unknown',
      'unknown',
    ]);
  });
});

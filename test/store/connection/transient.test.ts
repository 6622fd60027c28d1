import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { codedError } from '../../../src/domain/errors.js';
import { databaseFault } from '../../../src/store/connection/databaseFault.js';
import { isTransient, sqlState } from '../../../src/store/connection/transient.js';

const withCode = (code: string, message = 'refused'): Error => Object.assign(new Error(message), { code });
const refusedBy = (state: string): Error => Object.assign(new DatabaseError('refused', 7, 'error'), { code: state });

describe('what fails because the server is away, busy, full or being replaced', () => {
  it.each([
    ['the connection breaks', withCode('ECONNRESET')],
    ['nobody listens', withCode('ECONNREFUSED')],
    ['no address is reached', new AggregateError([withCode('ECONNREFUSED')])],
    ['a broken pipe, whose code has five letters', withCode('EPIPE')],
    ['it is shut down', refusedBy('57P01')],
    ['a deadlock', refusedBy('40P01')],
    ['it has become a standby', refusedBy('25006')],
    ['its disk is full', refusedBy('53100')],
  ])('is tried again: %s', (_what, error) => {
    expect(isTransient(error)).toBe(true);
  });

  it.each([
    ['a copy that is there already', refusedBy('23505')],
    ['a column that is not there', refusedBy('42703')],
    ['a wrong password', refusedBy('28P01')],
    ['a key that is missing', codedError('CAEP_KEY_MISSING', { keyId: '00000001', file: 'keys.json' })],
  ])('and what a statement or a person has to change is not: %s', (_what, error) => {
    expect(isTransient(error)).toBe(false);
  });
});

it.each([
  ['what the server has refused', refusedBy('40P01'), '40P01'],
  ['a fault of ours that is said as a refusal', withCode('02000'), '02000'],
  ['a broken connection, although its code has five letters', withCode('EPIPE'), undefined],
  ['an answer that did not come', new Error('Query read timeout'), undefined],
  ['no error', { code: '40P01' }, undefined],
])('the state of %s', (_what, error, state) => {
  expect(sqlState(error)).toBe(state);
});

describe('a failure of the database, for people', () => {
  it.each([
    ['CAEP_DATABASE_FULL', refusedBy('53100')],
    ['CAEP_DATABASE_UNREACHABLE', refusedBy('53300')],
    ['CAEP_DATABASE_REFUSED', refusedBy('28P01')],
    ['CAEP_DATABASE_REFUSED', refusedBy('42501')],
    ['CAEP_DATABASE_UNREACHABLE', refusedBy('57P03')],
    ['CAEP_DATABASE_UNREACHABLE', withCode('ENOTFOUND')],
    ['CAEP_DATABASE_UNREACHABLE', new Error('Query read timeout')],
    ['CAEP_DATABASE_UNREACHABLE', new Error('Connection terminated unexpectedly')],
  ])('is %s', (code, error) => {
    expect(databaseFault(error)).toMatchObject({ error: { code }, cause: error });
  });

  it('is none where the statement is wrong, or something else failed: that is a fault of ours', () => {
    expect([refusedBy('42703'), new TypeError('x is not a function'), 'text'].map(databaseFault)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

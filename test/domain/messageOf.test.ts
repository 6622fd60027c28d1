import { expect, it } from 'vitest';
import { messageOf } from '../../src/domain/messageOf.js';

it('whatever was thrown is told in its own words', () => {
  expect([new TypeError('no such table'), 'plain text', undefined].map(messageOf)).toEqual([
    'no such table',
    'plain text',
    'undefined',
  ]);
});

it('an error without a message of its own is told by those that it consists of, or by its name', () => {
  const refused = ['::1', '127.0.0.1'].map((address) => new Error(`connect ECONNREFUSED ${address}:5432`));
  expect(messageOf(new AggregateError(refused))).toBe(
    'connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
  );
  expect(messageOf(new TypeError(''))).toBe('TypeError');
});

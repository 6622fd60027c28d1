import { expect, it } from 'vitest';
import { cleaned } from '../../../src/store/connection/cleanText.js';
import { inTransaction } from '../../../src/store/connection/database.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();
const NASTY = 'a\0b\uD800c';
const CLEAN = 'a\uFFFDb\uFFFDc';

it('text that PostgreSQL does not take is taken, as a text, in an array, in JSON, in a transaction', async () => {
  const values = [NASTY, ['x', NASTY], { text: NASTY, list: [{ [NASTY]: NASTY }] }];
  const text = 'select $1::text as text, $2::text[] as list, $3::jsonb as json';
  const expected = [{ text: CLEAN, list: ['x', CLEAN], json: { text: CLEAN, list: [{ [CLEAN]: CLEAN }] } }];
  expect((await database().pool.query(text, values)).rows).toEqual(expected);
  expect((await database().pool.query({ name: 'nasty', text, values })).rows).toEqual(expected);
  expect((await inTransaction(database(), (client) => client.query(text, values))).rows).toEqual(expected);
});

it('leaves everything else as it is', () => {
  for (const value of ['ok 😀', Buffer.from('a\0b'), new Date(0), ['a', 1], { a: 1 }, null, undefined, 7]) {
    expect(cleaned(value)).toBe(value);
  }
});

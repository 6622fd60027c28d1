import { expect, it } from 'vitest';
import { readConfiguration } from '../../src/configuration.js';

it.each([
  'postgres://user:p%40ss%23w%2Frd@host:5432/database',
  'postgresql://user@host/database?sslmode=require&application_name=a',
  'postgres://host/database?user=me@server',
  'postgres://%2Fvar%2Frun%2Fpostgresql/database',
  'postgres://user:p@[::1]:5432/database',
])('takes %s', (url) => {
  expect(readConfiguration({ DATABASE_URL: url }).databaseUrl).toBe(url);
});

it.each(['p@ss', 'p#ss', 'p/ss', '12/ss', 'p?ss', '50%off', '?xyz'])(
  'tells, and does not show, the raw password %s',
  (password) => {
    let message = '';
    try {
      readConfiguration({ DATABASE_URL: `postgres://user:${password}@host/database` });
    } catch (error) {
      message = JSON.stringify(error);
    }
    expect(message).toMatch(/DATABASE_URL.*@ as %40/);
    expect(message).not.toContain(password);
  },
);

import { describe, expect, it } from 'vitest';
import { withDatabase } from '../support/store.js';

const database = withDatabase();

async function setting(name: string): Promise<string | undefined> {
  const { rows } = await database().pool.query<{ value: string }>('select current_setting($1) as value', [name]);
  return rows[0]?.value;
}

describe('a session', () => {
  it.each([
    ['datestyle', 'ISO, MDY'],
    ['intervalstyle', 'postgres'],
    ['timezone', 'UTC'],
    ['bytea_output', 'hex'],
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
    ['search_path', 'public'],
    ['default_transaction_isolation', 'read committed'],
    ['synchronous_commit', 'on'],
    ['lock_timeout', '0'],
    ['statement_timeout', '10s'],
    ['idle_session_timeout', '0'],
    ['transaction_timeout', '0'],
  ])('has %s = %s, whatever the database says', async (name, value) => {
    expect(await setting(name)).toBe(value);
  });

  it('gives the time of an event as it was stored', async () => {
    const { rows } = await database().pool.query(`select '2026-02-03T04:05:06.789Z'::timestamptz::text as text`);
    expect(rows).toEqual([{ text: '2026-02-03 04:05:06.789+00' }]);
  });
});

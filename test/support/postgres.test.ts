import { describe, expect, it } from 'vitest';
import { withPostgres } from './postgres.js';

describe('withPostgres', () => {
  const database = withPostgres();

  it('gives a database with the migrated tables', async () => {
    const { rows } = await database().pool.query('select count(*)::int as sources from source');
    expect(rows).toEqual([{ sources: 0 }]);
  });

  it('sits on a server that keeps what it has committed', async () => {
    const settings = `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit') order by name`;
    const { rows } = await database().pool.query(settings);
    expect(rows).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'synchronous_commit', setting: 'on' },
    ]);
  });
});

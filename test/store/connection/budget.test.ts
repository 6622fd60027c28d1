/** How many connections a process has at most, whatever it is asked to do at once: docs/postgresql.md. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase, withoutTimeLimits } from '../../../src/store/connection/database.js';
import { listen } from '../../../src/store/connection/listen.js';
import { withPostgres } from '../../support/postgres.js';
import { silentLog } from '../../support/store.js';

const database = withPostgres();

/** Everything that a worker does at once, as much as it likes. */
async function busy(process: Database): Promise<void> {
  const listener = listen(process, 'anything', () => undefined, silentLog);
  const queries = Array.from({ length: 40 }, () => process.pool.query('select pg_sleep(0.05)'));
  const long = Array.from({ length: 6 }, () =>
    withoutTimeLimits(process, (patient) => patient.pool.query('select pg_sleep(0.05)')),
  );
  await Promise.all([...queries, ...long]);
  await listener.close();
}

/** The most that were seen at once, by role of the connection's name. */
async function mostOf(applicationName: string, work: () => Promise<void>): Promise<number> {
  const done = new AbortController();
  let most = 0;
  const watching = (async () => {
    while (!done.signal.aborted) {
      const { rows } = await database().pool.query<{ count: number }>(
        'select count(*)::int from pg_stat_activity where application_name = $1',
        [applicationName],
      );
      most = Math.max(most, rows[0]?.count ?? 0);
    }
  })();
  await work().finally(() => done.abort());
  await watching;
  return most;
}

it.each([
  ['without a pooler', 4, false],
  ['with DATABASE_DIRECT_URL', 5, true],
])('has no more than it may, and two that take long: %s', async (_how, maxConnections, isDirect) => {
  const applicationName = `busy ${randomUUID()}`;
  const process = openDatabase({
    url: database().url,
    directUrl: isDirect ? database().url : undefined,
    applicationName,
    maxConnections,
    log: silentLog,
  });
  onTestFinished(() => process.close());
  const most = await mostOf(applicationName, () => busy(process));
  expect(most).toBeGreaterThan(maxConnections - 1);
  expect(most).toBeLessThanOrEqual(maxConnections + (isDirect ? 3 : 2));
});

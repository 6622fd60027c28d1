/** Surroundings that do not fit, each told as what it is. */
import { createServer, type AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { toCatalogueError } from '../../../src/activities/failures.js';
import { type Database, openDatabase } from '../../../src/store/connection/database.js';
import { migrate } from '../../../src/store/migrate.js';
import { registerSource } from '../../../src/store/sources/sources.js';
import { silentLog, withDatabase } from '../../support/store.js';

const database = withDatabase();

function opened(changes: Partial<URL>): Database {
  const url = Object.assign(new URL(database().pool.options.connectionString as string), changes).href;
  const other = openDatabase({ url, applicationName: 'test', log: silentLog });
  onTestFinished(() => other.close());
  return other;
}

async function freshDatabaseFor(role: string): Promise<string> {
  const name = `${role}_db`;
  await database().pool.query(`create role ${role} login password 'p'`);
  await database().pool.query(`create database ${name}`);
  return name;
}

it.each<[string, Partial<URL>, string, RegExp]>([
  ['a wrong password', { password: 'wrong-word' }, 'CAEP_DATABASE_REFUSED', /password authentication failed/],
  ['a database that is not there', { pathname: '/nowhere' }, 'CAEP_DATABASE_REFUSED', /"nowhere" does not exist/],
  ['a host that is not known', { hostname: 'nowhere.invalid' }, 'CAEP_DATABASE_UNREACHABLE', /nowhere\.invalid/],
  ['a port where nobody listens', { port: '1' }, 'CAEP_DATABASE_UNREACHABLE', /ECONNREFUSED/],
])('%s', async (_what, changes, code, reason) => {
  const failure: unknown = await migrate(opened(changes)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ error: { code, fields: { reason: expect.stringMatching(reason) } } });
  expect(String(failure)).not.toContain('wrong-word');
});

it('a server that takes the connection and says nothing', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  onTestFinished(() => void silent.close());
  const port = String((silent.address() as AddressInfo).port);
  await expect(migrate(opened({ port }))).rejects.toMatchObject({ error: { code: 'CAEP_DATABASE_UNREACHABLE' } });
  const failure: unknown = await opened({ port })
    .pool.query('select 1')
    .catch((error: unknown) => error);
  expect(toCatalogueError(failure, {})).toMatchObject({ code: 'CAEP_DATABASE_UNREACHABLE' });
}, 30_000);

it('a role that may make no tables is told which schema it needs', async () => {
  const role = `poor_${process.pid}`;
  const name = await freshDatabaseFor(role);
  const poor = opened({ username: role, password: 'p', pathname: `/${name}` });
  await expect(migrate(poor)).rejects.toMatchObject({
    error: {
      code: 'CAEP_DATABASE_REFUSED',
      fields: { reason: `the role ${role} may not create tables in the schema public` },
    },
  });
});

it('a new database of an encoding that cannot hold every text is told which it needs', async () => {
  const inEncoding = async (encoding: string) => {
    const name = `of_${encoding}_${process.pid}`.toLowerCase();
    await database().pool.query(`create database ${name} encoding '${encoding}' locale 'C' template template0`);
    return opened({ pathname: `/${name}` });
  };
  await migrate(await inEncoding('SQL_ASCII'));
  await expect(migrate(await inEncoding('LATIN1'))).rejects.toMatchObject({
    error: {
      code: 'CAEP_DATABASE_REFUSED',
      fields: { reason: expect.stringContaining('encoding is LATIN1') as string },
    },
  });
});

it('a role with a schema of its own has all its tables there, and finds them again', async () => {
  const role = `own_${process.pid}`;
  const name = await freshDatabaseFor(role);
  const admin = opened({ pathname: `/${name}` });
  await admin.pool.query(`create schema authorization ${role}`);
  const own = opened({ username: role, password: 'p', pathname: `/${name}` });
  await migrate(own);
  await migrate(own);
  await registerSource(own, { uid: randomUUID(), name: 'own', partitions: 1 });
  const { rows } = await admin.pool.query(
    `select distinct schemaname from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  expect(rows).toEqual([{ schemaname: role }]);
});

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openDatabase } from '../../../src/store/connection/database.js';
import { listen } from '../../../src/store/connection/listen.js';
import { type Cuttable, cuttable } from '../../support/cuttable.js';
import { startPooler } from '../../support/pooler.js';
import { silentLog, withDatabase } from '../../support/store.js';

const CHANNEL = 'heard_here';
const database = withDatabase();

/** Listens through a connection that can be cut. */
async function listening(prepare: (server: Cuttable) => void = () => undefined) {
  const url = new URL(database().pool.options.connectionString as string);
  const server = await cuttable({ host: url.hostname, port: Number(url.port) });
  prepare(server);
  Object.assign(url, { hostname: '127.0.0.1', port: String(server.port) });
  const through = openDatabase({ url: url.href, applicationName: 'listener', log: silentLog });
  const heard: string[] = [];
  const warnings: unknown[] = [];
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const log = { warn: (fields: unknown) => void warnings.push(fields) };
  const listener = listen(through, CHANNEL, (payload) => heard.push(payload), log);
  onTestFinished(async () => {
    await listener.close();
    await through.close();
    process.off('unhandledRejection', note);
  });
  return { server, heard, warnings, unhandled };
}

async function hears(heard: readonly string[], payload: string): Promise<void> {
  await database().pool.query('select pg_notify($1, $2)', [CHANNEL, payload]);
  await expect.poll(() => heard, { timeout: 10_000 }).toContain(payload);
}

it('goes on when the server ends its connection, and says that something may have been missed', async () => {
  const { heard, unhandled } = await listening();
  await expect.poll(() => heard).toEqual(['']);
  await hears(heard, 'before');
  await database().pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'listener'`,
  );
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['', 'before', '']);
  await hears(heard, 'after');
  expect(unhandled).toEqual([]);
});

it('goes on when the connection breaks in the middle of LISTEN and is then refused, and warns once', async () => {
  const { server, heard, warnings, unhandled } = await listening((behind) => behind.cutAt(`listen ${CHANNEL}`));
  await expect.poll(() => server.refused(), { timeout: 15_000 }).toBeGreaterThan(1);
  expect(heard).toEqual([]);
  expect(warnings).toMatchObject([{ channel: CHANNEL }]);
  server.mend();
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['']);
  await hears(heard, 'after');
  expect(unhandled).toEqual([]);
});

describe('behind a pooler in transaction mode', () => {
  async function behindPooler(directUrl?: string) {
    const url = await startPooler(database().pool.options.connectionString as string);
    const through = openDatabase({ url, directUrl, applicationName: 'listener', log: silentLog });
    const heard: string[] = [];
    const warn = vi.fn();
    const listener = listen(through, CHANNEL, (payload) => heard.push(payload), { warn }, 20);
    onTestFinished(async () => {
      await listener.close();
      await through.close();
    });
    return { heard, warn };
  }

  it('listens past the pooler, where that is given', async () => {
    const { heard, warn } = await behindPooler(database().pool.options.connectionString);
    await expect.poll(() => heard).toEqual(['']);
    await hears(heard, 'past it');
    expect(warn).not.toHaveBeenCalled();
  });

  it('listens nowhere otherwise, says so, and looks again and again', async () => {
    const { heard, warn } = await behindPooler();
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(2);
    expect(new Set(heard)).toEqual(new Set(['']));
    expect(warn.mock.calls).toEqual([
      [{ channel: CHANNEL, code: 'CAEP_DATABASE_SESSION_MISSING' }, expect.stringContaining('PgBouncer')],
    ]);
  });
});

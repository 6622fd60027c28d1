/** A PostgreSQL that speaks TLS, with certificates that fit and that do not. */
import { chownSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { selfSigned } from '../../../simulator/transport/selfSigned.js';
import { type Database, databaseVersion, openDatabase } from '../../../src/store/connection/database.js';
import { databaseFault } from '../../../src/store/connection/databaseFault.js';
import { startEmbeddedPostgres } from '../../../src/store/connection/embedded.js';
import { unprivilegedLaunch } from '../../../src/store/connection/postgresBinaries.js';
import { type PlainPostgres, startPlainPostgres } from '../../support/plainPostgres.js';
import { withPostgres } from '../../support/postgres.js';
import { silentLog } from '../../support/store.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'chatlio-aep-tls-')));
const [theirs, strangers] = [selfSigned('PostgreSQL', Date.now()), selfSigned('PostgreSQL', Date.now())];
const plain = withPostgres();
let url: string;
let server: PlainPostgres;

/** For the server's eyes only, as PostgreSQL asks for. */
function file(name: string, content: string): string {
  const path = join(dataDir, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

function serverFile(name: string, content: string): string {
  const path = file(name, content);
  const { owner } = unprivilegedLaunch([dataDir]);
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  return path;
}

const trusted = file('authority.pem', theirs.cert);

beforeAll(async () => {
  const first = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  url = first.url;
  await first.stop();
  server = await startPlainPostgres(dataDir, url, {
    ssl: 'on',
    ssl_cert_file: serverFile('server.pem', theirs.cert),
    ssl_key_file: serverFile('server.key', theirs.key),
  });
});
afterAll(() => server.stop());

function opened(query: string, changes: Partial<URL> = {}): Database {
  const one = openDatabase({
    url: `${Object.assign(new URL(url), changes).href}?${query}`,
    applicationName: 'test',
    log: silentLog,
  });
  onTestFinished(() => one.close());
  return one;
}

async function faultOf(database: Database): Promise<unknown> {
  return databaseFault(await database.pool.query('select 1').catch((error: unknown) => error))?.error;
}

it.each(['verify-full', 'verify-ca', 'require'])('sslmode=%s verifies the server, without a word', async (mode) => {
  const warned = vi.spyOn(process, 'emitWarning');
  onTestFinished(() => warned.mockRestore());
  expect(await databaseVersion(opened(`sslmode=${mode}&sslrootcert=${trusted}`))).toMatch(/, TLSv1\.\d$/);
  expect(await faultOf(opened(`sslmode=${mode}`))).toMatchObject({ code: 'CAEP_DATABASE_UNTRUSTED' });
  expect(warned).not.toHaveBeenCalled();
});

it.each<[string, string, Partial<URL>, RegExp]>([
  ['another authority', `sslrootcert=${file('another.pem', strangers.cert)}`, {}, /self-signed|unable to verify/],
  ['the authorities of the system', 'sslrootcert=system', {}, /self-signed|unable to verify/],
  ['a name that is not in the certificate', `sslrootcert=${trusted}`, { hostname: '127.1' }, /127\.1/],
])('a server that does not fit is refused: %s', async (_what, query, changes, reason) => {
  expect(await faultOf(opened(`sslmode=verify-full&${query}`, changes))).toMatchObject({
    code: 'CAEP_DATABASE_UNTRUSTED',
    fields: { reason: expect.stringMatching(reason) as string },
  });
});

it('no-verify encrypts alone, and without sslmode nothing is encrypted, which is said', async () => {
  expect(await databaseVersion(opened('sslmode=no-verify'))).toMatch(/, TLSv1\.\d$/);
  expect(await databaseVersion(opened('application_name=x'))).toMatch(/, without TLS$/);
});

it('a server without TLS is refused where it is asked for', async () => {
  const one = openDatabase({ url: `${plain().url}?sslmode=require`, applicationName: 'test', log: silentLog });
  onTestFinished(() => one.close());
  expect(await faultOf(one)).toMatchObject({ code: 'CAEP_DATABASE_UNTRUSTED' });
});

it('a file that cannot be read is named', () => {
  expect(() => opened('sslmode=verify-full&sslrootcert=/nowhere/authority.pem')).toThrow(
    expect.objectContaining({ error: expect.objectContaining({ code: 'CAEP_FILE_REFUSED' }) as object }) as Error,
  );
});

/** The key file of a new installation. Where data exists none is made: a fresh key would open none of it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codedError } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';
import { type Database, openDatabase } from '../connection/database.js';
import { describeKeys, type KeyFile, readKeyFile } from './keyFile.js';
import { createKeyFile } from './keyFileChanges.js';

interface NewInstallation {
  readonly keyFile: string;
  /** May hold a spool, and an embedded database. */
  readonly home: string;
  /** Absent: the embedded one is used, and does not run. */
  readonly databaseUrl?: string;
}

/**
 * @throws CodedError `CAEP_KEY_FILE_EXISTS`; `CAEP_KEY_FILE_LOST` where there is data; `CAEP_DATABASE_UNREACHABLE` when that cannot
 *   be told
 */
export async function createInstallationKey(installation: NewInstallation): Promise<KeyFile> {
  const { keyFile: file } = installation;
  if (await exists(file)) throw await alreadyThere(file);
  await requireNoData(installation);
  if (!(await createKeyFile(file))) throw await alreadyThere(file);
  return readKeyFile(file);
}

async function alreadyThere(file: string): Promise<Error> {
  return codedError('CAEP_KEY_FILE_EXISTS', { file, keys: describeKeys(await readKeyFile(file)) });
}

/** As {@link createInstallationKey}, when there is no key file. */
export async function ensureInstallationKey(installation: NewInstallation): Promise<void> {
  if (await exists(installation.keyFile)) return;
  await requireNoData(installation);
  await createKeyFile(installation.keyFile);
}

async function requireNoData({ keyFile: file, home, databaseUrl }: NewInstallation): Promise<void> {
  const spool = await spoolWithEvents(home);
  if (spool !== undefined) throw codedError('CAEP_KEY_FILE_LOST', { file, where: `the spool ${spool}` });
  if (databaseUrl === undefined) {
    const embedded = join(home, 'postgres');
    if (await exists(embedded))
      throw codedError('CAEP_KEY_FILE_LOST', { file, where: `the embedded database ${embedded}` });
  } else if (await databaseHoldsData(databaseUrl)) {
    throw codedError('CAEP_KEY_FILE_LOST', { file, where: 'the database' });
  }
}

async function databaseHoldsData(url: string): Promise<boolean> {
  const log = { warn: () => undefined, info: () => undefined };
  const database = openDatabase({ url, applicationName: 'chatlio-aep keys', maxConnections: 1, log });
  try {
    return await holdsData(database);
  } catch (cause) {
    throw codedError('CAEP_DATABASE_UNREACHABLE', { reason: messageOf(cause) }, { cause });
  } finally {
    await database.close();
  }
}

/** Whether anything was ever sealed for it: every event belongs to a source, and every source has sealed secrets. */
async function holdsData({ pool }: Database): Promise<boolean> {
  for (const table of ['key_check', 'source']) {
    const there = await pool.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
    if (there.rows[0]?.there !== true) continue;
    const { rows } = await pool.query<{ some: boolean }>(`select exists (select from ${table}) as some`);
    if (rows[0]?.some === true) return true;
  }
  return false;
}

async function spoolWithEvents(home: string): Promise<string | undefined> {
  const receivers = join(home, 'receivers');
  for (const place of await readdir(receivers).catch(() => [])) {
    const spool = join(receivers, place, 'spool');
    for (const name of await readdir(spool).catch(() => [])) {
      if ((await stat(join(spool, name))).size > 0) return spool;
    }
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

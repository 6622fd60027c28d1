/** How PostgreSQL is reached, and whether what it tells is heard. */
import { within } from '../../process/within.js';
import { type Database, inTransaction, openBeside } from './database.js';
import { findPooler, keepsSessions, type Pooler } from './pooler.js';
import { isPooled } from './session.js';

const PROBE_CHANNEL = 'chatlio_aep_probe';
const PROBE_TIMEOUT_MS = 3_000;

export interface Reach {
  readonly pooler?: Pooler;
  readonly hasDirectUrl: boolean;
  readonly hears: boolean;
}

export async function readReach(database: Database): Promise<Reach> {
  const hasDirectUrl = database.directUrl !== undefined;
  const pooler = await findPooler(database);
  const hears = (pooler?.mode !== 'transaction' || hasDirectUrl) && (await isHeard(database));
  return { pooler, hasDirectUrl, hears };
}

/** Told through the pool, and listened for where `listen` does. */
async function isHeard(database: Database): Promise<boolean> {
  const ear = openBeside(database);
  try {
    const client = await ear.pool.connect();
    if (isPooled(client) && !(await keepsSessions(ear))) {
      client.release(true);
      return false;
    }
    const heard = new Promise<boolean>((resolve) => client.on('notification', () => resolve(true)));
    await client.query(`listen ${PROBE_CHANNEL}`);
    await inTransaction(database, (teller) => teller.query(`notify ${PROBE_CHANNEL}`));
    const isIt = await within(PROBE_TIMEOUT_MS, heard, () => false);
    client.release(true);
    return isIt;
  } finally {
    await ear.close();
  }
}

/** A PostgreSQL that loses its last commits, as after a failover to a standby that had not received them. */
import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Database } from '../../src/store/database.js';
import { readGate } from '../../src/store/gate.js';
import type { KeptProcess } from '../keptProcess.js';
import { patiently } from '../sourceUnderTest.js';
import type { ForwardedSource } from './source.js';

const run = promisify(execFile);
const GOES_ON_WITHIN_MS = 180_000;
/** Every partition's drain has met the database by then. */
const LOOK_FOR_MS = 12_000;
const POLL_MS = 200;
export const SET_BACK = 'set back';

/**
 * Everything that is committed within `forMs` is gone afterwards.
 *
 * @param folder of the embedded server
 */
export async function loseCommits(postgres: KeptProcess, folder: string, forMs: number): Promise<void> {
  const cluster = join(folder, 'cluster');
  const standby = join(folder, 'standby');
  await postgres.kill();
  // As a crash leaves it, with owners and modes: its log is replayed at the next start.
  await run('cp', ['-a', cluster, standby]);
  await postgres.start();
  await delay(forMs);
  await postgres.kill();
  await rm(cluster, { recursive: true });
  await rename(standby, cluster);
  await postgres.start();
}

/**
 * Where the product finds out that something was lost, sending stops: then does what the error says that a person does,
 * `unpause` and `resume`. Each partition may find out for itself, so it is done until events are sent again. Whether something
 * was lost, and found out, the comparison at the end tells.
 *
 * @param command one command of the product; resolves with what is wrong
 * @returns how often it was done
 * @throws Error when the product does not go on
 */
export async function goOnAfterSetBack(
  database: Database,
  source: Pick<ForwardedSource, 'id' | 'name' | 'forwarderState'>,
  command: (args: readonly string[]) => Promise<readonly string[]>,
): Promise<number> {
  const deadline = performance.now() + GOES_ON_WITHIN_MS;
  let stops = 0;
  for (let openSince = performance.now(); performance.now() - openSince < LOOK_FOR_MS; await delay(POLL_MS)) {
    const gate = await patiently(() => readGate(database, source.id));
    const reason = await patiently(() => source.forwarderState().then(({ hold }) => hold?.reason));
    // Whatever else stands still is not this person's to set going.
    const isSetBack = (gate?.open === false && gate.reason.includes(SET_BACK)) || reason?.includes(SET_BACK) === true;
    if (!isSetBack) continue;
    if (performance.now() > deadline) {
      throw new Error(`it does not go on: the gate says "${gate?.reason ?? ''}", held: ${reason ?? 'nothing'}`);
    }
    stops += 1;
    await command(['unpause', source.name]);
    await command(['resume', source.name]);
    openSince = performance.now();
  }
  return stops;
}

/** A PostgreSQL that loses its last commits, as after a failover to a standby that had not received them. */
import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Database } from '../../../src/store/connection/database.js';
import { readGate } from '../../../src/store/delivery/gate.js';
import type { KeptProcess } from '../../stack/keptProcess.js';
import type { ForwardedSource } from '../source.js';

const run = promisify(execFile);
const GOES_ON_WITHIN_MS = 180_000;
/** Every partition's drain has met the database by then. */
const LOOK_FOR_MS = 12_000;
const POLL_MS = 200;
/** What a forwarder holds with, and what a closed gate says, once it was found out. */
export const SET_BACK = /^CAEP_DATABASE_SET_BACK|the database has gone back to an earlier state/;

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
    const seen = await look(database, source).catch(() => undefined);
    if (seen === undefined) {
      // Workers or PostgreSQL are away: what stands still shows when they are back.
      openSince = performance.now();
      if (openSince > deadline) throw new Error('nobody could be asked whether it goes on');
      continue;
    }
    const { gate, reason } = seen;
    // Whatever else stands still is not this person's to set going.
    const isSetBack = (gate?.open === false && SET_BACK.test(gate.reason)) || SET_BACK.test(reason ?? '');
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

async function look(database: Database, source: Pick<ForwardedSource, 'id' | 'forwarderState'>) {
  const gate = await readGate(database, source.id);
  return { gate, reason: (await source.forwarderState()).hold?.reason };
}

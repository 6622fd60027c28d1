/** The whole stack as a person starts it, on free ports and below a folder of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LedgerEntry } from '../../src/dev/ledger.js';
import { FREE_PORTS } from './freePorts.js';
import { killGroup, type SpawnedProgram, spawnEntry } from './processes.js';

/** Starting takes some seconds of both cores; other tests may have them at the time. */
export const STACK_TIMEOUT_MS = 180_000;

/** `npm start`. What it leaves behind is killed when the test has finished. */
export function spawnStack(home: string, environment: NodeJS.ProcessEnv = {}): SpawnedProgram {
  killLeftoversAfterTest(home);
  return spawnEntry('src/dev', [], { ...FREE_PORTS, CHATLIO_AEP_HOME: home, ...environment });
}

/** The processes that a start has written down, newest of each name. */
export function processesOf(home: string): readonly LedgerEntry[] {
  const file = join(home, 'dev', 'processes.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LedgerEntry[]) : [];
}

export function stackEnvironmentOf(home: string): Record<string, string> {
  return JSON.parse(readFileSync(join(home, 'dev', 'environment.json'), 'utf8')) as Record<string, string>;
}

export function killLeftoversAfterTest(home: string): void {
  onTestFinished(() => {
    for (const { pid } of processesOf(home)) killGroup(pid);
    killPostmasterOf(join(home, 'postgres'));
    killPostmasterOf(join(home, 'simulator'));
  });
}

/** Of the simulator’s database, which its simulator started and the stack does not know. */
function killPostmasterOf(folder: string): void {
  for (const cluster of [join(folder, 'cluster'), join(folder, 'postgres', 'cluster')]) {
    const pidFile = join(cluster, 'postmaster.pid');
    if (existsSync(pidFile)) killGroup(Number(readFileSync(pidFile, 'utf8').split('\n')[0]));
  }
}

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { endLeftovers, openLedger } from '../../src/dev/ledger.js';
import { identityOf, isRunning } from '../../src/process/identity.js';
import { spawnProgram, temporaryFolder } from '../support/processes.js';

const SLEEP = ['--eval', 'setInterval(() => undefined, 1000)'];

it('ends what an earlier start has left behind, and nobody else', async () => {
  const file = join(temporaryFolder(), 'dev', 'processes.json');
  const left = identityOf(spawnProgram(process.execPath, SLEEP, {}).pid);
  const stranger = identityOf(spawnProgram(process.execPath, SLEEP, {}).pid);
  if (left === undefined || stranger === undefined) throw new Error('they do not run');
  const ledger = openLedger(file);
  ledger.record({ name: 'worker', ...left });
  // A pid that was ours once and has been given to somebody else since.
  ledger.record({ name: 'receiver', pid: stranger.pid, startedAt: 'earlier' });

  const said: string[] = [];
  await endLeftovers(openLedger(file), (line) => said.push(line));
  expect(isRunning(left)).toBe(false);
  expect(isRunning(stranger)).toBe(true);
  expect(said).toEqual([`Ending worker (pid ${left.pid}), left over from a start that was killed`]);
});

it('knows the newest process of each name', () => {
  const file = join(temporaryFolder(), 'processes.json');
  const ledger = openLedger(file);
  ledger.record({ name: 'worker', pid: 1, startedAt: 'a' });
  ledger.record({ name: 'worker', pid: 2, startedAt: 'b' });
  expect(openLedger(file).entries()).toEqual([{ name: 'worker', pid: 2, startedAt: 'b' }]);
});

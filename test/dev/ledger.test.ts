import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { endLeftovers, openLedger } from '../../src/dev/ledger.js';
import { identityOf, isRunning } from '../../src/process/programs/identity.js';
import { spawnProgram, temporaryFolder } from '../support/processes.js';

const SLEEP = ['--eval', 'setInterval(() => undefined, 1000)'];

it('ends what an earlier start has left behind, and nobody else', async () => {
  const file = join(temporaryFolder(), 'dev', 'processes.json');
  const said: string[] = [];
  const left = identityOf(spawnProgram(process.execPath, SLEEP, {}).pid);
  const stranger = identityOf(spawnProgram(process.execPath, SLEEP, {}).pid);
  if (left === undefined || stranger === undefined) throw new Error('they do not run');
  const ledger = openLedger(file, (line) => said.push(line));
  ledger.record({ name: 'worker', ...left });
  // A pid that was ours once and has been given to somebody else since.
  ledger.record({ name: 'receiver', pid: stranger.pid, startedAt: 'earlier' });

  await endLeftovers(
    openLedger(file, (line) => said.push(line)),
    (line) => said.push(line),
  );
  expect(isRunning(left)).toBe(false);
  expect(isRunning(stranger)).toBe(true);
  expect(said).toEqual([`Stopping worker (pid ${left.pid}), left over from a start that was killed`]);
});

it('knows the newest process of each name', () => {
  const file = join(temporaryFolder(), 'processes.json');
  const said: string[] = [];
  const ledger = openLedger(file, (line) => said.push(line));
  ledger.record({ name: 'worker', pid: 1, startedAt: 'a' });
  ledger.record({ name: 'worker', pid: 2, startedAt: 'b' });
  expect(openLedger(file, (line) => said.push(line)).entries()).toEqual([{ name: 'worker', pid: 2, startedAt: 'b' }]);
  expect(said).toEqual([]);
});

it('gives no process up for a note that cannot be written, says so, and makes up for it with the next one', () => {
  const file = join(temporaryFolder(), 'processes.json');
  const said: string[] = [];
  const ledger = openLedger(file, (line) => said.push(line));
  mkdirSync(file);
  ledger.record({ name: 'worker', pid: 1, startedAt: 'a' });
  expect(said).toEqual([expect.stringMatching(/^worker \(pid 1\) could not be recorded for the next start: EISDIR/)]);
  rmdirSync(file);
  ledger.record({ name: 'receiver', pid: 2, startedAt: 'b' });
  expect(
    openLedger(file, () => undefined)
      .entries()
      .map(({ name }) => name),
  ).toEqual(['worker', 'receiver']);
});

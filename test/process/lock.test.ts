import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { identityOf } from '../../src/process/identity.js';
import { tryLock } from '../../src/process/lock.js';
import { spawnProgram, temporaryFolder } from '../support/processes.js';

it('is taken by one, and names its holder to the others', () => {
  const file = join(temporaryFolder(), 'lock');
  const first = tryLock(file);
  expect(first.state).toBe('taken');
  expect(tryLock(file)).toEqual({ state: 'held', by: identityOf(process.pid) });
  if (first.state === 'taken') first.release();
  expect(tryLock(file).state).toBe('taken');
});

it('is free again when its holder was killed', async () => {
  const file = join(temporaryFolder(), 'lock');
  const holder = spawnProgram(process.execPath, ['--eval', 'setInterval(() => undefined, 1000)'], {});
  writeFileSync(file, JSON.stringify(identityOf(holder.pid)));
  expect(tryLock(file).state).toBe('held');
  await holder.end('SIGKILL');
  expect(tryLock(file).state).toBe('taken');
});

it('is free when its file was torn by a crash', () => {
  const file = join(temporaryFolder(), 'lock');
  writeFileSync(file, '{"pid":');
  expect(tryLock(file).state).toBe('taken');
});

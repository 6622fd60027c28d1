import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identityOf } from '../../../src/process/programs/identity.js';
import { contendFor, type Lock, takeLock, tryLock, withLock } from '../../../src/process/files/lock.js';
import { spawnElsewhere } from '../../support/elsewhere.js';
import { spawnProgram, temporaryFolder } from '../../support/processes.js';

const SLEEP = ['--eval', 'setInterval(() => undefined, 1000)'];
/** Short, and still several beats to a lease. */
const TIMES = { beatMs: 100, leaseMs: 1_000 };

function taken(attempt: ReturnType<typeof tryLock>): Lock {
  if (attempt.state === 'held') throw new Error(`held by ${JSON.stringify(attempt.by)}`);
  onTestFinished(() => attempt.lock.release());
  return attempt.lock;
}

describe('a lock among the processes of one pid namespace', () => {
  it('is taken by one, and names its holder to the others', () => {
    const file = join(temporaryFolder(), 'lock');
    const lock = taken(tryLock(file));
    expect(tryLock(file)).toMatchObject({ state: 'held', liveness: 'running', by: identityOf(process.pid) });
    lock.release();
    taken(tryLock(file));
  });

  it('is free again at once when its holder was killed', async () => {
    const file = join(temporaryFolder(), 'lock');
    const holder = spawnProgram(process.execPath, SLEEP, {});
    writeFileSync(file, JSON.stringify(identityOf(holder.pid)));
    expect(tryLock(file).state).toBe('held');
    await holder.end('SIGKILL');
    taken(tryLock(file));
  });

  it('is held by a process of release 0.1.0, which noted less', () => {
    const file = join(temporaryFolder(), 'lock');
    const { pid, startedAt } = identityOf(process.pid) ?? { pid: 0, startedAt: '' };
    writeFileSync(file, JSON.stringify({ pid, startedAt }));
    expect(tryLock(file)).toMatchObject({ state: 'held', liveness: 'running' });
  });

  it('is free when its file was torn by a crash', () => {
    const file = join(temporaryFolder(), 'lock');
    writeFileSync(file, '{"pid":');
    expect(taken(tryLock(file)).isOurs()).toBe(true);
  });

  it('is not ours any more once another token stands there', () => {
    const file = join(temporaryFolder(), 'lock');
    const lock = taken(tryLock(file));
    expect(lock.isOurs()).toBe(true);
    const holder = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...holder, token: 'of another' }));
    expect(lock.isOurs()).toBe(false);
  });

  it('lets one after the other do something', async () => {
    const file = join(temporaryFolder(), 'lock');
    let inside = 0;
    const work = async () => {
      expect((inside += 1)).toBe(1);
      await immediate();
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(file, () => undefined, work)));
    expect(inside).toBe(0);
  });

  it('leaves one file, for nobody else to read', () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    taken(tryLock(join(folder, 'lock')));
    expect(readdirSync(folder)).toEqual(['lock']);
    expect(statSync(join(folder, 'lock')).mode & 0o777).toBe(0o600);
  });
});

const holderElsewhere = (file: string) =>
  spawnElsewhere('test/process/holdLock', [file, String(TIMES.beatMs)], {}, { ready: 'taken', locks: [file] });

describe('a lock among containers', () => {
  it('is held as long as its holder gives a sign of life, although nobody has its pid here', async () => {
    const file = join(temporaryFolder(), 'lock');
    const holder = await holderElsewhere(file);
    const attempt = contendFor(file, TIMES);
    expect(attempt()).toMatchObject({ state: 'held', liveness: 'unknown' });
    await expect.poll(attempt).toMatchObject({ state: 'held', liveness: 'running' });
    expect(await takeLock(file, undefined, TIMES)).toMatchObject({ state: 'held', liveness: 'running' });
    await holder.end('SIGKILL');
    taken(await takeLock(file, undefined, TIMES));
  });

  it('is lost to a holder that was stopped for longer than a lease, and it can tell', async () => {
    const file = join(temporaryFolder(), 'lock');
    const holder = await holderElsewhere(file);
    process.kill(-holder.pid, 'SIGSTOP');
    const lock = taken(await takeLock(file, undefined, TIMES));
    process.kill(-holder.pid, 'SIGCONT');
    await holder.waitFor('lost');
    expect(lock.isOurs()).toBe(true);
    const { token } = JSON.parse(readFileSync(file, 'utf8')) as { token: string };
    expect(token).toBeTypeOf('string');
  });

  it('is not taken from a process of release 0.1.0 that may run in another container: it gives no sign of life', async () => {
    const file = join(temporaryFolder(), 'lock');
    const { startedAt } = identityOf(1) ?? { startedAt: '' };
    const [boot] = startedAt.split('/');
    writeFileSync(file, JSON.stringify({ pid: 7, startedAt: `${boot}/-1` }));
    const attempt = contendFor(file, { beatMs: 1, leaseMs: 0 });
    for (let looks = 0; looks < 3; looks += 1) {
      expect(attempt()).toMatchObject({ state: 'held', liveness: 'unknown', by: { pid: 7 } });
    }
    expect(await takeLock(file)).toMatchObject({ state: 'held' });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { endProcess } from '../../../src/process/programs/end.js';
import { commandLineOf, identityOf, isRunning } from '../../../src/process/programs/identity.js';
import { spawnProgram } from '../../support/processes.js';

const SLEEP = ['--eval', 'setInterval(() => undefined, 1000)'];
const DEAF = [
  '--eval',
  'process.on("SIGTERM", () => console.log("no")); setInterval(() => undefined, 1000); console.log("up")',
];

describe('identity of a process', () => {
  it('stays the same as long as the process runs, and is nobody else’s', () => {
    const self = identityOf(process.pid);
    expect(self).toEqual(identityOf(process.pid));
    const other = identityOf(spawnProgram(process.execPath, SLEEP, {}).pid);
    expect(other?.startedAt).not.toBe(self?.startedAt);
  });

  it('is gone with the process, although the pid may be used again', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    const identity = identityOf(child.pid ?? 0);
    await once(child, 'exit');
    expect(identity !== undefined && isRunning(identity)).toBe(false);
  });

  it('is not that of a later process with the same pid', () => {
    expect(isRunning({ pid: process.pid, startedAt: 'earlier' })).toBe(false);
  });

  it('goes with the command line', () => {
    expect(commandLineOf(spawnProgram(process.execPath, SLEEP, {}).pid)).toContain('setInterval');
  });
});

describe('endProcess', () => {
  it('forces a process that does not end when asked', async () => {
    const deaf = spawnProgram(process.execPath, DEAF, {});
    await deaf.waitFor('up');
    const identity = identityOf(deaf.pid);
    if (identity === undefined) throw new Error('it does not run');
    await endProcess(identity, [{ signal: 'SIGTERM', graceMs: 100 }]);
    expect(isRunning(identity)).toBe(false);
    await deaf.exitCode;
    expect(deaf.output()).toContain('no');
  });

  it('ends the members of the group that outlive their leader', async () => {
    const parent = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['--eval', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
      console.log('child ' + child.pid + ' up'); setInterval(() => undefined, 1000)`;
    const leader = spawnProgram(process.execPath, ['--eval', parent], {});
    await leader.waitFor('up');
    const member = identityOf(Number(/child (\d+)/.exec(leader.output())?.[1]));
    const identity = identityOf(leader.pid);
    if (identity === undefined || member === undefined) throw new Error('they do not run');
    await endProcess(identity, [{ signal: 'SIGTERM', graceMs: 1_000 }]);
    await expect.poll(() => isRunning(member)).toBe(false);
  });

  it('leaves a stranger alone that has got the same pid', async () => {
    const stranger = spawnProgram(process.execPath, SLEEP, {});
    await endProcess({ pid: stranger.pid, startedAt: 'earlier' }, [{ signal: 'SIGTERM', graceMs: 1_000 }]);
    expect(identityOf(stranger.pid)).toBeDefined();
  });
});

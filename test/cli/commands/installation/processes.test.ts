/** Commands that become a process. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entryCommand } from '../../../../src/process/programs/entry.js';
import { killGroup, spawnEntry, spawnProgram, temporaryFolder } from '../../../support/processes.js';

const SIMULATOR_TIMEOUT_MS = 60_000;

async function startSimulator() {
  const folder = temporaryFolder();
  const options = ['--port', '0', '--data-dir', folder, '--output', 'json'];
  const program = spawnEntry('src/client', ['simulator', ...options], { CHATLIO_AEP_HOME: folder });
  await program.waitFor('"msg":"ready"');
  const line = program
    .output()
    .split('\n')
    .find((one) => one.includes('"msg":"ready"'));
  const { baseUrl } = JSON.parse(line ?? '') as { baseUrl: string };
  const postmaster = join(folder, 'postgres', 'cluster', 'postmaster.pid');
  const endDatabase = () => killGroup(Number(readFileSync(postmaster, 'utf8').split('\n')[0]));
  return { program, baseUrl, endDatabase };
}

const answers = (url: string) => fetch(`${url}/__sim`).then(({ status }) => status);

it(
  'the simulator as a command of the client takes its own options, and goes when the command is killed',
  async () => {
    const { program, baseUrl, endDatabase } = await startSimulator();
    expect(await answers(baseUrl)).toBe(200);
    process.kill(program.pid, 'SIGKILL');
    await program.exitCode;
    await expect(answers(baseUrl)).rejects.toThrow('fetch failed');
    endDatabase();
  },
  SIMULATOR_TIMEOUT_MS,
);

it(
  'a terminal that is closed asks it for an orderly end',
  async () => {
    const { program, baseUrl } = await startSimulator();
    process.kill(program.pid, 'SIGHUP');
    expect(await program.exitCode).toBe(0);
    await expect(answers(baseUrl)).rejects.toThrow('fetch failed');
  },
  SIMULATOR_TIMEOUT_MS,
);

describe('a wrapper that is killed', () => {
  /** A command of the client waiting for a manifest from a pipe, whose wrapper is killed. */
  async function orphaned(file: string, args: readonly string[]) {
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const wrapper = spawnProgram(file, [...args, 'plan', pipe], { npm_lifecycle_event: undefined });
    let writer = 0;
    // Refused until somebody reads there.
    await expect
      .poll(() => (writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)), { timeout: 20_000 })
      .toBeGreaterThan(0);
    process.kill(wrapper.pid, 'SIGKILL');
    const write = (manifest: string) => {
      writeSync(writer, manifest);
      closeSync(writer);
    };
    return { wrapper, write };
  }

  it('takes its command with it where it is npm, and not where it is a shell', { timeout: 60_000 }, async () => {
    const { file, args } = entryCommand('src/client');
    const ofShell = await orphaned('sh', ['-c', '"$@" & wait', 'sh', file, ...args]);
    const ofNpm = await orphaned('npm', ['run', '--silent', 'client', '--']);
    // The end of all that writes there.
    await ofNpm.wrapper.exitCode;
    expect(ofNpm.wrapper.output()).toBe('');
    ofShell.write('version: 1\n');
    await ofShell.wrapper.exitCode;
    expect(ofShell.wrapper.output()).toContain('CAEP_MANIFEST_INVALID');
  });
});

it('npm that is asked to end leaves no program behind', { timeout: SIMULATOR_TIMEOUT_MS }, async () => {
  const options = ['--port', '0', '--data-dir', temporaryFolder(), '--output', 'json'];
  const npm = spawnProgram('npm', ['run', '--silent', 'simulator', '--', ...options], {});
  await npm.waitFor('"msg":"ready"');
  process.kill(npm.pid, 'SIGTERM');
  // Comes when all have closed their output, so also the program.
  await npm.exitCode;
  // Other lines may have come since: of its end, and of npm's own.
  const ready = npm
    .output()
    .split('\n')
    .find((line) => line.includes('"baseUrl"'));
  expect(ready).toBeDefined();
  const { baseUrl } = JSON.parse(ready ?? '') as { baseUrl: string };
  await expect(answers(baseUrl)).rejects.toThrow('fetch failed');
});

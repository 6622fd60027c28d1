/** Commands that become a process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killGroup, spawnEntry, temporaryFolder } from '../support/processes.js';

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

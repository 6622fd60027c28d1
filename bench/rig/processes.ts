/** Starting the programs that are measured, each as a process of its own. */
import { join } from 'node:path';
import { readLog, waitForLine } from '../../src/process/files/logFile.js';
import { lastLinesOf, spawnServer, type ServerProcess } from '../../src/process/programs/server.js';
import type { Programs } from '../../scripts/buildPrograms.js';

const READY_TIMEOUT_MS = 90_000;

export interface ProgramStart {
  readonly programs: Programs;
  /** Without extension, relative to the project's root. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Takes a CPU profile of the whole run. */
  readonly profileDir?: string;
  /** What the program says when it serves. */
  readonly ready: RegExp;
}

export interface Program {
  readonly pid: number;
  /** What stands in the first group of `ready`. */
  readonly said: string;
  stop(): Promise<void>;
}

export async function startProgram(start: ProgramStart): Promise<Program> {
  const profile = start.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${start.profileDir}`];
  const reader = readLog(start.logFile, 0);
  const server: ServerProcess = spawnServer(
    process.execPath,
    [...profile, start.programs.pathOf(start.entry), ...(start.args ?? [])],
    { env: { ...process.env, ...start.environment }, logFile: start.logFile },
  );
  const said = await waitForLine(reader, server, READY_TIMEOUT_MS, (line) => start.ready.exec(line)?.[1]);
  const stop = () => server.end([{ signal: 'SIGTERM', graceMs: 40_000 }]);
  if (said === undefined) {
    await stop();
    throw new Error(`${start.entry} did not start: ${lastLinesOf(start.logFile)}`);
  }
  return { pid: server.pid, said, stop };
}

export function logFileIn(dir: string, name: string): string {
  return join(dir, 'logs', `${name}.log`);
}

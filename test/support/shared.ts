/** A server that all test files of a run share, started by the first that asks and ended with the run. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess } from '../../src/process/programs/end.js';
import { identityOf, type ProcessIdentity } from '../../src/process/programs/identity.js';

interface SharedServer<T> {
  readonly process: ProcessIdentity;
  readonly connect: T;
}

const SUFFIX = '.server.json';
const OWNER = 'owner.json';
/** Building the Temporal server is the longest start there is. */
const START_TIMEOUT_MS = 600_000;

/**
 * @param start starts the server and says how to connect to it
 * @returns what `start` returned to whoever called it first
 */
export async function sharedServer<T>(
  runDir: string,
  name: string,
  start: () => Promise<{ pid: number; connect: T }>,
): Promise<T> {
  const file = join(runDir, name + SUFFIX);
  if (takeLock(join(runDir, `${name}.lock`))) {
    const { pid, connect } = await start().catch((error: unknown) => {
      writeFileSync(join(runDir, `${name}.failed`), String(error));
      throw error;
    });
    const identity = identityOf(pid);
    if (identity === undefined) throw new Error(`${name} ended right after its start`);
    writeJson(file, { process: identity, connect });
    return connect;
  }
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!existsSync(file)) {
    if (existsSync(join(runDir, `${name}.failed`)))
      throw new Error(`${name} could not be started by another test file`);
    if (performance.now() > deadline) throw new Error(`${name} was not started in time by another test file`);
    await delay(50);
  }
  return (JSON.parse(readFileSync(file, 'utf8')) as SharedServer<T>).connect;
}

export async function endSharedServers(runDir: string): Promise<void> {
  const files = readdirSync(runDir).filter((name) => name.endsWith(SUFFIX));
  await Promise.all(
    files.map((name) => {
      const server = JSON.parse(readFileSync(join(runDir, name), 'utf8')) as SharedServer<unknown>;
      return endProcess(server.process, [{ signal: 'SIGINT', graceMs: 10_000 }]);
    }),
  );
}

export function writeOwner(runDir: string, owner: ProcessIdentity): void {
  writeJson(join(runDir, OWNER), owner);
}

export function readOwner(runDir: string): ProcessIdentity | undefined {
  const file = join(runDir, OWNER);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity) : undefined;
}

function takeLock(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(`${file}.part`, JSON.stringify(value));
  renameSync(`${file}.part`, file);
}

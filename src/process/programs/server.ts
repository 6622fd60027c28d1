/** A child process that is a server: a process group of its own, output in a file, an end that can be awaited. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { endProcess, type Escalation } from './end.js';
import { identityOf } from './identity.js';
import { readinessOf, type ReadyFacts } from './readiness.js';

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason; also when it could not be started. */
  readonly exited: Promise<void>;
  /** Resolves when a program of ours has told that it serves; other servers tell nothing. */
  readonly ready: Promise<ReadyFacts>;
  hasExited(): boolean;
  /** Asks it to end and waits until it has. */
  end(escalation: readonly Escalation[]): Promise<void>;
}

/**
 * Starts a server. Its group is its own, so that a Ctrl-C meant for us does not reach it first; its output goes to a file and
 * not through a pipe, so that it outlives us unharmed. Nothing hangs on what stands in it: a log may be lost.
 */
export function spawnServer(
  file: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> & {
    /** All of it: nothing is inherited. */
    readonly env: NodeJS.ProcessEnv;
    readonly logFile: string;
    readonly append?: boolean;
    /** It is a program of ours, which tells when it serves. */
    readonly tells?: boolean;
  },
): ServerProcess {
  const { logFile, append, tells, ...spawnOptions } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, append === true ? 'a' : 'w', 0o600);
  const child = spawn(file, args, {
    ...spawnOptions,
    detached: true,
    stdio: ['ignore', log, log, ...(tells === true ? ['ipc' as const] : [])],
  });
  closeSync(log);
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      resolve();
    };
    child.once('exit', end);
    // It could not be started at all.
    child.once('error', end);
  });
  return {
    pid: child.pid ?? 0,
    exited,
    ready: readinessOf(child),
    hasExited: () => ended,
    end: async (escalation) => {
      if (identity !== undefined) await endProcess(identity, escalation);
      await exited;
    },
  };
}

/** The end of a server's log, where it says why it did not start. */
export function lastLinesOf(logFile: string): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join(' | ');
}

/** A process of the product that is killed, stopped and continued from outside, and comes back with its data and its port. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../../src/dev/supervisor.js';
import { identityOf, isRunning, type ProcessIdentity } from '../../src/process/programs/identity.js';

export interface KeptProcess {
  readonly name: string;
  /** Resolves when it serves. A start that fails, because what it needs is away as well, is tried again. */
  start(): Promise<void>;
  /** SIGKILL, as when the machine goes down; resolves when it has ended. One that never ran has ended. */
  kill(): Promise<void>;
  /** SIGSTOP to all of its processes. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** What it and its children have in memory; 0 where it does not run, or where no /proc tells. */
  memoryBytes(): number;
  stop(): Promise<void>;
}

type Running = Awaited<ReturnType<Service['start']>>;

const RESTART_DELAY_MS = 500;
const START_PATIENCE_MS = 120_000;

/** Starts a process again that has ended by itself, as the product's supervisor does, and tells of it. */
export function keepProcess(service: Service, onUnexpectedEnd: (line: string) => void): KeptProcess {
  let identity: ProcessIdentity | undefined;
  let running: Running | undefined;
  let wanted = false;

  async function startOnce(): Promise<Running> {
    const started = await service.start((spawned) => {
      identity = spawned;
    });
    running = started;
    void restartWhenEnded(started);
    return started;
  }

  async function start(): Promise<void> {
    wanted = true;
    const deadline = performance.now() + START_PATIENCE_MS;
    const isWanted = () => wanted;
    while (isWanted()) {
      try {
        await startOnce();
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await delay(RESTART_DELAY_MS);
      }
    }
  }

  async function restartWhenEnded(started: Running): Promise<void> {
    await started.exited;
    if (!wanted || running !== started) return;
    onUnexpectedEnd(service.name);
    await delay(RESTART_DELAY_MS);
    // Whoever needs it finds out that it does not come back.
    if (wanted) await start().catch(() => onUnexpectedEnd(`${service.name} for good`));
  }

  function signalAll(signal: NodeJS.Signals): void {
    if (identity === undefined || !isRunning(identity)) return;
    for (const pid of [identity.pid, ...descendantsOf(identity.pid)]) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }

  return {
    name: service.name,
    memoryBytes() {
      if (identity === undefined || !isRunning(identity)) return 0;
      return [identity.pid, ...descendantsOf(identity.pid)].reduce((sum, pid) => sum + residentBytes(pid), 0);
    },
    start,
    async kill() {
      wanted = false;
      if (running === undefined) return;
      signalAll('SIGKILL');
      await running.exited;
    },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async stop() {
      wanted = false;
      signalAll('SIGCONT');
      await running?.stop();
    },
  };
}

/** PostgreSQL's backends lead process groups of their own, so the group of the first process is not all of it. */
function descendantsOf(pid: number): number[] {
  if (!existsSync('/proc/self/stat')) return [];
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const parent = parentOf(Number(entry));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = [...(children.get(pid) ?? [])];
  for (const child of found) found.push(...(children.get(child) ?? []));
  return found.filter((child) => identityOf(child) !== undefined);
}

const PAGE_BYTES = 4_096;

/** proc(5): the second number of statm, in pages. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** proc(5): field 4, after the command's name, which may itself contain spaces and parentheses. */
function parentOf(pid: number): number | undefined {
  if (!Number.isInteger(pid)) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

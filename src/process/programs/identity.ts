/**
 * Who a process is: a pid alone is not enough, because pids are used again, and mean something in one pid namespace only.
 *
 * Pid, start time and namespace together name one process. Recorded in files, they tell a leftover of ours from a stranger that
 * has got the same pid since, and both from a process of another container or machine, which cannot be seen from here.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque to all but this file: compared. */
  readonly startedAt: string;
  /** Where the pid means something: one boot of one machine, and a pid namespace there. Release 0.1.0 did not note it. */
  readonly namespace?: string;
}

/** `unknown`: of another container or machine. */
export type Liveness = 'running' | 'ended' | 'unknown';

/** The identity of a running process, or undefined when there is none with this pid (a zombie counts as none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startFromProc(pid) : fromPs(pid, 'lstart=');
  return startedAt === undefined ? undefined : { pid, startedAt, namespace: pidNamespace() };
}

/** What can be said from here of a process that was recorded, perhaps elsewhere. */
export function livenessOf(identity: ProcessIdentity): Liveness {
  const { pid, startedAt, namespace } = identity;
  if (namespace !== undefined && namespace !== pidNamespace()) return 'unknown';
  if (identityOf(pid)?.startedAt === startedAt) return 'running';
  return namespace === undefined && startedBeforeOurNamespace(startedAt) ? 'unknown' : 'ended';
}

/** Is it known that exactly this process still runs? */
export function isRunning(identity: ProcessIdentity): boolean {
  return livenessOf(identity) === 'running';
}

/** The command line of a running process, its arguments joined by spaces. */
export function commandLineOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return fromPs(pid, 'command=');
  if (identityOf(pid) === undefined) return undefined;
  return readFileOrUndefined(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
}

/** proc(5): field 22 is the start in clock ticks since boot, so the boot is part of the name. */
function startFromProc(pid: number): string | undefined {
  const stat = readFileOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field, the command's name, may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return `${bootId()}/${fields[19]}`;
}

let ownNamespace: string | undefined;

/** The number of a namespace is used again once nothing runs in it; pids and start times keep its processes apart. */
function pidNamespace(): string {
  ownNamespace ??= process.platform === 'linux' ? `${bootId()}/${readlinkSync('/proc/self/ns/pid')}` : hostname();
  return ownNamespace;
}

function bootId(): string {
  return readFileOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/** Then it was not started where we are: what is older than the first process of a container is not of that container. */
function startedBeforeOurNamespace(startedAt: string): boolean {
  const [boot, ticks] = startedAt.split('/');
  const [ownBoot, firstTicks] = startFromProc(1)?.split('/') ?? [];
  return boot === ownBoot && Number(ticks) < Number(firstTicks);
}

function fromPs(pid: number, column: string): string | undefined {
  try {
    const printed = execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C' } });
    return printed.trim() === '' ? undefined : printed.trim();
  } catch {
    return undefined;
  }
}

function readFileOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Who a process is: a pid alone is not enough, because pids are used again.
 *
 * Pid and start time together name one process for the life of the machine. Recorded in files, they tell a leftover of ours
 * from a stranger that has got the same pid since.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: compared, never parsed. */
  readonly startedAt: string;
}

/** The identity of a running process, or undefined when there is none with this pid (a zombie counts as none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startFromProc(pid) : fromPs(pid, 'lstart=');
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Does exactly this process still run? */
export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startedAt === identity.startedAt;
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
  const boot = readFileOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return `${boot}/${fields[19]}`;
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

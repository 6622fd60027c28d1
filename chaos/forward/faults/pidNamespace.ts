/** A process that sees no process but its own, as in a container: pids of others mean nothing to it, and its own are low. */
import { spawnSync } from 'node:child_process';
import type { Command } from '../../../src/process/programs/entry.js';

const UNSHARE = ['--pid', '--fork', '--kill-child', '--mount-proc'] as const;

/** False where this process has no right to make namespaces, or the system has none. */
export function canMakePidNamespaces(): boolean {
  return process.platform === 'linux' && spawnSync('unshare', [...UNSHARE, 'true']).status === 0;
}

export function inPidNamespace({ file, args }: Command): Command {
  return { file: 'unshare', args: [...UNSHARE, file, ...args] };
}

/** Ending processes: asked first, then forced, and always awaited. */
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isRunning, type ProcessIdentity } from './identity.js';

export interface Escalation {
  readonly signal: NodeJS.Signals;
  /** How long the process may take over this signal before the next one. */
  readonly graceMs: number;
}

const POLL_MS = 20;
/** A process that got SIGKILL is gone as soon as the kernel gets to it; longer means uninterruptible disk I/O. */
const KILL_GRACE_MS = 10_000;

/**
 * Ends a process and, where it leads a process group, all of the group.
 *
 * @param identity taken when the process was started; a stranger with the same pid is left alone
 * @param escalation signals in turn, each with its grace; SIGKILL follows by itself
 */
export async function endProcess(identity: ProcessIdentity, escalation: readonly Escalation[]): Promise<void> {
  for (const { signal, graceMs } of [...escalation, { signal: 'SIGKILL', graceMs: KILL_GRACE_MS } as const]) {
    if (!isRunning(identity)) break;
    sendSignal(identity.pid, signal);
    await waitUntil(() => !isRunning(identity), graceMs);
  }
  killRemainingGroup(identity.pid);
}

/** Waits for a condition on processes, which send no event to those who are not their parent. */
async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** A pid is not given out again while its group has members, so with no leader there the group is still the old one. */
function killRemainingGroup(leader: number): void {
  if (identityOf(leader) === undefined) sendSignal(-leader, 'SIGKILL');
}

/** To a process, or with a negative number to a process group. Gone already is as good as ended. */
function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

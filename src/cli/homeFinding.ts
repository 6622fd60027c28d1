/** What `doctor` says of the home folder on this machine: may it be written, and is there room? */
import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { codedError } from '../domain/errors.js';
import type { Finding } from '../domain/plan.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** The least that a receiver keeps free for its spool and logs. */
const FULL_BELOW = 100 * MIB;
const LITTLE_BELOW = GIB;

export async function homeFinding(home: string): Promise<Finding> {
  const check = 'home';
  try {
    await mkdir(home, { recursive: true });
    await access(home, constants.W_OK);
    const { bavail, bsize } = await statfs(home);
    return { check, ...roomFinding(home, bavail * bsize) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { check, state: 'failed', detail: '', error: codedError('CAEP_FILE_REFUSED', { path: home, reason }).error };
  }
}

export function roomFinding(home: string, freeBytes: number): Omit<Finding, 'check'> {
  const free =
    freeBytes < 10 * GIB ? `${Math.floor(freeBytes / MIB)} MiB free` : `${Math.floor(freeBytes / GIB)} GiB free`;
  const detail = `${home}, ${free}`;
  if (freeBytes >= LITTLE_BELOW) return { state: 'ok', detail };
  if (freeBytes >= FULL_BELOW) return { state: 'warning', detail: `${detail}: little for spool, journals and logs` };
  return { state: 'failed', detail, error: { code: 'CAEP_DISK_FULL', fields: { path: detail } } };
}

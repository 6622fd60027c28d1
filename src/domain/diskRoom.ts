/** Whether a disk has room for what is written to it. */
import type { Finding } from './source/plan.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** The least that a receiver keeps free for its spool and logs. */
const FULL_BELOW = 100 * MIB;
const LITTLE_BELOW = GIB;

/** @param of what the room is for */
export function roomFinding(place: string, freeBytes: number, of: string): Omit<Finding, 'check'> {
  const free =
    freeBytes < 10 * GIB ? `${Math.floor(freeBytes / MIB)} MiB free` : `${Math.floor(freeBytes / GIB)} GiB free`;
  const detail = `${place}, ${free}`;
  if (freeBytes >= LITTLE_BELOW) return { state: 'ok', detail };
  if (freeBytes >= FULL_BELOW) return { state: 'warning', detail: `${detail}: not much room for ${of}` };
  return { state: 'failed', detail, error: { code: 'CAEP_DISK_FULL', fields: { path: detail } } };
}

/** What `doctor` says of the home folder on this machine: may it be written, and is there room? */
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { roomFinding } from '../../domain/diskRoom.js';
import { codedError } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';
import type { Finding } from '../../domain/source/plan.js';
import { diskRoom } from '../../process/disk.js';

export async function homeFinding(home: string): Promise<Finding> {
  const check = 'home';
  try {
    await mkdir(home, { recursive: true });
    await access(home, constants.W_OK);
    const { freeBytes } = await diskRoom(home);
    return { check, ...roomFinding(home, freeBytes, 'spool, journals and logs') };
  } catch (cause) {
    const reason = messageOf(cause);
    return { check, state: 'failed', detail: '', error: codedError('CAEP_FILE_REFUSED', { path: home, reason }).error };
  }
}

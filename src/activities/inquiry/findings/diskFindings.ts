/** What `doctor` says of the disks of the worker's machine: its home, and databases that are kept there. */
import { join } from 'node:path';
import { codedError } from '../../../domain/errors.js';
import { roomFinding } from '../../../domain/diskRoom.js';
import { messageOf } from '../../../domain/messageOf.js';
import type { Finding } from '../../../domain/source/plan.js';
import { diskRoom, type DiskRoom } from '../../../process/disk.js';

export interface Disks {
  readonly home: string;
  /** PostgreSQL's own folder, where it is on this machine and may be known. */
  readonly dataFolder: () => Promise<string | undefined>;
  readonly room?: (folder: string) => Promise<DiskRoom>;
}

/** One line for each disk: folders that share one are named together. */
export async function diskFindings({ home, dataFolder, room = diskRoom }: Disks): Promise<readonly Finding[]> {
  // That PostgreSQL does not answer is told by another check.
  const folder = await dataFolder().catch(() => undefined);
  const places = [
    { what: 'home', path: home },
    { what: 'PostgreSQL', path: folder ?? join(home, 'postgres') },
    // The development server's; one of production is elsewhere.
    { what: 'Temporal', path: join(home, 'temporal') },
  ];
  const disks = new Map<number, { readonly place: string; readonly freeBytes: number; readonly whats: string[] }>();
  for (const { what, path } of places) {
    try {
      const { device, freeBytes } = await room(path);
      const known = disks.get(device);
      if (known === undefined) disks.set(device, { place: path, freeBytes, whats: [what] });
      else known.whats.push(what);
    } catch (cause) {
      // What is not there, or another user's, is kept elsewhere or looked after by somebody else.
      if (what === 'home') return [unusable(path, cause)];
    }
  }
  return [...disks.values()].map(({ place, freeBytes, whats }) => ({
    check: `disk of ${whats.join(', ')}`,
    ...roomFinding(`${place} on the worker's machine`, freeBytes, 'what is stored there'),
  }));
}

function unusable(path: string, cause: unknown): Finding {
  const { error } = codedError('CAEP_FILE_REFUSED', { path, reason: messageOf(cause) });
  return { check: 'disk of home', state: 'failed', detail: '', error };
}

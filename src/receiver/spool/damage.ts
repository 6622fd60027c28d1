/** What of a spool cannot be given any more: counted until a person has seen to it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeSegment, type RecordMark } from './segment.js';
import { unreadableIn } from './segmentFiles.js';

export interface SpoolDamage {
  /** Records, or runs of records, whose bytes have changed, in files that are kept aside; until those are removed. */
  readonly unreadable: number;
  /** Acknowledged records in segments that vanished from the disk, since the start. */
  readonly vanished: number;
}

interface DamageCount {
  keptAside(file: string, unreadable: number): void;
  /** As {@link DamageCount.keptAside}, by somebody else: looked into for what it is. */
  found(file: string): Promise<void>;
  vanished(records: number): void;
  read(): SpoolDamage;
}

/** Begins with what earlier processes have kept aside. */
export async function createDamageCount(folder: string, mark: RecordMark | undefined): Promise<DamageCount> {
  const kept = new Map<string, number>();
  let vanished = 0;
  async function found(file: string): Promise<void> {
    kept.set(file, decodeSegment(await readFile(file), mark).damaged.stretches);
  }
  for (const file of await unreadableIn(folder)) await found(file);
  return {
    found,
    keptAside: (file, unreadable) => void kept.set(file, unreadable),
    vanished: (records) => void (vanished += records),
    read() {
      for (const file of kept.keys()) if (!existsSync(file)) kept.delete(file);
      return { unreadable: [...kept.values()].reduce((sum, stretches) => sum + stretches, 0), vanished };
    },
  };
}

/** Small files that are there whole or not at all, whatever happens while they are written. For our own eyes: mode 0600. */
import { randomUUID } from 'node:crypto';
import { closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Puts a file in the place of what is there. It is written beside first, under a name of its own each time: of two that do so
 * at once the last one stays, and neither takes the other's half.
 */
export function replaceFile(file: string, content: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomUUID()}.part`;
  try {
    writeFileSync(beside, content, { mode: 0o600, flush: true });
    renameSync(beside, file);
    syncFolder(folder);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** A file is durable only when its name is. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Small files that are there whole or not at all, whatever happens while they are written. For our own eyes: mode 0600. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Puts a file in the place of what is there: of two that do so at once the last one stays, and neither takes the other's half.
 * Makes the folder. Durable when it returns.
 *
 * @throws what the file system throws; what was there then stands
 * @example
 * replaceFile(`${folder}/made/target.json`, '{"target":"local"}');
 * replaceFile(`${folder}/made/target.json`, '{"target":"cloud"}');
 * assert.equal(readFileSync(`${folder}/made/target.json`, 'utf8'), '{"target":"cloud"}');
 */
export function replaceFile(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  withFileBeside(file, content, (beside) => {
    renameSync(beside, file);
    syncFolder(dirname(file));
  });
}

/** Writes a file, durably, under a name of its own beside the one that it is meant for, and lets `work` put it in place. */
export function withFileBeside<T>(file: string, content: string, work: (beside: string) => T): T {
  const beside = `${file}.${randomUUID()}.part`;
  try {
    writeFileSync(beside, content, { mode: 0o600, flush: true });
    return work(beside);
  } catch (cause) {
    throw ofFile(file, beside, cause);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** What stands beside is of no use to anybody: an error is about the file that it is meant for. */
function ofFile(file: string, beside: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || (cause as NodeJS.ErrnoException).path !== beside) return cause;
  return Object.assign(cause, { path: file, message: cause.message.replaceAll(beside, file) });
}

/** Puts a file there only where there is none. @returns false when somebody else has */
export function linkedInPlace(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
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

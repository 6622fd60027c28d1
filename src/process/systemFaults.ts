/** What the operating system refuses, as errors of our catalogue: a folder without rights, a full disk. */
import { type CodedError, codedError } from '../domain/errors.js';

const FILE_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no permission for it',
  EPERM: 'this user has no permission for it',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  EEXIST: 'something with this name already exists',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'this process has too many files open',
  ENFILE: 'this machine has too many files open',
  EIO: 'the disk reports a read or write error',
  ENOSPC: 'the disk is full',
  EDQUOT: 'this user has no more room on the disk',
};

/** @returns undefined for an error that is no refusal of the file system */
export function reasonOfRefusal(cause: unknown): string | undefined {
  return FILE_REASONS[(cause as NodeJS.ErrnoException).code ?? ''];
}

/** @returns undefined for an error that is no such refusal */
export function systemFault(cause: unknown): CodedError | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code = '', path, syscall = '' } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return codedError('CAEP_DISK_FULL', { path: path ?? 'the home' }, { cause });
  const reason = reasonOfRefusal(cause);
  // Sockets and processes fail with the same codes, and name no path.
  if (reason === undefined || path === undefined) return undefined;
  if (syscall.startsWith('spawn'))
    return codedError('CAEP_FILE_REFUSED', { path, reason: `it cannot be run: ${reason}` }, { cause });
  return codedError('CAEP_FILE_REFUSED', { path, reason }, { cause });
}

/** As PostgreSQL, SQLite and Node say it. */
const NO_ROOM = /No space left on device|disk is full|ENOSPC|disk quota exceeded/i;

/**
 * Of a server that did not start, from what it has said.
 *
 * @param folder where it keeps its data
 * @param reason in place of all that it has said
 */
export function startFault(
  code: 'CAEP_POSTGRES_NOT_STARTED' | 'CAEP_TEMPORAL_NOT_STARTED',
  said: string,
  folder: string,
  reason = said,
): CodedError {
  return NO_ROOM.test(said) ? codedError('CAEP_DISK_FULL', { path: folder }) : codedError(code, { reason });
}

/** The key file: JSON `{keys: [{id, key, createdAt}], active}`, mode 0600, keys oldest first. The first key is never removed. */
import { hkdfSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { codedError } from '../../domain/errors.js';
import { syncFolder, withFileBeside } from '../../process/files/wholeFile.js';

export const KEY_BYTES = 32;
/** Of the mode: for anybody but the owner, or executable. A read-only mount of a secret, 0400, is stricter than 0600. */
const EXPOSING_BITS = 0o177;

const keySchema = z.object({
  /** 8 hexadecimal digits; stands in everything that was sealed with the key. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  key: z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((key) => key.length === KEY_BYTES, `must be ${KEY_BYTES} bytes`),
  createdAt: z.string(),
});

const keyFileSchema = z
  .object({ keys: z.tuple([keySchema], keySchema), active: z.string() })
  .refine(({ keys, active }) => keys.some(({ id }) => id === active), '`active` must be the id of one of `keys`')
  .refine(({ keys }) => new Set(keys.map(({ id }) => id)).size === keys.length, 'two keys have the same id');

export type KeyFile = z.infer<typeof keyFileSchema>;
export type Key = KeyFile['keys'][number];

/**
 * @throws CodedError `CAEP_KEY_FILE_MISSING`; `CAEP_KEY_FILE_EXPOSED` when others may read it; `CAEP_CONFIGURATION_INVALID` when
 *   it is not a key file
 */
export async function readKeyFile(file: string): Promise<KeyFile> {
  try {
    requirePrivate(file, (await stat(file)).mode);
    return parse(await readFile(file, 'utf8'), file);
  } catch (error) {
    throw unread(file, error);
  }
}

/** For a process that runs: what was added since it has read the file. Throws like {@link readKeyFile}. */
export function readKeyFileAgain(file: string): KeyFile {
  try {
    requirePrivate(file, statSync(file).mode);
    return parse(readFileSync(file, 'utf8'), file);
  } catch (error) {
    throw unread(file, error);
  }
}

/** Tells two keys apart, also two with the same id, and says nothing about either. 8 hexadecimal digits. */
export function fingerprintOf({ key }: Key): string {
  return Buffer.from(hkdfSync('sha256', key, '', 'chatlio-aep/fingerprint/1', 4)).toString('hex');
}

/** With which machines that have no key file open what a worker of this installation answers; opens nothing that is stored. */
export function accessKeyOf({ keys }: KeyFile): Buffer {
  return Buffer.from(hkdfSync('sha256', keys[0].key, '', 'chatlio-aep/access/1', KEY_BYTES));
}

/** As people compare them: `id:fingerprint`, the active one marked. */
export function describeKeys({ keys, active }: KeyFile): string {
  return keys.map((key) => `${key.id}:${fingerprintOf(key)}${key.id === active ? ' (active)' : ''}`).join(', ');
}

/** The file's text is written beside and handed over to be put in place, so that no reader ever sees half of one. */
export function writeKeyFile(
  file: string,
  content: KeyFile,
  putInPlace: (from: string, to: string) => boolean,
): boolean {
  const keys = content.keys.map((key) => ({ ...key, key: key.key.toString('base64') }));
  const text = `${JSON.stringify({ ...content, keys }, undefined, 2)}\n`;
  const isPut = withFileBeside(file, text, (beside) => putInPlace(beside, file));
  // What a key has sealed must not outlive the name of its file.
  syncFolder(dirname(file));
  return isPut;
}

function requirePrivate(file: string, mode: number): void {
  if (process.platform === 'win32' || (mode & EXPOSING_BITS) === 0) return;
  throw codedError('CAEP_KEY_FILE_EXPOSED', { file, mode: (mode & 0o777).toString(8).padStart(4, '0') });
}

/** Nothing of the file's content may stand in a message: it holds keys. */
function parse(text: string, file: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unusable(file, 'it is not JSON');
  }
  const parsed = keyFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw unusable(file, parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

function unread(file: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return codedError('CAEP_KEY_FILE_MISSING', { file });
  return code === undefined ? error : unusable(file, message);
}

function unusable(file: string, reason: string): Error {
  return codedError('CAEP_CONFIGURATION_INVALID', { reason: `the key file ${file} cannot be used: ${reason}` });
}

/** The key file: JSON `{keys: [{id, key, createdAt}], active}`, mode 0600, keys oldest first. The first key is never removed. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { codedError } from '../domain/errors.js';

const KEY_BYTES = 32;

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

export async function readKeyFile(file: string, options: { readonly create?: boolean }): Promise<KeyFile> {
  const text = await readFile(file, 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw unusable(file, error.message);
    if (options.create !== true) throw codedError('CAEP_KEY_MISSING', { keyId: '(any)', file });
    await createKeyFile(file);
    return readFile(file, 'utf8');
  });
  return parse(text, file);
}

/** For a process that runs: what was added since it has read the file. */
export function readKeyFileAgain(file: string): KeyFile {
  return parse(readFileSync(file, 'utf8'), file);
}

/**
 * Adds a fresh key and makes it the active one. Running processes open with it at once, and seal with it after a restart.
 *
 * @returns the new key's id, and how many keys there are now
 * @throws CodedError `CAEP_KEY_MISSING` when there is no file; `CAEP_CONFIGURATION_INVALID` when it is not a key file
 */
export async function rotateKeyFile(file: string): Promise<{ readonly active: string; readonly keys: number }> {
  const { keys } = await readKeyFile(file, {});
  const added = freshKey();
  await writeBeside(
    file,
    [...keys.map((key) => ({ ...key, key: key.key.toString('base64') })), added],
    added.id,
    rename,
  );
  return { active: added.id, keys: keys.length + 1 };
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

function unusable(file: string, reason: string): Error {
  return codedError('CAEP_CONFIGURATION_INVALID', { reason: `the key file ${file} cannot be used: ${reason}` });
}

function freshKey() {
  return {
    id: randomBytes(4).toString('hex'),
    key: randomBytes(KEY_BYTES).toString('base64'),
    createdAt: new Date().toISOString(),
  };
}

async function createKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const key = freshKey();
  // `link` fails when the file is there: of two processes that start together, the second uses the first one's key.
  await writeBeside(file, [key], key.id, (from, to) =>
    link(from, to).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    }),
  );
}

async function writeBeside(
  file: string,
  keys: readonly unknown[],
  active: string,
  putInPlace: (from: string, to: string) => Promise<void>,
): Promise<void> {
  const beside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(beside, `${JSON.stringify({ keys, active }, undefined, 2)}\n`, { mode: 0o600, flush: true });
    await putInPlace(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
}

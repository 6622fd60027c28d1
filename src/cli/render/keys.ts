/** What `keys` commands did, and what is to be done now. */
import type { Paint } from './paint.js';
import { counted } from './text.js';

interface KeyFileNow {
  readonly file: string;
  /** The active key's id. */
  readonly active: string;
  readonly keys: number;
}

export function renderCreatedKeys({ file, active }: KeyFileNow, paint: Paint): string {
  return [
    `${paint.good('✔')} ${file} was made, with the key ${active}.`,
    '',
    'What to do now, in this order:',
    '  1. Back the file up: what is sealed with a key that is lost cannot be read any more.',
    '  2. Give every worker and every receiver this file, with CHATLIO_AEP_KEY_FILE, readable by its user alone (mode 0600).',
    '  3. Start them.',
  ].join('\n');
}

export function renderRotatedKeys({ file, active, keys }: KeyFileNow, paint: Paint): string {
  return [
    `${paint.good('✔')} ${file} has a new key, ${active}, which is the active one; with the old ones it holds ${counted(keys, 'key')}.`,
    '',
    ...handOut('each seals with the new key from its next start on'),
    '',
    paint.faint('What was sealed with the old keys stays readable; they are never removed.'),
  ].join('\n');
}

export function renderMergedKeys(
  { file, from, active, keys, added }: KeyFileNow & { readonly from: string; readonly added: number },
  paint: Paint,
): string {
  if (added === 0) return `${paint.good('✔')} ${file} has all keys of ${from} already: ${counted(keys, 'key')}.`;
  return [
    `${paint.good('✔')} ${file} now holds ${counted(keys, 'key')}, ${added} of them from ${from}; the active one is ${active} as before.`,
    '',
    ...handOut('a running one finds a key that it misses by itself, where it reads the same file'),
    '  4. Events that were held because their key was not there: `chatlio-aep held reparse NAME --reason unreadable`.',
  ].join('\n');
}

function handOut(why: string): string[] {
  return [
    'What to do now, in this order:',
    '  1. Back the file up: what is sealed with a key that is lost cannot be read any more.',
    '  2. Where workers and receivers have copies of their own, replace all of them.',
    `  3. Restart every worker and every receiver: ${why}.`,
  ];
}

/** What `keys` commands did, and what is to be done now. */
import { counted } from '../../../domain/counted.js';
import type { Paint } from '../paint.js';

interface KeyFileNow {
  readonly file: string;
  /** The active key's id. */
  readonly active: string;
  readonly keys: number;
}

export function renderCreatedKeys({ file, active }: KeyFileNow, paint: Paint): string {
  return [
    `${paint.good('✔')} Created ${file} with the key ${active}.`,
    '',
    'Next, in this order:',
    '  1. Back the file up: without it, everything that is encrypted with its keys is lost.',
    '  2. Give this file to every worker and receiver: set CHATLIO_AEP_KEY_FILE, and let only their user read it (mode 0600).',
    '  3. Start them.',
  ].join('\n');
}

export function renderRotatedKeys({ file, active, keys }: KeyFileNow, paint: Paint): string {
  return [
    `${paint.good('✔')} ${file} has a new active key, ${active}; with the old ones it holds ${counted(keys, 'key')}.`,
    '',
    ...handOut('each encrypts with the new key after its next start'),
    '',
    paint.faint('Data encrypted with the old keys can still be read: old keys are never removed.'),
  ].join('\n');
}

export function renderMergedKeys(
  { file, from, active, keys, added }: KeyFileNow & { readonly from: string; readonly added: number },
  paint: Paint,
): string {
  if (added === 0) return `${paint.good('✔')} ${file} already has all keys of ${from}: ${counted(keys, 'key')}.`;
  return [
    `${paint.good('✔')} ${file} now holds ${counted(keys, 'key')}, ${added} of them from ${from}; the active one is ${active} as before.`,
    '',
    ...handOut('one that uses this very file finds the new keys automatically'),
    '  4. Read the events again that were held because their key was missing: `chatlio-aep held reparse NAME --reason unreadable`.',
  ].join('\n');
}

function handOut(why: string): string[] {
  return [
    'Next, in this order:',
    '  1. Back the file up: without it, everything that is encrypted with its keys is lost.',
    '  2. If workers and receivers have their own copies, replace all of them.',
    `  3. Restart every worker and every receiver: ${why}.`,
  ];
}

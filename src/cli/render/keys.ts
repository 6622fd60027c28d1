/** `keys rotate`: what was done, and what is to be done now. */
import type { Paint } from './paint.js';
import { counted } from './text.js';

export interface RotatedKeys {
  readonly file: string;
  /** The new key's id. */
  readonly active: string;
  readonly keys: number;
}

export function renderRotatedKeys({ file, active, keys }: RotatedKeys, paint: Paint): string {
  return [
    `${paint.good('✔')} ${file} has a new key, ${active}, which is the active one; with the old ones it holds ${counted(keys, 'key')}.`,
    '',
    'What to do now, in this order:',
    '  1. Back the file up: what is sealed with a key that is lost cannot be read any more.',
    '  2. Where workers and receivers have copies of their own, replace all of them.',
    '  3. Restart every worker and every receiver: each seals with the new key from its next start on.',
    '',
    paint.faint('What was sealed with the old keys stays readable; they are never removed.'),
  ].join('\n');
}

/** `update`: how it ended. */
import type { Contents } from '../../../domain/projection/projection.js';
import type { UpdateResult } from '../../../domain/source/update.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';
import { opensLine } from './source.js';

export function renderUpdated(
  {
    name,
    changed,
    fields,
    mappingVersion,
    opensAt,
    contents,
  }: UpdateResult & { readonly name: string; readonly contents?: Contents },
  now: number,
  paint: Paint,
): string {
  if (!changed) return `${paint.strong(name)} already has this manifest. Nothing was changed.`;
  const sending = mappingVersion !== undefined;
  const rows = [
    ...(fields.length === 0 ? [] : [['new XDM fields', fields.join(', ')]]),
    ...(sending ? [['mapping set', `version ${mappingVersion}`]] : []),
    ...(contents === undefined ? [] : [['contents', contents]]),
    ...(sending
      ? [['sending', opensAt === undefined ? 'after `unpause`' : opensLine({ opensAt }, now, undefined, undefined)]]
      : []),
  ];
  return [
    `${paint.good('✔')} ${paint.strong(name)} has the new manifest.`,
    ...(rows.length === 0 ? [] : ['', columns(rows)]),
  ].join('\n');
}

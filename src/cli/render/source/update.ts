/** `update`: how it ended. */
import type { Contents } from '../../../domain/projection/projection.js';
import type { SourceUrls } from '../../../domain/inquiries.js';
import type { RoutedKind } from '../../../domain/source/updating/updatable.js';
import type { UpdateResult } from '../../../domain/source/update.js';
import { renderUrls } from '../events/urls.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';
import { opensLine } from './source.js';

export interface ChangedWebhooks {
  readonly added: SourceUrls['webhooks'];
  readonly revoked: readonly RoutedKind[];
}

export interface Updated extends UpdateResult {
  readonly name: string;
  readonly contents?: Contents;
  readonly webhooks?: ChangedWebhooks;
}

export function renderUpdated(
  { name, changed, fields, mappingVersion, opensAt, contents, webhooks, replaced, removed = [] }: Updated,
  now: number,
  paint: Paint,
): string {
  if (!changed) return `${paint.strong(name)} already has this manifest. Nothing was changed.`;
  const sending = mappingVersion !== undefined;
  const rows = [
    ...(fields.length === 0 ? [] : [['new XDM fields', fields.join(', ')]]),
    ...(sending ? [['mapping set', `version ${mappingVersion}`]] : []),
    ...(replaced === undefined ? [] : [['flow', `${replaced.by}, in the place of ${replaced.flow}`]]),
    ...(removed.length === 0 ? [] : [['removed', `flow ${removed.join(', ')}, with its connections`]]),
    ...(contents === undefined ? [] : [['contents', contents]]),
    ...(sending
      ? [['sending', opensAt === undefined ? 'after `unpause`' : opensLine({ opensAt }, now, undefined, undefined)]]
      : []),
  ];
  return [
    `${paint.good('✔')} ${paint.strong(name)} is as the manifest says.`,
    ...(rows.length === 0 ? [] : ['', columns(rows)]),
    ...(replaced === undefined
      ? []
      : [
          '',
          `The old flow and its connections are removed once every event that went to it is confirmed or decided: \`chatlio-aep status ${name}\``,
        ]),
    ...(webhooks === undefined ? [] : webhookLines(name, webhooks, paint)),
  ].join('\n');
}

function webhookLines(name: string, { added, revoked }: ChangedWebhooks, paint: Paint): string[] {
  return [
    ...(added.length === 0 ? [] : ['', renderUrls(name, { webhooks: added }, paint)]),
    ...(revoked.length === 0
      ? []
      : [
          '',
          `Not taken any more: ${revoked.map(({ widget, kind }) => `${widget} ${kind}`).join(', ')}. Remove these URLs in Chatlio's settings: what Chatlio posts there is lost.`,
        ]),
  ];
}

/** `urls`: each webhook URL under the name of the field that takes it. */
import type { SourceUrls } from '../../../domain/inquiries.js';
import type { Paint } from '../paint.js';
import { instant } from '../text.js';

export function renderUrls(name: string, { webhooks, inlet }: SourceUrls, paint: Paint): string {
  const widgets = [...new Set(webhooks.map(({ widget }) => widget))];
  return [
    `Webhook URLs of ${paint.strong(name)}. Each holds a secret: treat it like a password.`,
    ...widgets.flatMap((widget) => [
      '',
      `${paint.strong(widget)}  ${paint.faint('in Chatlio: settings of the widget → Behavior → Webhooks and post-chat actions')}`,
      ...webhooks
        .filter((webhook) => webhook.widget === widget)
        .flatMap(({ kind, chatlioField, url, oldTakenUntil }) => [
          `  ${chatlioField}  ${paint.faint(kind)}`,
          `    ${paint.hint(url)}`,
          ...(oldTakenUntil === undefined
            ? []
            : [`    ${paint.caution(`new; the old URL works until ${instant(Date.parse(oldTakenUntil))}`)}`]),
        ]),
    ]),
    ...(webhooks.some(({ url }) => LOOPBACK.test(url))
      ? [
          '',
          paint.caution(
            'These URLs work on this machine only. Set RECEIVER_PUBLIC_URL for the receiver to the HTTPS address at which Chatlio reaches it.',
          ),
        ]
      : []),
    ...(inlet === undefined
      ? []
      : [
          '',
          `${paint.strong("Adobe's own URL")}  ${paint.faint('bypasses the receiver: events are not kept, not retried, and copies are not recognised')}`,
          `    ${paint.hint(withFlow(inlet))}`,
        ]),
  ].join('\n');
}

const LOOPBACK = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/]/;

/** Chatlio cannot send headers, so the flow's id stands in the query. */
function withFlow({ url, flowId }: NonNullable<SourceUrls['inlet']>): string {
  const direct = new URL(url);
  direct.searchParams.set('x-adobe-flow-id', flowId);
  return direct.href;
}

/** Posts one webhook of each kind to the receiver, as Chatlio would. */
import { fixture } from '../../chatlio/fixtures.js';
import { isKind, type Kind } from '../../domain/events/kinds.js';
import type { WebhookUrl } from '../../domain/inquiries.js';
import { isTaken } from '../sentEvent.js';

export interface PostedEvent {
  readonly kind: Kind;
  readonly eventId: string;
}

const TIMEOUT_MS = 10_000;

/** @param event seed and time make the event: the same ones make the same event */
export async function postWebhooks(
  webhooks: readonly WebhookUrl[],
  event: { readonly seed: number; readonly atMs: number },
  signal: AbortSignal,
): Promise<PostedEvent[]> {
  return Promise.all(
    webhooks.map(async ({ kind, url }) => {
      if (!isKind(kind)) throw new Error(`there is no kind ${kind}`);
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fixture(kind, event)),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const text = await answer.text();
      if (!isTaken(answer.status)) throw new Error(`HTTP ${answer.status} to ${kind}`);
      return { kind, eventId: (JSON.parse(text) as { eventId: string }).eventId };
    }),
  );
}

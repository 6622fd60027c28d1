import { fixture } from '../../chatlio/fixtures.js';
import { readRequest } from '../../chatlio/readRequest.js';
import { codedError, EXIT_CODES } from '../../domain/errors.js';
import type { Kind } from '../../domain/kinds.js';
import type { WebhookUrl } from '../../domain/plan.js';
import { createCountedProgress } from '../countedProgress.js';
import type { Command } from '../ports.js';
import { renderSent } from '../render/sent.js';
import { isTaken, type SentEvent } from '../sentEvent.js';
import { unreachableReason } from '../unreachable.js';
import { askForUrls } from './urls.js';

export interface SendArguments {
  readonly name: string;
  readonly kind: Kind;
  readonly count: number;
  /** The same seed is the same visitor and conversation: sent again, it is the same event. */
  readonly seed: number;
  /** Standard: the first that takes this kind. */
  readonly widget?: string;
}

/** Posts realistic Chatlio events through the real receiver, as Chatlio would. */
export const send: Command<SendArguments> = async (context, { name, kind, count, seed, widget }) => {
  const { webhooks } = await askForUrls(context, name);
  const target = webhookOf(webhooks, name, kind, widget);
  const sent: SentEvent[] = [];
  const seeds = Array.from({ length: count }, (_, index) => seed + index).values();
  const progress = createCountedProgress(context, (posted) => `Posted ${posted} of ${count} events …`);
  const post = async (): Promise<void> => {
    for (const each of seeds) {
      sent.push(await postOne(target, kind, each, context.now()));
      progress.done();
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, PARALLEL_POSTS) }, post)).finally(() => progress.end());
  sent.sort((a, b) => a.seed - b.seed);
  context.output.result({ name, events: sent }, () => renderSent(sent, name, context.output.paint));
  return sent.every(({ httpStatus }) => isTaken(httpStatus)) ? EXIT_CODES.done : EXIT_CODES.failed;
};

const PARALLEL_POSTS = 16;
const POST_TIMEOUT_MS = 10_000;

function webhookOf(webhooks: readonly WebhookUrl[], name: string, kind: Kind, widget: string | undefined): WebhookUrl {
  const target = webhooks.find((hook) => hook.kind === kind && (widget === undefined || hook.widget === widget));
  if (target !== undefined) return target;
  const there = [...new Set(webhooks.map((hook) => `${hook.widget}/${hook.kind}`))].join(', ');
  throw codedError('CAEP_USAGE', {
    reason: `${name} takes no ${kind}${widget === undefined ? '' : ` of the widget ${widget}`}; it takes ${there || 'nothing'}`,
  });
}

async function postOne({ url, widget }: WebhookUrl, kind: Kind, seed: number, atMs: number): Promise<SentEvent> {
  const raw = Buffer.from(JSON.stringify(fixture(kind, { seed, atMs })));
  const reading = readRequest({ widget, kind, raw, receivedAtMs: atMs });
  const eventId = reading.outcome === 'event' ? reading.event.eventId : reading.eventId;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: raw,
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return { eventId, kind, widget, seed, httpStatus: answer.status };
  } catch (error) {
    // The path holds the secret: only scheme and host are named.
    throw codedError('CAEP_RECEIVER_UNREACHABLE', { address: new URL(url).origin, reason: unreachableReason(error) });
  }
}

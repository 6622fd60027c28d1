import { fixture } from '../../../chatlio/fixtures.js';
import { readRequest } from '../../../chatlio/readRequest.js';
import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import { type Kind, KINDS } from '../../../domain/events/kinds.js';
import type { WebhookUrl } from '../../../domain/inquiries.js';
import { createCountedProgress } from '../../following/countedProgress.js';
import type { Command } from '../../ports.js';
import { renderSent } from '../../render/events/sent.js';
import { isTaken, type SentEvent } from '../../sentEvent.js';
import { unreachableReason } from '../../findings/unreachable.js';
import { askForUrls } from './urls.js';
import { Argument } from 'commander';
import type { CommandLine } from '../../grammar/commandLine.js';
import { wholeNumber } from '../../grammar/options.js';

export interface SendArguments {
  readonly name: string;
  readonly kind: Kind;
  readonly count: number;
  /** The same seed is the same visitor and conversation: sent again, it is the same event. */
  readonly seed: number;
  /** Default: the first that takes this kind. */
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
  const { eventId } = reading;
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

export const sendCommand: CommandLine = {
  name: 'send',
  description: 'post realistic Chatlio events through the receiver',
  examples: ['send support-chat new-conversation', 'send support-chat feedback --count 100 --seed 7'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .addArgument(new Argument('<kind>', 'kind of event').choices(KINDS))
      .option('--count <number>', 'how many', wholeNumber, 1)
      .option('--seed <number>', 'the same seed makes the same event; default: a new one', wholeNumber)
      .option('--widget <key>', 'default: the first that takes this kind')
      .action((name: string, kind: Kind, options: { count: number; seed?: number; widget?: string }) =>
        does(send, { name, kind, ...options, seed: options.seed ?? freshSeed() }),
      ),
};

/** Far above seeds that people type, far below where numbers lose exactness. */
function freshSeed(): number {
  return 1_000_000 + Math.floor(Math.random() * 2 ** 31);
}

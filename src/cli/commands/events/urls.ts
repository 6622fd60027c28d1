import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import { type Kind, KINDS } from '../../../domain/events/kinds.js';
import type { SourceUrls } from '../../../domain/inquiries.js';
import { askerOf } from '../../asker.js';
import { orWhatBecameOf } from '../../following/ended.js';
import type { Command, Context } from '../../ports.js';
import { renderUrls } from '../../render/events/urls.js';
import { requireWorker } from '../../worker.js';
import { Option } from 'commander';
import type { CommandLine } from '../../grammar/commandLine.js';
import { duration, person } from '../../grammar/options.js';

export interface UrlsArguments {
  readonly name: string;
  /** Make new secrets first: of all URLs, or of those that `widget` and `kind` name. */
  readonly rotate?: boolean;
  readonly widget?: string;
  readonly kind?: Kind;
  /** For how long the URLs before are still taken. */
  readonly overlapMs?: number;
}

/** Time to paste the new ones into Chatlio. */
const OVERLAP_MS = 86_400_000;

/** The webhook URLs to paste into Chatlio, and where each goes. They hold secrets: printed on request, and nowhere else. */
export const urls: Command<UrlsArguments> = async (context, { name, rotate, widget, kind, overlapMs }) => {
  if (rotate !== true && (widget ?? kind ?? overlapMs) !== undefined) {
    throw codedError('CAEP_USAGE', { reason: '--widget, --kind and --overlap go with --rotate' });
  }
  const found = await askForUrls(
    context,
    name,
    rotate === true ? { widget, kind, overlapMs: overlapMs ?? OVERLAP_MS, by: person() } : undefined,
  );
  context.output.result({ name, ...found }, () => renderUrls(name, found, context.output.paint));
  return EXIT_CODES.done;
};

type Rotation = Pick<UrlsArguments, 'widget' | 'kind'> & { readonly overlapMs: number; readonly by: string };

export async function askForUrls(context: Context, name: string, rotation?: Rotation): Promise<SourceUrls> {
  const asker = await askerOf(context);
  const sources = await context.sources();
  await requireWorker(sources);
  const question = { v: 1, name, sealTo: asker.sealTo } as const;
  const { sealed } = await orWhatBecameOf(sources, name, () =>
    rotation === undefined
      ? sources.ask({ ...question, ask: 'urls' })
      : sources.ask({ ...question, ask: 'rotate', ...rotation }),
  );
  return JSON.parse(asker.open(sealed)) as SourceUrls;
}

export const urlsCommand: CommandLine = {
  name: 'urls',
  description: 'show the webhook URLs to paste into Chatlio (they hold secrets)',
  examples: ['urls support-chat', 'urls support-chat --rotate --widget main-site --kind feedback --overlap 2h'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--rotate', 'make new secrets; the old URLs work for a while longer')
      .option('--widget <key>', 'with --rotate: only for this widget')
      .addOption(new Option('--kind <kind>', 'with --rotate: only for this kind').choices(KINDS))
      .option('--overlap <duration>', 'with --rotate: how long the old URLs still work; default: 24h', duration)
      .action(
        (name: string, { overlap, ...options }: { rotate?: boolean; widget?: string; kind?: Kind; overlap?: number }) =>
          does(urls, { name, ...options, overlapMs: overlap }),
      ),
};

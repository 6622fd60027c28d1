import { CodedError, codedError, EXIT_CODES } from '../../../domain/errors.js';
import { MAX_HISTORY } from '../../../domain/history.js';
import type { SourceState } from '../../../domain/source/source.js';
import type { Sources } from '../../../temporal/sources/port.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { wholeNumber } from '../../grammar/options.js';
import type { Command } from '../../ports.js';
import { historyDocument, renderHistory } from '../../render/source/history.js';
import { requireWorker } from '../../worker.js';

const DEFAULT_LIMIT = 50;

export interface HistoryArguments {
  readonly name: string;
  readonly limit?: number;
}

/** Who did what when, with which result: from the database, so also of a source that Temporal has forgotten. */
export const history: Command<HistoryArguments> = async ({ output, now, ...context }, { name, limit }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const page = await sources.ask({
    v: 1,
    ask: 'history',
    name,
    limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_HISTORY),
  });
  const run = await sources.describe(name);
  if (run === undefined && !page.known) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
  const state = run?.open === true ? await knownState(sources, name) : undefined;
  output.result(historyDocument(name, page, state), () =>
    renderHistory({ name, page, state, now: now() }, output.paint),
  );
  return EXIT_CODES.done;
};

/** What goes on now is told where the workflow answers; what is recorded is told in any case. */
async function knownState(sources: Sources, name: string): Promise<SourceState | undefined> {
  try {
    return await sources.state(name);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return undefined;
  }
}

export const historyCommand: CommandLine = {
  name: 'history',
  description: 'show who did what to a source, when, and with which result',
  examples: ['history support-chat', 'history support-chat --limit 200', '--output json history support-chat'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--limit <number>', `at most this many, the newest; default: ${DEFAULT_LIMIT}`, wholeNumber)
      .addHelpText(
        'after',
        `\nThe newest is the last line. --limit takes up to ${MAX_HISTORY}. It is kept for ever, also after a teardown.`,
      )
      .action((name: string, { limit }: { limit?: number }) => does(history, { name, limit })),
};

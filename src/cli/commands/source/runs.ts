import { DEFAULT_RUNS, MAX_RUNS } from '../../../domain/delivery/flowRuns.js';
import { EXIT_CODES } from '../../../domain/errors.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { wholeNumber } from '../../grammar/options.js';
import type { Command } from '../../ports.js';
import { renderRuns } from '../../render/source/runs.js';
import { requireWorker } from '../../worker.js';

export interface ListRunsArguments {
  readonly name: string;
  readonly limit?: number;
}

/** What Adobe has counted, hour by hour. */
export const listRuns: Command<ListRunsArguments> = async (context, { name, limit = DEFAULT_RUNS }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'runs', name, limit });
  context.output.result({ name, ...report }, () => renderRuns(report, { name }, context.output.paint));
  return EXIT_CODES.done;
};

export const runsCommand: CommandLine = {
  name: 'runs',
  description: "show Adobe's flow runs of a source: records in, written and failed, by the hour",
  examples: ['runs support-chat', 'runs support-chat --limit 48', '--output json runs support-chat'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--limit <number>', 'at most this many runs, the newest', wholeNumber)
      .addHelpText('after', `\nWithout --limit the newest ${DEFAULT_RUNS} are shown; it takes up to ${MAX_RUNS}.`)
      .action((name: string, options: { limit?: number }) => does(listRuns, { name, ...options })),
};

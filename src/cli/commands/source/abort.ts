import { orWhatBecameOf } from '../../following/ended.js';
import { reportEnding } from '../../following/ending.js';
import { follow } from '../../following/follow.js';
import type { Command } from '../../ports.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person } from '../../grammar/options.js';

export interface AbortArguments {
  readonly name: string;
  readonly reason?: string;
  readonly by: string;
}

/** Undoes the held operation, and follows the source until it is undone. */
export const abort: Command<AbortArguments> = async (context, { name, reason, by }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  await orWhatBecameOf(sources, name, () => sources.abort(name, { reason, by }));
  const followed = await follow(context, sources, name, { until: ['live', 'held'] });
  return reportEnding(context, name, followed, 'undone');
};

export const abortCommand: CommandLine = {
  name: 'abort',
  description: 'undo a held operation',
  examples: ['abort support-chat --reason "wrong sandbox"'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--reason <text>', 'the reason, which is recorded')
      .action((name: string, options: { reason?: string }) => does(abort, { name, ...options, by: person() })),
};

import { EXIT_CODES } from '../../../domain/errors.js';
import type { UnpauseInput } from '../../../domain/delivery/pause.js';
import { knownForwarder } from '../../knownForwarder.js';
import { orWhatBecameOf } from '../../following/ended.js';
import type { Command } from '../../ports.js';
import { renderUnpaused } from '../../render/source/pause.js';
import { sendingLines } from '../../render/source/standstill.js';
import { awaitUnderway } from '../../following/underway.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person } from '../../grammar/options.js';

export interface UnpauseArguments extends UnpauseInput {
  readonly name: string;
}

/** Opens the gate, whatever has closed it, and enables the flow where it is not. */
export const unpause: Command<UnpauseArguments> = async (context, { name, ...input }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const doing = `Unpausing ${name}: checking the flow, and enabling it if needed`;
  const done = await awaitUnderway(context, await orWhatBecameOf(sources, name, () => sources.unpause(name, input)), {
    name,
    doing,
  });
  if (done === undefined) return EXIT_CODES.interrupted;
  const { changed, opensAt } = done;
  // An open gate is not all that sending needs.
  const forwarder = await knownForwarder(sources, name);
  context.output.result({ name, changed, opensAt }, () =>
    [
      renderUnpaused(name, { ...done, forwarder }, context.now(), context.output.paint),
      ...sendingLines(name, forwarder, context.now(), context.output.paint),
    ].join('\n'),
  );
  return EXIT_CODES.done;
};

export const unpauseCommand: CommandLine = {
  name: 'unpause',
  description: 'start sending again, whatever has stopped it; enables the flow if needed',
  examples: ['unpause support-chat'],
  grammar: (command, does) =>
    command.argument('<name>', 'source').action((name: string) => does(unpause, { name, by: person() })),
};

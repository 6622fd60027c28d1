import { EXIT_CODES } from '../../../domain/errors.js';
import type { PauseInput } from '../../../domain/delivery/pause.js';
import { orWhatBecameOf } from '../../following/ended.js';
import type { Command } from '../../ports.js';
import { renderPaused } from '../../render/source/pause.js';
import { awaitUnderway } from '../../following/underway.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person } from '../../grammar/options.js';

export interface PauseArguments extends PauseInput {
  readonly name: string;
}

/** Stops sending: returns once nothing is under way any more. Events are taken and wait. */
export const pause: Command<PauseArguments> = async (context, { name, ...input }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const doing = `Pausing ${name}: waiting for the events that are being sent`;
  const done = await awaitUnderway(context, await orWhatBecameOf(sources, name, () => sources.pause(name, input)), {
    name,
    doing,
  });
  if (done === undefined) return EXIT_CODES.interrupted;
  const { changed, paused } = done;
  context.output.result({ name, changed, paused }, () => renderPaused(name, done, context.output.paint));
  return EXIT_CODES.done;
};

export const pauseCommand: CommandLine = {
  name: 'pause',
  description: 'stop sending until `unpause`; events are still taken, and wait',
  examples: ['pause support-chat --reason "maintenance"', 'pause support-chat --disable-flow'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--reason <text>', 'the reason, which is recorded')
      .option(
        '--disable-flow',
        'also disable the flow at Adobe; after `unpause`, events then wait for the settle window (5 minutes)',
      )
      .action((name: string, options: { reason?: string; disableFlow?: boolean }) =>
        does(pause, { name, ...options, by: person() }),
      ),
};

import { EXIT_CODES } from '../../domain/errors.js';
import type { PauseInput } from '../../domain/pause.js';
import { orWhatBecameOf } from '../ended.js';
import type { Command } from '../ports.js';
import { renderPaused } from '../render/pause.js';
import { awaitUnderway } from '../underway.js';
import { requireWorker } from '../worker.js';

export interface PauseArguments extends PauseInput {
  readonly name: string;
}

/** Stops sending: returns once nothing is under way any more. Events are taken and wait. */
export const pause: Command<PauseArguments> = async (context, { name, ...input }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const doing = `Pausing ${name}: what is under way is waited for`;
  const done = await awaitUnderway(context, await orWhatBecameOf(sources, name, () => sources.pause(name, input)), {
    name,
    doing,
  });
  if (done === undefined) return EXIT_CODES.interrupted;
  const { changed, paused } = done;
  context.output.result({ name, changed, paused }, () => renderPaused(name, done, context.output.paint));
  return EXIT_CODES.done;
};

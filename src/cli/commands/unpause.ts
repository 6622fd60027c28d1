import { EXIT_CODES } from '../../domain/errors.js';
import type { UnpauseInput } from '../../domain/pause.js';
import { knownForwarder } from '../knownForwarder.js';
import { orWhatBecameOf } from '../ended.js';
import type { Command } from '../ports.js';
import { renderUnpaused } from '../render/pause.js';
import { sendingLines } from '../render/standstill.js';
import { awaitUnderway } from '../underway.js';
import { requireWorker } from '../worker.js';

export interface UnpauseArguments extends UnpauseInput {
  readonly name: string;
}

/** Opens the gate, whatever has closed it, and enables the flow where it is not. */
export const unpause: Command<UnpauseArguments> = async (context, { name, ...input }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const doing = `Unpausing ${name}: the flow is looked at, and enabled where it is not`;
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

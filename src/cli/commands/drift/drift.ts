import { countOf } from '../../../domain/drift/drift.js';
import { EXIT_CODES } from '../../../domain/errors.js';
import { orWhatBecameOf } from '../../following/ended.js';
import { awaitUnderway } from '../../following/underway.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person } from '../../grammar/options.js';
import type { Command } from '../../ports.js';
import { driftDocument, renderDrift } from '../../render/drift/drift.js';
import { requireWorker } from '../../worker.js';

/** Looks now what others have changed in Adobe. The source remembers it. */
export const drift: Command<{ readonly name: string }> = async (context, { name }) => {
  const { output } = context;
  const sources = await context.sources();
  await requireWorker(sources);
  const underway = await orWhatBecameOf(sources, name, () => sources.drift(name, { by: person() }));
  const seen = await awaitUnderway(context, underway, { name, doing: `Reading the objects of ${name} in Adobe` });
  if (seen === undefined) return EXIT_CODES.interrupted;
  output.result(driftDocument(name, seen), () => renderDrift(name, seen, output.paint));
  return countOf(seen) === 0 ? EXIT_CODES.done : EXIT_CODES.changesPending;
};

export const driftCommand: CommandLine = {
  name: 'drift',
  description: 'show what others have changed or deleted in Adobe; exit 0 for nothing, 2 for something',
  examples: ['drift support-chat', '--output json drift support-chat'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .addHelpText(
        'after',
        '\nA source looks by itself as often as `drift.every` of its manifest says: daily, if it does not say.',
      )
      .action((name: string) => does(drift, { name })),
};

import { codedError } from '../../../domain/errors.js';
import { reportEnding } from '../../following/ending.js';
import { whatBecameOf } from '../../following/ended.js';
import { follow } from '../../following/follow.js';
import type { Command } from '../../ports.js';
import { sourceDocument } from '../../render/source/source.js';
import type { CommandLine } from '../../grammar/commandLine.js';

/** Follows a source: its steps, then its events. Ends when it is held or gone, or with Ctrl-C. JSON: one line per change. */
export const watch: Command<{ readonly name: string }> = async (context, { name }) => {
  const sources = await context.sources();
  if ((await sources.describe(name)) === undefined)
    throw (await whatBecameOf(sources, name)) ?? codedError('CAEP_SOURCE_UNKNOWN', { name });
  const { output } = context;
  const followed = await follow(context, sources, name, {
    until: ['held'],
    withForwarder: true,
    onChange: (snapshot) => {
      if (output.format === 'json') output.result(sourceDocument(snapshot), () => '');
    },
  });
  return reportEnding(context, name, followed, 'live');
};

export const watchCommand: CommandLine = {
  name: 'watch',
  description: 'follow a source live',
  examples: ['watch support-chat'],
  grammar: (command, does) => command.argument('<name>', 'source').action((name: string) => does(watch, { name })),
};

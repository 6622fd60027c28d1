/** What a command is to the command line: its words, its help, its grammar, and what it calls. One file in `commands/` each. */
import type { Command as Commander } from 'commander';
import type { Command } from '../ports.js';

/** Runs what a command does with the arguments that the grammar has read. */
type Does = <Arguments>(command: Command<Arguments>, args: Arguments) => Promise<void>;

interface Named {
  readonly name: string;
  readonly description: string;
  /** What a person may type: the end of its help. Each is tried by a test against the grammar. */
  readonly examples: readonly [string, ...string[]];
}

/**
 * A command. To add one: a file in `commands/` that exports this, and its line in `commands/index.ts`.
 *
 * @example
 * export const watchCommand: CommandLine = {
 *   name: 'watch',
 *   description: 'follow a source live',
 *   examples: ['watch support-chat'],
 *   grammar: (command, does) => command.argument('<name>', 'source').action((name: string) => does(watch, { name })),
 * };
 */
export interface CommandLine extends Named {
  /** Arguments and options, and what is done with them. */
  readonly grammar: (command: Commander, does: Does) => Commander;
}

/** Commands with a first word in common, such as `held list` and `held show`. */
export interface CommandFamily extends Named {
  /** Where the first word alone is a command too. */
  readonly grammar?: CommandLine['grammar'];
  readonly commands: readonly CommandLine[];
}

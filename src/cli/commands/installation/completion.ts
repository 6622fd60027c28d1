import { Argument, type Command as Commander } from 'commander';
import { EXIT_CODES } from '../../../domain/errors.js';
import { bashScript } from '../../completion/bash.js';
import { fishScript } from '../../completion/fish.js';
import { type Place, placesOf } from '../../completion/places.js';
import { zshScript } from '../../completion/zsh.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import type { Command } from '../../ports.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Readonly<
  Record<string, (places: readonly Place[]) => string>
>;

type Shell = keyof typeof SCRIPTS;

interface CompletionArguments {
  readonly shell: Shell;
  /** With all commands. */
  readonly program: Commander;
}

/** Prints a script for a shell, made of the grammar of all commands. */
const completion: Command<CompletionArguments> = async ({ output }, { shell, program }) => {
  const script = SCRIPTS[shell](placesOf(program));
  output.result({ shell, script }, () => script);
  return EXIT_CODES.done;
};

export const completionCommand: CommandLine = {
  name: 'completion',
  description: 'print a script that lets a shell complete commands and options',
  examples: ['completion bash', 'completion fish'],
  grammar: (command, does) =>
    command
      .addArgument(new Argument('<shell>', 'the shell that reads it').choices(Object.keys(SCRIPTS)))
      .action((shell: Shell) => does(completion, { shell, program: command.parent ?? command })),
};

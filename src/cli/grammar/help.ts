/** The command `help`. */
import type { Command as Commander } from 'commander';

export function addHelp(program: Commander): void {
  program
    .command('help')
    .description('show what a command does, its options, and examples')
    .argument('[command...]', 'such as provision, or held resend')
    .addHelpText('after', examplesText(['help', 'help held resend']))
    .action((names: string[]) => commandNamed(program, names).help());
}

/** @returns the command; ends in a usage error where there is none of that name */
function commandNamed(program: Commander, names: readonly string[]): Commander {
  let command = program;
  for (const name of names) {
    const found = command.commands.find((one) => one.name() === name);
    if (found === undefined) {
      const there = command.commands.map((one) => one.name()).join(', ');
      const known = there === '' ? `'${command.name()}' has no commands of its own` : `there are: ${there}`;
      return program.error(`error: unknown command '${names.join(' ')}'; ${known}`);
    }
    command = found;
  }
  return command;
}

/** The end of every help text. */
export function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((one) => `  chatlio-aep ${one}`).join('\n')}`;
}

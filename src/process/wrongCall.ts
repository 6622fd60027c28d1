/** A call that the grammar refuses, as data. */
import type { Command as Commander, CommanderError } from 'commander';
import type { CatalogueError } from '../domain/errors.js';

/** Looked for in the arguments themselves: the grammar stopped at the fault, which may stand before the option. */
export function asksForJson(argv: readonly string[]): boolean {
  return argv.some((argument, index) => {
    const next = argv[index + 1];
    return /^(--output=|-o=?)json$/.test(argument) || (/^(--output|-o)$/.test(argument) && next === 'json');
  });
}

/** The command that was called, as far as it is one. */
export function calledCommand(program: Commander, argv: readonly string[]): string {
  let command = program;
  const names: string[] = [];
  for (const argument of argv) {
    const found = command.commands.find((one) => one.name() === argument);
    if (found === undefined) continue;
    names.push(argument);
    command = found;
  }
  return names.join(' ');
}

/** Of a call without any command, or of a command of commands without one of those: the grammar shows its help. */
const HELP_INSTEAD = 'commander.help';

export function usageError({ message, code }: CommanderError): CatalogueError {
  if (code === HELP_INSTEAD) return { code: 'CAEP_USAGE', fields: { reason: 'the command is missing' } };
  const reason = message
    .replace(/^error: /, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/\.$/, '');
  return { code: 'CAEP_USAGE', fields: { reason } };
}

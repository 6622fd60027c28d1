/** The command line, built from its commands. */
import { Command as Commander, Option } from 'commander';
import { EXIT_CODES, type ExitCode } from '../domain/errors.js';
import type { CommandFamily, CommandLine } from './grammar/commandLine.js';
import type { Commands } from './commands/index.js';
import { completionCommand } from './commands/installation/completion.js';
import { addHelp, examplesText } from './grammar/help.js';
import type { GlobalOptions } from './grammar/options.js';
import type { Context } from './ports.js';

export interface ProgramWiring {
  readonly version: string;
  /** Runs a command: makes its context, prints its error, keeps its exit code. */
  run(command: string, options: GlobalOptions, action: (context: Context) => Promise<ExitCode>): Promise<void>;
}

/** @param commands what it knows, from `loadCommands` */
export function createProgram(commands: Commands, wiring: ProgramWiring): Commander {
  const program = new Commander('chatlio-aep')
    .description('Chatlio live chats into Adobe Experience Platform, durably: no event lost, none sent twice.')
    .version(wiring.version)
    .addOption(
      new Option('-o, --output <format>', 'how results are printed').choices(['human', 'json']).default('human'),
    )
    .option('-v, --verbose', 'show more about what went wrong')
    .showHelpAfterError('(chatlio-aep help shows all commands)')
    .addHelpText('after', HELP_AFTER)
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true });

  function add(parent: Commander, before: readonly string[], line: CommandLine | CommandFamily): void {
    const command = parent.command(line.name).description(line.description);
    const words = [...before, line.name];
    line.grammar?.(command, (does, args) =>
      wiring.run(words.join(' '), program.opts<GlobalOptions>(), (context) => does(context, args)),
    );
    if ('commands' in line) for (const one of line.commands) add(command, words, one);
    command.addHelpText('after', examplesText(line.examples));
  }

  for (const [heading, lines] of Object.entries(commands)) {
    program.commandsGroup(heading);
    for (const line of lines) add(program, [], line);
  }
  program.commandsGroup('Help:');
  addHelp(program);
  // As help, it is of all commands.
  add(program, [], completionCommand);
  return program;
}

const HELP_AFTER = `
Exit codes: ${EXIT_CODES.done} done, ${EXIT_CODES.failed} failed, ${EXIT_CODES.changesPending} changes pending, ${EXIT_CODES.waitingForPerson} waiting for a person, ${EXIT_CODES.badConfiguration} bad configuration or credentials,
${EXIT_CODES.couldNotLook} something could not be read (audit), ${EXIT_CODES.interrupted} interrupted (the run goes on).`;

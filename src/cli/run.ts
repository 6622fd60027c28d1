/** Runs one command line: from arguments to an exit code. */
import { readFile } from 'node:fs/promises';
import { type Command as Commander, CommanderError } from 'commander';
import type { Configuration } from '../configuration.js';
import { CodedError, codedError, EXIT_CODES, type ExitCode } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import { packageFile } from '../process/packageFiles.js';
import { systemFault } from '../process/systemFaults.js';
import { databaseFault } from '../store/connection/databaseFault.js';
import { asCalledHere, createOutput, type Output } from './terminal/output.js';
import type { Context } from './ports.js';
import type { Sources } from '../temporal/sources/port.js';
import type { GlobalOptions } from './grammar/options.js';
import { loadCommands } from './commands/index.js';
import { createProgram } from './program.js';
import { asksForJson, calledCommand, usageError } from '../process/wrongCall.js';
import { errorDocument } from '../domain/errorDocument.js';
import { renderError } from './render/error.js';

export interface CliWorld extends Pick<Context, 'runProcess' | 'interview' | 'confirm' | 'typed'> {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly colour: boolean;
  /** How a person calls this program here. */
  readonly program: string;
  readonly configuration: () => Configuration;
  connect(configuration: Configuration): Promise<{ readonly sources: Sources; close(): Promise<void> }>;
  runDemo(context: Context): Promise<ExitCode>;
}

export async function runCli(argv: readonly string[], world: CliWorld): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODES.done;
  const program = createProgram(await loadCommands(calledFirst(argv)), {
    version: await version(),
    async run(command, options, action) {
      exitCode = await runCommand(command, options, action, world);
    },
  });
  const isJson = asksForJson(argv);
  // Help is data, a wrong call is not; both end here instead of in process.exit.
  let told = '';
  program.exitOverride().configureOutput({
    writeOut: (text) => {
      if (isJson) told += asCalledHere(text, world.program);
      else world.stdout.write(asCalledHere(text, world.program));
    },
    writeErr: (text) => isJson || world.stderr.write(asCalledHere(text, world.program)),
  });
  inherit(program);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const output = outputOf(calledCommand(program, argv), { output: isJson ? 'json' : 'human' }, world);
    if (error.exitCode === 0) {
      if (isJson) output.result({ text: told.trimEnd() }, () => '');
      return EXIT_CODES.done;
    }
    if (isJson) reportError(new CodedError(usageError(error)), output);
    return EXIT_CODES.badConfiguration;
  }
  return exitCode;
}

/** What stands where a command's name does. */
function calledFirst(argv: readonly string[]): string | undefined {
  return argv.find((word, index) => !word.startsWith('-') && !/^(-o|--output)$/.test(argv[index - 1] ?? ''));
}

/** To commands of commands as well. A wrong call shows what the command that was called takes. */
function inherit(parent: Commander): void {
  for (const command of parent.commands) {
    // Not all that can be inherited: `simulator` hands `--help` on.
    command.exitOverride().configureOutput(parent.configureOutput()).showHelpAfterError(true);
    inherit(command);
  }
}

async function runCommand(
  command: string,
  options: GlobalOptions,
  action: (context: Context) => Promise<ExitCode>,
  world: CliWorld,
): Promise<ExitCode> {
  const output = outputOf(command, options, world);
  const open: { close(): Promise<void> }[] = [];
  try {
    const context: Context = {
      output,
      now: Date.now,
      configuration: world.configuration,
      // Who asks for JSON is a program.
      ...(output.format === 'human' && world.confirm !== undefined ? { confirm: world.confirm } : {}),
      ...(output.format === 'human' && world.typed !== undefined ? { typed: world.typed } : {}),
      interruption,
      async sources() {
        const connected = await world.connect(world.configuration());
        open.push(connected);
        return connected.sources;
      },
      interview: world.interview,
      runProcess: world.runProcess,
      runDemo: () => world.runDemo(context),
    };
    return await action(context);
  } catch (error) {
    return reportError(error, output);
  } finally {
    await Promise.all(open.map((connected) => connected.close()));
  }
}

function outputOf(command: string, options: GlobalOptions, { stdout, stderr, colour, program }: CliWorld): Output {
  const format = options.output;
  const verbose = options.verbose === true;
  return createOutput({ command, format, verbose, stdout, stderr, colour: colour && format === 'human', program });
}

function reportError(failure: unknown, output: Output): ExitCode {
  const coded = failure instanceof CodedError ? failure : unexpected(failure);
  const { error } = coded;
  if (output.format === 'json') output.result({ error: errorDocument(error) }, () => '');
  else output.note(renderError(error, output.paint));
  if (output.verbose) output.note(`\n${output.paint.faint(stackOf(coded))}`);
  return coded.exitCode;
}

function unexpected(failure: unknown): CodedError {
  const refused = systemFault(failure) ?? databaseFault(failure);
  if (refused !== undefined) return refused;
  const reason = messageOf(failure);
  return codedError('CAEP_INTERNAL', { reason }, { cause: failure });
}

/** With the causes, which hold the library's own words. */
function stackOf(error: Error): string {
  const stacks: string[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause) stacks.push(each.stack ?? each.message);
  return stacks.join('\ncaused by ');
}

/** A wrapper such as `npm run` or `tsx` may hand on the signal that the terminal has sent to us already. */
const ONE_CTRL_C_MS = 1_000;

/** Ctrl-C, for a command that can be left; one that does not end then is ended by another Ctrl-C. */
function interruption(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let leftAt: number | undefined;
  const leave = (): void => {
    if (leftAt !== undefined && Date.now() - leftAt > ONE_CTRL_C_MS) process.exit(EXIT_CODES.interrupted);
    leftAt ??= Date.now();
    controller.abort();
  };
  process.on('SIGINT', leave);
  return {
    signal: controller.signal,
    release: () => {
      if (!controller.signal.aborted) process.off('SIGINT', leave);
    },
  };
}

async function version(): Promise<string> {
  return (JSON.parse(await readFile(packageFile('package.json'), 'utf8')) as { version: string }).version;
}

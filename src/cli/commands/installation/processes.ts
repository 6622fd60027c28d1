import { EXIT_CODES, type ExitCode } from '../../../domain/errors.js';
import { programFile } from '../../../process/programs/entry.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import type { GlobalOptions } from '../../grammar/options.js';
import type { ProcessName } from '../../ports.js';

/** The processes, each with its entry. */
const ENTRIES = {
  dev: 'src/dev',
  worker: 'src/worker',
  receiver: 'src/receiver',
  simulator: 'simulator/main',
} as const satisfies Readonly<Record<ProcessName, string>>;

/**
 * Becomes the process that is asked for: its entry runs in this one, which nobody has to outlive, hand signals to or clean up
 * after. Returns when the entry has done its work.
 */
export async function runProcess(name: ProcessName, parameters: readonly string[]): Promise<ExitCode> {
  const entry = programFile(ENTRIES[name]);
  process.argv = [process.execPath, entry.pathname, ...parameters];
  // Not written out, so that what the client loads of its own holds nothing of the worker.
  await import(entry.href);
  return (process.exitCode ?? EXIT_CODES.done) as ExitCode;
}

/** A command that becomes the process of its name. */
function become(name: ProcessName, description: string, examples: CommandLine['examples']): CommandLine {
  return {
    name,
    description,
    examples,
    grammar: (command, does) => command.action(() => does((context) => context.runProcess(name, []), {})),
  };
}

export const PROCESS_COMMANDS: Readonly<Record<ProcessName, CommandLine>> = {
  dev: {
    ...become('dev', 'run the whole stack on this machine: Temporal, PostgreSQL, worker, receiver, simulator', [
      'dev',
      'dev --real-time',
    ]),
    grammar: (command, does) =>
      command
        .option('--real-time', 'the simulator waits as long as Adobe does: minutes instead of seconds')
        .action(({ realTime }: { realTime?: boolean }) =>
          does((context) => context.runProcess('dev', realTime === true ? ['--real-time'] : []), {}),
        ),
  },
  worker: become('worker', 'run a worker, which makes all calls to Adobe', ['worker']),
  receiver: become('receiver', 'run a receiver, which takes the webhooks', ['receiver']),
  simulator: {
    ...become('simulator', "simulate Adobe's side, for development and tests", [
      'simulator --port 8099',
      'simulator --help',
    ]),
    grammar: (command, does) =>
      command
        .argument('[options...]', 'its own options; `simulator --help` lists them')
        .allowUnknownOption()
        .helpOption(false)
        .action((parameters: string[]) => {
          // Every command takes this option, so it does not arrive among the simulator's own.
          const form = command.optsWithGlobals<GlobalOptions>().output === 'json' ? ['--output', 'json'] : [];
          return does((context) => context.runProcess('simulator', [...parameters, ...form]), {});
        }),
  },
};

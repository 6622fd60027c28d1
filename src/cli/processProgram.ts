/** The grammar of the commands that become one of the processes. */
import type { Command as Commander } from 'commander';
import type { ProcessName } from './commands/processes.js';

type Become = (name: ProcessName, parameters: readonly string[]) => Promise<void>;

export function addProcesses(program: Commander, become: Become): void {
  program
    .command('dev')
    .description('the whole stack on this machine: Temporal, PostgreSQL, worker, receiver, simulator')
    .option('--real-time', 'its simulator waits as long as Adobe does: minutes, where standard is seconds')
    .action(({ realTime }: { realTime?: boolean }) => become('dev', realTime === true ? ['--real-time'] : []));
  program
    .command('worker')
    .description('runs the workflows; holds the Adobe credentials')
    .action(() => become('worker', []));
  program
    .command('receiver')
    .description('takes the webhooks')
    .action(() => become('receiver', []));
  program
    .command('simulator')
    .description("Adobe's side, for development and tests")
    .argument('[options...]', 'its own; --help lists them')
    .allowUnknownOption()
    .helpOption(false)
    .action((parameters: string[]) => {
      // Every command takes this option, so it does not arrive among the simulator's own.
      const form = program.getOptionValue('output') === 'json' ? ['--output', 'json'] : [];
      return become('simulator', [...parameters, ...form]);
    });
}

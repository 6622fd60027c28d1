import type { CommandLine } from '../../grammar/commandLine.js';

export const demoCommand: CommandLine = {
  name: 'demo',
  description: 'run the whole job against the simulator, and print a report',
  examples: ['demo'],
  grammar: (command, does) => command.action(() => does((context) => context.runDemo(), {})),
};

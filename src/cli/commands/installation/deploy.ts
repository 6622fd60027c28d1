import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import type { CommandFamily } from '../../grammar/commandLine.js';
import { percentage } from '../../grammar/options.js';
import type { Command } from '../../ports.js';
import { deploysDocument, renderDeploys, renderPromoted } from '../../render/installation/deploy.js';

/** Builds of the workers, what runs on them, and what stands still because no build fits. */
export const deployStatus: Command<object> = async (context) => {
  const { deployment } = context.configuration().temporal;
  const sources = await context.sources();
  const [deploys, { stuck }] = await Promise.all([sources.deploys(deployment), sources.stuckWorkflows()]);
  const shown = { ...deploys, stuck };
  context.output.result(deploysDocument(shown), () => renderDeploys(shown, context.now(), context.output.paint));
  return EXIT_CODES.done;
};

export interface PromoteArguments {
  readonly build?: string;
  readonly unversioned?: boolean;
  readonly percent?: number;
}

/** Has a build take the tasks: to roll forward, and back. */
export const promoteBuild: Command<PromoteArguments> = async (context, { build, unversioned = false, percent }) => {
  if ((build === undefined) !== unversioned) {
    throw codedError('CAEP_USAGE', { reason: 'give either a build or --unversioned' });
  }
  const { deployment } = context.configuration().temporal;
  const sources = await context.sources();
  const promoted = await sources.promote({
    deployment,
    build,
    ...(percent === undefined ? {} : { percentage: percent }),
  });
  context.output.result(promoted, () => renderPromoted(promoted, context.output.paint));
  return EXIT_CODES.done;
};

export const deployCommands: CommandFamily = {
  name: 'deploy',
  description: 'show the builds of the workers and what runs on them, and choose the build that gets the tasks',
  examples: ['deploy status', 'deploy promote 0.4.0'],
  commands: [
    {
      name: 'status',
      description: 'show the builds, their workers, and which workflows are on which build',
      examples: ['deploy status', '--output json deploy status'],
      grammar: (command, does) => command.action(() => does(deployStatus, {})),
    },
    {
      name: 'promote',
      description: 'give the tasks of all workflows to the workers of a build: to roll forward, and to roll back',
      examples: ['deploy promote 0.4.0', 'deploy promote 0.4.0 --percent 10', 'deploy promote --unversioned'],
      grammar: (command, does) =>
        command
          .argument('[build]', 'TEMPORAL_WORKER_BUILD_ID of the workers')
          .option(
            '--percent <number>',
            'only of this part of the workflows, to try the build; the others stay',
            percentage,
          )
          .option('--unversioned', 'to workers without a build id')
          .action((build: string | undefined, options: Omit<PromoteArguments, 'build'>) =>
            does(promoteBuild, { build, ...options }),
          ),
    },
  ],
};

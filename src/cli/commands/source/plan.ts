import { EXIT_CODES, type ExitCode } from '../../../domain/errors.js';
import { manifestOfEnded, noteWindows, readUsedManifest } from '../../manifest/manifestFile.js';
import type { Command } from '../../ports.js';
import { askForPlan, isEmpty, obstaclesTo, type Plan } from '../../manifest/planning.js';
import { planDocument, renderPlan } from '../../render/plan/plan.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';

export interface PlanArguments {
  readonly file: string;
  /** What `provision --adopt` would take over is told, too. */
  readonly adopt?: boolean;
}

/** What `provision` or `update` would create, adopt, change, replace or leave, and every field's place in the schema. Changes nothing. */
export const plan: Command<PlanArguments> = async (context, { file, adopt }) => {
  const used = await readUsedManifest(context, file);
  const { name } = used.manifest;
  const sources = await context.sources();
  await requireWorker(sources);
  const run = await sources.describe(name);
  const running = run?.open === true ? await sources.state(name) : undefined;
  const manifest =
    running === undefined ? (await manifestOfEnded(sources, used)).manifest : used.fitting(running.manifest);
  noteWindows(context);
  const planned = await askForPlan(sources, manifest, { run, running, adopt });
  context.output.result(planDocument(planned), () => renderPlan(planned, context.output.paint));
  return exitCodeOfPlan(planned);
};

export function exitCodeOfPlan(planned: Plan): ExitCode {
  const isBlocked = planned.steps.some(({ action }) => action === 'blocked');
  if (isBlocked || obstaclesTo(planned).length > 0) return EXIT_CODES.badConfiguration;
  return isEmpty(planned) ? EXIT_CODES.done : EXIT_CODES.changesPending;
}

export const planCommand: CommandLine = {
  name: 'plan',
  description:
    'show what `provision` or `update` would create, adopt, change or replace; exit 0 for nothing, 2 for something, 4 for problems',
  examples: ['plan support-chat.yaml', '--output json plan support-chat.yaml'],
  grammar: (command, does) =>
    command
      .argument('<file>', 'manifest')
      .option('--adopt', "show what would be taken over of others' objects that have the source's names")
      .action((file: string, options: Omit<PlanArguments, 'file'>) => does(plan, { file, ...options })),
};

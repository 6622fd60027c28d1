import { EXIT_CODES, type ExitCode } from '../../../domain/errors.js';
import { manifestOfEnded, noteWindows, readUsedManifest } from '../../manifest/manifestFile.js';
import type { Command } from '../../ports.js';
import { askForPlan, type Plan } from '../../manifest/planning.js';
import { planDocument, renderPlan } from '../../render/source/plan.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';

/** What `provision` would create, adopt, change or leave, and every field's place in the schema. Changes nothing. */
export const plan: Command<{ readonly file: string }> = async (context, { file }) => {
  const used = await readUsedManifest(context, file);
  const { name } = used.manifest;
  const sources = await context.sources();
  await requireWorker(sources);
  const run = await sources.describe(name);
  const running = run?.open === true ? await sources.state(name) : undefined;
  const manifest =
    running === undefined ? (await manifestOfEnded(sources, used)).manifest : used.fitting(running.manifest);
  noteWindows(context);
  const planned = await askForPlan(sources, manifest, { run, running });
  context.output.result(planDocument(planned), () => renderPlan(planned, context.output.paint));
  return exitCodeOfPlan(planned);
};

export function exitCodeOfPlan({ steps, problems, differences }: Plan): ExitCode {
  if (problems.length > 0 || steps.some(({ action }) => action === 'blocked')) return EXIT_CODES.badConfiguration;
  if (differences !== undefined) return EXIT_CODES.changesPending;
  return steps.some(({ action }) => action !== 'keep') ? EXIT_CODES.changesPending : EXIT_CODES.done;
}

export const planCommand: CommandLine = {
  name: 'plan',
  description:
    'show what `provision` would create, adopt or change; exit 0 for nothing, 2 for something, 4 for problems',
  examples: ['plan support-chat.yaml', '--output json plan support-chat.yaml'],
  grammar: (command, does) => command.argument('<file>', 'manifest').action((file: string) => does(plan, { file })),
};

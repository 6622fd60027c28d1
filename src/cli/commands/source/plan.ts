import { Option } from 'commander';
import { EXIT_CODES, type ExitCode } from '../../../domain/errors.js';
import { type Kind, KINDS } from '../../../domain/events/kinds.js';
import type { SampleReport } from '../../../domain/planning/sample.js';
import { askForSample } from '../../manifest/sample.js';
import { replacementOf } from '../../manifest/replacement.js';
import { renderSample } from '../../render/plan/sample.js';
import { manifestOfEnded, noteWindows, readUsedManifest } from '../../manifest/manifestFile.js';
import type { Command } from '../../ports.js';
import { askForPlan, isEmpty, obstaclesTo, type Plan } from '../../manifest/planning.js';
import { savedPlanOf, writePlan } from '../../manifest/savedPlan.js';
import { planDocument, renderPlan } from '../../render/plan/plan.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';

export interface PlanArguments {
  readonly file: string;
  /** What `provision --adopt` would take over is told, too. */
  readonly adopt?: boolean;
  /** What `update` with the same flag would do. */
  readonly replace?: boolean;
  readonly newDataset?: boolean;
  /** Where the plan is kept for `update --plan`. */
  readonly save?: string;
  /** A body through the mapping instead: a kind, a file, or `-`. */
  readonly sample?: string;
  /** Of a sample that is a file. */
  readonly kind?: Kind;
}

/** What `provision` or `update` would create, adopt, change, replace or leave, and every field's place in the schema. Changes nothing. */
export const plan: Command<PlanArguments> = async (context, { file, adopt, save, sample, kind, ...asked }) => {
  const used = await readUsedManifest(context, file);
  const { name } = used.manifest;
  const sources = await context.sources();
  await requireWorker(sources);
  const run = await sources.describe(name);
  const running = run?.open === true ? await sources.state(name) : undefined;
  const manifest =
    running === undefined ? (await manifestOfEnded(sources, used)).manifest : used.fitting(running.manifest);
  if (sample !== undefined) {
    const { v: _v, ...mapped } = await askForSample(context, sources, { sample, kind }, { manifest, running });
    context.output.result(mapped, () => renderSample({ v: 1, ...mapped }, context.output.paint));
    return exitCodeOfSample(mapped);
  }
  if (running === undefined) noteWindows(context);
  const replace = running?.phase === 'live' ? replacementOf(asked) : undefined;
  const planned = await askForPlan(sources, manifest, { run, running, adopt, replace });
  if (save !== undefined)
    await writePlan(save, savedPlanOf(planned, { manifest, running, replace, now: context.now() }));
  context.output.result(planDocument(planned), () => renderPlan(planned, context.output.paint));
  if (save !== undefined) context.output.note(`Saved. \`chatlio-aep update --plan ${save}\` carries out just this.`);
  return exitCodeOfPlan(planned);
};

export function exitCodeOfPlan(planned: Plan): ExitCode {
  const isBlocked = planned.steps.some(({ action }) => action === 'blocked');
  if (isBlocked || obstaclesTo(planned).length > 0) return EXIT_CODES.badConfiguration;
  return isEmpty(planned) ? EXIT_CODES.done : EXIT_CODES.changesPending;
}

/** Something of it does not come out as the mapping says. */
function exitCodeOfSample({ xdm, rows, errors }: Pick<SampleReport, 'xdm' | 'rows' | 'errors'>): ExitCode {
  const isWhole = xdm !== undefined && errors.length === 0 && rows.every((row) => row.errors === undefined);
  return isWhole ? EXIT_CODES.done : EXIT_CODES.failed;
}

export const planCommand: CommandLine = {
  name: 'plan',
  description:
    'show what `provision` or `update` would create, adopt, change or replace; exit 0 for nothing, 2 for something, 4 for problems',
  examples: [
    'plan support-chat.yaml',
    'plan support-chat.yaml --sample transcript',
    'plan support-chat.yaml --save change.plan.json',
    '--output json plan support-chat.yaml',
  ],
  grammar: (command, does) =>
    command
      .argument('<file>', 'manifest')
      .option('--adopt', "show what would be taken over of others' objects that have the source's names")
      .option('--replace', 'show what `update --replace` would do')
      .option('--new-dataset', 'show what `update --new-dataset` would do')
      .option('--save <file>', 'keep the plan for `update --plan`, which is refused when anything has changed since')
      .option('--sample <file|kind>', "show a body through the mapping by Adobe's own preview; - for stdin")
      .addOption(new Option('--kind <kind>', 'what kind of event the sample file is').choices(KINDS))
      .action((file: string, options: Omit<PlanArguments, 'file'>) => does(plan, { file, ...options })),
};

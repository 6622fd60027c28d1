import { countOf } from '../../../domain/drift/drift.js';
import { lossesOf, recreated, repairPlan, type RepairPlan } from '../../../domain/drift/repair.js';
import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import { orWhatBecameOf } from '../../following/ended.js';
import { awaitOrHeld } from '../../following/orHeld.js';
import { awaitUnderway } from '../../following/underway.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person } from '../../grammar/options.js';
import { knownIntake } from '../../knownIntake.js';
import type { Command, Context } from '../../ports.js';
import { renderNothingToRepair, renderRepaired, renderRepairPlan } from '../../render/drift/repair.js';
import type { Sources } from '../../../temporal/sources/port.js';
import { requireWorker } from '../../worker.js';

export interface RepairArguments {
  readonly name: string;
  readonly yes?: boolean;
  readonly by?: string;
}

/** Looks, says what would be done and what is lost by it, asks, and brings back what has drifted. */
export const repair: Command<RepairArguments> = async (context, { name, yes, by = person() }) => {
  const { output } = context;
  const sources = await context.sources();
  await requireWorker(sources);
  const looking = await orWhatBecameOf(sources, name, () => sources.drift(name, { by }));
  const seen = await awaitUnderway(context, looking, { name, doing: `Reading the objects of ${name} in Adobe` });
  if (seen === undefined) return EXIT_CODES.interrupted;
  const plan = repairPlan(seen.drifted, (await sources.state(name)).resources);
  if (plan.actions.length === 0) {
    const left = seen.drifted;
    output.result({ name, changed: false, actions: [], left }, () => renderNothingToRepair(name, seen, output.paint));
    return countOf(seen) === 0 ? EXIT_CODES.done : EXIT_CODES.changesPending;
  }
  if (!(await isConfirmed(context, sources, { name, plan, yes }))) {
    output.note('Nothing was changed.');
    return EXIT_CODES.interrupted;
  }
  const underway = await orWhatBecameOf(sources, name, () => sources.repair(name, { recreate: recreated(plan), by }));
  const doing = `Repairing ${name}: waiting for the events that are being sent, then for Adobe`;
  const done = await awaitOrHeld(context, sources, underway, { name, doing });
  if (done === undefined) return EXIT_CODES.interrupted;
  const { v: _v, ...document } = done;
  output.result({ name, ...document }, () => renderRepaired(name, done, context.now(), output.paint));
  return done.left.length === 0 ? EXIT_CODES.done : EXIT_CODES.changesPending;
};

/** What is done is shown in any case, what is lost above all. */
async function isConfirmed(
  context: Context,
  sources: Sources,
  { name, plan, yes }: { readonly name: string; readonly plan: RepairPlan; readonly yes?: boolean },
): Promise<boolean> {
  const counters = (await knownIntake(context, sources, name))?.counted?.counters;
  const accepted = counters?.parts?.accepted;
  const confirmed = counters?.confirmed;
  const unconfirmed = accepted === undefined || confirmed === undefined ? undefined : Math.max(accepted - confirmed, 0);
  const losses = lossesOf(plan, { confirmed, unconfirmed });
  context.output.note(renderRepairPlan(name, plan, losses, context.output.paint));
  if (yes === true) return true;
  if (context.confirm !== undefined) return context.confirm(`Repair ${name}?`);
  throw codedError('CAEP_USAGE', { reason: 'repair asks before it does it, and here nobody can be asked: add --yes' });
}

export const repairCommand: CommandLine = {
  name: 'repair',
  description: 'bring back what others have changed or deleted in Adobe; says first what is lost by it',
  examples: ['repair support-chat', 'repair support-chat --yes'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--yes', 'do not ask')
      .option('--by <person>', 'who decides; default: the user of this machine')
      .action((name: string, options: Omit<RepairArguments, 'name'>) => does(repair, { name, ...options })),
};

import { counted } from '../../../domain/counted.js';
import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import { oneLine } from '../../../domain/printable.js';
import type { SourceState } from '../../../domain/source/source.js';
import { type Resource, STEP_NAMES, STEPS, STEPS_WITH_DATA, type StepName } from '../../../domain/source/steps.js';
import { isTakenAway, type TeardownInput } from '../../../domain/source/teardown.js';
import { orWhatBecameOf } from '../../following/ended.js';
import { reportEnding } from '../../following/ending.js';
import { follow } from '../../following/follow.js';
import { awaitUnderway } from '../../following/underway.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { collect, person } from '../../grammar/options.js';
import { knownIntake } from '../../knownIntake.js';
import type { Command, Context } from '../../ports.js';
import { renderBegun } from '../../render/source/teardown.js';
import type { Sources } from '../../../temporal/sources/port.js';
import { requireWorker } from '../../worker.js';

export interface TeardownArguments extends TeardownInput {
  readonly name: string;
  /** Do not ask. */
  readonly yes?: boolean;
}

/** Takes a source down once everything is delivered and confirmed, and follows it. Said again, it waits for less. */
export const teardown: Command<TeardownArguments> = async (context, { name, yes, ...input }) => {
  const { output } = context;
  const sources = await context.sources();
  await requireWorker(sources);
  const state = await orWhatBecameOf(sources, name, () => sources.state(name));
  if (yes !== true && !(await isConfirmed(context, sources, state, input))) {
    output.note('Nothing was changed.');
    return EXIT_CODES.interrupted;
  }
  const underway = await orWhatBecameOf(sources, name, () => sources.teardown(name, input));
  const begun = await awaitUnderway(context, underway, { name, doing: `Revoking the webhook URLs of ${name}` });
  if (begun === undefined) return EXIT_CODES.interrupted;
  output.note(renderBegun(name, begun, output.paint));
  const followed = await follow(context, sources, name, { until: ['live', 'held'] });
  const code = reportEnding(context, name, followed, 'undone');
  // Somebody has taken it back.
  return followed.ending === 'live' ? EXIT_CODES.failed : code;
};

async function isConfirmed(
  context: Context,
  sources: Sources,
  state: SourceState,
  { discard, deleteData, includeAdopted }: TeardownInput,
): Promise<boolean> {
  const deleting = stepsDeleted(deleteData === true, includeAdopted === true);
  return (
    (discard !== true || (await mayDiscard(context, sources, state))) &&
    (deleting === undefined || (await mayDelete(context, sources, state, deleting)))
  );
}

async function mayDiscard(context: Context, sources: Sources, { manifest: { name } }: SourceState): Promise<boolean> {
  const parts = (await knownIntake(context, sources, name))?.counted?.counters.parts;
  const count = parts === undefined ? undefined : parts.waiting + parts.sending;
  if (count === 0) return true;
  if (context.confirm === undefined) throw nobodyToAsk('--discard');
  const events = count === undefined ? 'all events' : counted(count, 'event');
  return context.confirm(`Hold ${events} of ${name} that wait, instead of sending them?`);
}

interface Deleting {
  readonly option: '--delete-data' | '--include-adopted';
  /** Beside what is always taken away of what this source has made. */
  readonly isDeleted: (step: StepName, origin: Resource['origin']) => boolean;
}

function stepsDeleted(deleteData: boolean, includeAdopted: boolean): Deleting | undefined {
  if (!deleteData && !includeAdopted) return undefined;
  return {
    option: deleteData ? '--delete-data' : '--include-adopted',
    isDeleted: (step, origin) =>
      origin === 'created'
        ? deleteData && STEPS_WITH_DATA.includes(step)
        : includeAdopted && isTakenAway(step, deleteData),
  };
}

/** By typing, so that it is not done by a slip. */
async function mayDelete(
  { output, typed }: Context,
  sources: Sources,
  { manifest: { name, sandbox }, resources }: SourceState,
  { option, isDeleted }: Deleting,
): Promise<boolean> {
  const found = STEP_NAMES.flatMap((step) => {
    const resource = resources[step];
    return resource === undefined || !isDeleted(step, resource.origin)
      ? []
      : [`${STEPS[step].title} ${resource.id}${resource.origin === 'adopted' ? ' (adopted)' : ''}`];
  });
  if (found.length === 0 && option === '--include-adopted') return true;
  if (typed === undefined) throw nobodyToAsk(option);
  const datasetId = resources.dataset?.id;
  const { records, sandboxType } = await sources.ask({ v: 1, ask: 'data', name, sandbox, datasetId });
  const { dataset } = resources;
  const keepsData = option === '--include-adopted' || (dataset !== undefined && !isDeleted('dataset', dataset.origin));
  const holds = keepsData
    ? 'no record'
    : records === undefined
      ? 'an unknown number of records'
      : counted(records, 'record');
  output.note(
    `${output.paint.caution('!')} ${option} deletes for good, with ${holds} in sandbox ${sandbox}${sandboxType === undefined ? '' : ` (type ${oneLine(sandboxType)})`}:\n${found.map((one) => `  ${oneLine(one)}`).join('\n')}`,
  );
  if ((await typed(`To delete them, type the name of the source (${name})`)) !== name) return false;
  if (sandboxType !== 'production') return true;
  return (await typed(`This is a production sandbox. Type its name (${sandbox})`)) === sandbox;
}

function nobodyToAsk(option: string) {
  return codedError('CAEP_USAGE', {
    reason: `${option} asks before it does it, and here nobody can be asked: add --yes`,
  });
}

interface TeardownOptions {
  readonly discard?: boolean;
  readonly wait: boolean;
  readonly withoutReceiver: readonly string[];
  readonly deleteData?: boolean;
  readonly includeAdopted?: boolean;
  readonly yes?: boolean;
  readonly by?: string;
  readonly reason?: string;
}

export const teardownCommand: CommandLine = {
  name: 'teardown',
  description: 'take a live source down, once everything is delivered and confirmed; its data stays',
  examples: [
    'teardown support-chat --reason "moved to another sandbox"',
    'teardown support-chat --no-wait',
    'teardown support-chat --discard --delete-data',
  ],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--discard', 'do not send the events that wait: they are held for a decision')
      .option('--no-wait', 'do not wait until what was sent is confirmed in the lake or decided')
      .option(
        '--without-receiver <id>',
        'do not wait for what this receiver has on its disk; may be given several times',
        collect,
        [],
      )
      .option('--delete-data', 'also delete the dataset with its records, the schema and the field group')
      .option('--include-adopted', 'also delete what was adopted; what holds data only with --delete-data')
      .option('--yes', 'do not ask before --discard, --delete-data and --include-adopted')
      .option('--by <person>', 'who decides; default: the user of this machine')
      .option('--reason <text>', 'the reason, which is recorded')
      .addHelpText('after', '\nWhile it waits, the same command with one of these options goes on without waiting.')
      .action((name: string, { wait, withoutReceiver, by, ...options }: TeardownOptions) =>
        does(teardown, {
          name,
          ...options,
          ...(wait ? {} : { noWait: true }),
          ...(withoutReceiver.length === 0 ? {} : { withoutReceivers: withoutReceiver }),
          by: by ?? person(),
        }),
      ),
};

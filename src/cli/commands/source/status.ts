import { CodedError, codedError, type ErrorCode, EXIT_CODES, remedyOf, sentenceOf } from '../../../domain/errors.js';
import type { NeedsReport } from '../../../domain/events/shownEvents.js';
import { forgottenSource } from '../../following/ended.js';
import type { Snapshot } from '../../following/snapshot.js';
import type { Command, Context } from '../../ports.js';
import type { Sources } from '../../../temporal/sources/port.js';
import { budgetLine, listedDocument, listedSources, renderStatusList } from '../../render/source/list.js';
import { renderForgotten, renderStatus } from '../../render/source/status.js';
import { requireWorker } from '../../worker.js';
import { forgottenDocument, sourceDocument } from '../../render/source/source.js';
import type { CommandLine } from '../../grammar/commandLine.js';

/** Where one source stands, or all of them in a list. */
export const status: Command<{ readonly name?: string }> = async (context, { name }) => {
  const sources = await context.sources();
  return name === undefined ? listAll(context, sources) : showOne(context, sources, name);
};

/** What needs a person comes first. Without a worker nobody knows the events that are held. */
async function listAll(context: Context, sources: Sources) {
  const { output, now } = context;
  const [runs, { sources: needs, budget }, { stuck }] = await Promise.all([
    sources.list(),
    knownNeeds(context, sources),
    sources.stuckWorkflows(),
  ]);
  const rows = listedSources(runs, needs, stuck);
  if (budget !== undefined) output.note(`${output.paint.caution('!')} ${budgetLine(budget)}`);
  const document = { sources: rows.map(listedDocument), ...(budget === undefined ? {} : { budget }) };
  output.result(document, () => renderStatusList(rows, now(), output.paint));
  return EXIT_CODES.done;
}

async function knownNeeds({ output }: Context, sources: Sources): Promise<Pick<NeedsReport, 'sources' | 'budget'>> {
  try {
    await requireWorker(sources);
    return await sources.ask({ v: 1, ask: 'needs' });
  } catch (error) {
    // Also of a worker of another release, which does not know the question.
    if (!(error instanceof CodedError)) throw error;
    output.note(`${output.paint.caution('!')} Held events are not known: ${sentenceOf(error.error)}`);
    return { sources: [] };
  }
}

async function showOne(context: Context, sources: Sources, name: string) {
  const { output } = context;
  const run = await sources.describe(name);
  if (run === undefined) return showForgotten(context, sources, name);
  const orTold = createOrTold(context);
  // Both are answered by the worker; without one there is still what Temporal itself knows.
  const [state, forwarder, pausedActivities] = await Promise.all([
    orTold(sources.state(name)),
    // The forwarder of one that has ended may still be there to ask, as it once was.
    run.open ? orTold(sources.forwarderState(name)) : undefined,
    sources.pausedActivities(name),
  ]);
  // Events are of a live source only; before, there is nothing for receivers to take.
  const answer = state?.phase === 'live' ? await orTold(sources.ask({ v: 1, ask: 'intake', name })) : undefined;
  const intake = answer && { ...answer, seenAt: context.now() };
  const snapshot: Snapshot = { run, state, forwarder, intake, pausedActivities };
  output.result(sourceDocument(snapshot), () => renderStatus(snapshot, context.now(), output.paint));
  return EXIT_CODES.done;
}

async function showForgotten({ output, now }: Context, sources: Sources, name: string) {
  const forgotten = await forgottenSource(sources, name);
  if (forgotten === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
  output.result(forgottenDocument(forgotten), () => renderForgotten(forgotten, now(), output.paint));
  return EXIT_CODES.done;
}

/** Without the one who would know, what is known is shown, and as of when. */
const TOLD: ReadonlySet<ErrorCode> = new Set([
  'CAEP_NO_WORKER',
  'CAEP_WORKFLOW_STUCK',
  'CAEP_WORKFLOW_NONDETERMINISTIC',
  'CAEP_BUILD_WITHOUT_TASKS',
  'CAEP_NO_ANSWER',
  'CAEP_DATABASE_UNREACHABLE',
] as const);

/** One root cause is told once, whoever meets with it. */
function createOrTold({ output }: Context): <T>(answer: Promise<T>) => Promise<T | undefined> {
  const told = new Set<ErrorCode>();
  return async (answer) => {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof CodedError) || !TOLD.has(error.error.code)) throw error;
      const { code } = error.error;
      if (!told.has(code))
        output.note(`${output.paint.caution('!')} ${sentenceOf(error.error)} ${remedyOf(error.error)}`);
      told.add(code);
      return undefined;
    }
  };
}

export const statusCommand: CommandLine = {
  name: 'status',
  description: 'show phase, steps, ids and events of a source; without a name, list all sources',
  examples: ['status', 'status support-chat', '--output json status support-chat'],
  grammar: (command, does) => command.argument('[name]', 'source').action((name?: string) => does(status, { name })),
};

import { Option } from 'commander';
import { EXIT_CODES } from '../../../domain/errors.js';
import {
  type ExceptionDetails,
  type ExceptionFilter,
  type ExceptionState,
  MAX_PAGE,
  MAX_REVEALED_BYTES,
} from '../../../domain/exceptions/heldEvents.js';
import type { Sources } from '../../../temporal/sources/port.js';
import type { Asker } from '../../../temporal/sealedAnswer.js';
import { askerOf } from '../../asker.js';
import { wholeContents } from '../../following/wholeContents.js';
import type { CommandFamily } from '../../grammar/commandLine.js';
import { type FilterOptions, filtered, wholeNumber } from '../../grammar/options.js';
import { knownForwarder } from '../../knownForwarder.js';
import type { Command } from '../../ports.js';
import { type InletWords, renderException, renderExceptions } from '../../render/events/held.js';
import { sendingLines } from '../../render/source/standstill.js';
import { requireWorker } from '../../worker.js';
import { DECISION_COMMANDS } from './heldDecide.js';

const LISTED_STATES = {
  held: ['held'],
  waiting: ['waiting'],
  sending: ['sending'],
  open: ['held', 'waiting', 'sending'],
  resolved: ['resolved'],
} as const satisfies Record<string, readonly ExceptionState[]>;

type ListedState = keyof typeof LISTED_STATES;

export interface ListHeldArguments {
  readonly name: string;
  readonly filter: ExceptionFilter;
  readonly state: ListedState;
  readonly after?: number;
  readonly limit?: number;
}

const DEFAULT_PAGE = 50;

/** What waits for a person, one page at a time. */
export const listHeld: Command<ListHeldArguments> = async (context, { name, filter, state, after, limit }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const page = await sources.ask({
    v: 1,
    ask: 'exceptions',
    name,
    filter,
    states: LISTED_STATES[state],
    afterId: after,
    limit: limit ?? DEFAULT_PAGE,
  });
  const { exceptions, total, next, retired } = page;
  const forwarder = state === 'held' ? await knownForwarder(sources, name) : undefined;
  context.output.result({ name, state, exceptions, total, next, retired }, () =>
    [
      renderExceptions(page, { name, state, now: context.now() }, context.output.paint),
      // Also without a held event: whoever looks for what is held looks here.
      ...sendingLines(name, forwarder, context.now(), context.output.paint),
    ].join('\n'),
  );
  return EXIT_CODES.done;
};

export interface ShowHeldArguments {
  readonly name: string;
  readonly id: number;
  readonly reveal?: boolean;
}

/** One event with its evidence and decisions. Its content crosses Temporal sealed to this process. */
export const showHeld: Command<ShowHeldArguments> = async (context, { name, id, reveal }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const asker = reveal === true ? await askerOf(context) : undefined;
  const sealTo = asker === undefined ? {} : { sealTo: asker.sealTo };
  const {
    v: _v,
    sealedBody,
    sealedAnswers,
    ...details
  } = await sources.ask({ v: 1, ask: 'exception', name, id, ...sealTo });
  const body =
    asker === undefined || sealedBody === undefined
      ? undefined
      : await bodyOf({ sources, asker, name }, { ...details, sealedBody });
  const answers =
    sealedAnswers === undefined || asker === undefined
      ? undefined
      : (JSON.parse(asker.open(sealedAnswers)) as readonly InletWords[]);
  context.output.result({ name, ...details, body, answers }, () =>
    renderException({ ...details, body, answers }, { name, now: context.now() }, context.output.paint),
  );
  return EXIT_CODES.done;
};

/** What one answer does not hold is asked for in pieces. */
async function bodyOf(
  { sources, asker, name }: { readonly sources: Sources; readonly asker: Asker; readonly name: string },
  {
    exception,
    bodyBytes = 0,
    sealedBody,
  }: Pick<ExceptionDetails, 'exception' | 'bodyBytes'> & Required<Pick<ExceptionDetails, 'sealedBody'>>,
): Promise<string> {
  if (bodyBytes <= MAX_REVEALED_BYTES) return asker.open(sealedBody);
  const { eventId, kind, id: exceptionId } = exception;
  const { value } = await wholeContents(sources, asker, name, [{ eventId, kind, exceptionId }]).next();
  // Erased since.
  return value ?? asker.open(sealedBody);
}

export const heldCommands: CommandFamily = {
  name: 'held',
  description: 'see the events that are held, and decide about them',
  examples: ['held list support-chat', 'held show support-chat 12'],
  commands: [
    {
      name: 'list',
      description: 'list the held events, oldest first',
      examples: ['held list support-chat', 'held list support-chat --reason unknown --before 2h'],
      grammar: (command, does) =>
        filtered(command)
          .argument('<name>', 'source')
          .addOption(
            new Option('--state <state>', 'list events in another state')
              .choices(Object.keys(LISTED_STATES))
              .default('held'),
          )
          .option('--after <id>', 'list what comes after this number', wholeNumber)
          .addHelpText('after', `\nA page has ${DEFAULT_PAGE} events; --limit takes up to ${MAX_PAGE}.`)
          .action(
            (
              name: string,
              { state, after, limit, ...filter }: FilterOptions & { state: ListedState; after?: number },
            ) => does(listHeld, { name, filter, state, after, limit }),
          ),
    },
    {
      name: 'show',
      description: 'show all that is known about one event; its content only with --reveal',
      examples: ['held show support-chat 12', 'held show support-chat 12 --reveal'],
      grammar: (command, does) =>
        command
          .argument('<name>', 'source')
          .argument('<id>', 'its number in the list', wholeNumber)
          .option('--reveal', 'also show the content, which holds the words of a visitor')
          .action((name: string, id: number, options: { reveal?: boolean }) =>
            does(showHeld, { name, id, ...options }),
          ),
    },
    ...DECISION_COMMANDS,
  ],
};

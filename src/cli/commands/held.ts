import { EXIT_CODES } from '../../domain/errors.js';
import type { ExceptionFilter, ExceptionState } from '../../domain/heldEvents.js';
import { askerOf } from '../asker.js';
import { knownForwarder } from '../knownForwarder.js';
import type { Command } from '../ports.js';
import { type InletWords, renderException, renderExceptions } from '../render/held.js';
import { sendingLines } from '../render/standstill.js';
import { requireWorker } from '../worker.js';

export const LISTED_STATES = {
  held: ['held'],
  waiting: ['waiting'],
  sending: ['sending'],
  open: ['held', 'waiting', 'sending'],
  resolved: ['resolved'],
} as const satisfies Record<string, readonly ExceptionState[]>;

export type ListedState = keyof typeof LISTED_STATES;

export interface ListHeldArguments {
  readonly name: string;
  readonly filter: ExceptionFilter;
  readonly state: ListedState;
  readonly after?: number;
  readonly limit?: number;
}

const STANDARD_PAGE = 50;

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
    limit: limit ?? STANDARD_PAGE,
  });
  const { exceptions, total, next } = page;
  const forwarder = state === 'held' ? await knownForwarder(sources, name) : undefined;
  context.output.result({ name, state, exceptions, total, next }, () =>
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
  const body = sealedBody === undefined ? undefined : asker?.open(sealedBody);
  const answers =
    sealedAnswers === undefined || asker === undefined
      ? undefined
      : (JSON.parse(asker.open(sealedAnswers)) as readonly InletWords[]);
  context.output.result({ name, ...details, body, answers }, () =>
    renderException({ ...details, body, answers }, { name, now: context.now() }, context.output.paint),
  );
  return EXIT_CODES.done;
};

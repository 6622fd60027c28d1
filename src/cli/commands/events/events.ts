import { EXIT_CODES } from '../../../domain/errors.js';
import {
  type ContentPlace,
  type EventPage,
  MAX_WATCHED,
  revealedShare,
  SHORTEST_EVENT_ID,
  type ShownEvent,
} from '../../../domain/events/shownEvents.js';
import type { Ask } from '../../../domain/inquiries.js';
import type { Asker } from '../../../temporal/sealedAnswer.js';
import { askerOf } from '../../asker.js';
import { createEventWatch, type EventWatch } from '../../following/eventWatch.js';
import { wholeContents } from '../../following/wholeContents.js';
import type { Command, Context } from '../../ports.js';
import type { Sources } from '../../../temporal/sources/port.js';
import { renderEvent, renderEventDetails } from '../../render/events/events.js';
import { instant } from '../../render/text.js';
import { requireWorker } from '../../worker.js';
import type { CommandFamily } from '../../grammar/commandLine.js';
import { MAX_PAGE } from '../../../domain/exceptions/heldEvents.js';
import { eventIdStart, pointInTime, wholeNumber } from '../../grammar/options.js';

export interface TailArguments {
  readonly name: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly limit: number;
  readonly follow?: boolean;
  /** Show the contents, too. They cross Temporal sealed to this process. */
  readonly reveal?: boolean;
}

/** As long as the worker waits for the next event before it answers that there is none. */
const WAIT_MS = 15_000;
const FOLLOWED_PAGE = 100;

/** The newest events, then those that come and what becomes of all of them, one line each. */
export const tailEvents: Command<TailArguments> = async (context, { name, since, limit, follow, reveal }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const watch = createEventWatch();
  const tail: Tail = { context, sources, name, watch, asker: reveal === true ? await askerOf(context) : undefined };
  if (follow !== true) {
    const newest = await show(tail, { since, limit });
    noteWhatIsLeftOut(tail, newest, { since, limit });
    return EXIT_CODES.done;
  }
  const interruption = context.interruption();
  try {
    const newest = await show(tail, { since, limit }, interruption.signal);
    if (newest !== undefined) {
      noteWhatIsLeftOut(tail, newest, { since, limit });
      await followEvents(tail, newest, interruption.signal);
    }
  } finally {
    interruption.release();
  }
  return EXIT_CODES.interrupted;
};

interface Tail {
  readonly context: Context;
  readonly sources: Sources;
  readonly name: string;
  readonly watch: EventWatch;
  /** Present when contents are to be shown. */
  readonly asker: Asker | undefined;
}

function noteWhatIsLeftOut(
  { context, name }: Tail,
  page: EventPage | undefined,
  { since, limit }: Pick<TailArguments, 'since' | 'limit'>,
): void {
  const { output } = context;
  if (page?.events.length === 0)
    output.note(`${name} has taken no event${since === undefined ? '' : ` since ${instant(Date.parse(since))}`}.`);
  if (page?.older !== true) return;
  const more =
    limit < MAX_PAGE
      ? `\`--limit\` shows up to ${MAX_PAGE}`
      : `${MAX_PAGE} are the most at once: \`chatlio-aep audit ${name}\` counts all`;
  output.note(output.paint.faint(`There are older events than these ${page.events.length}; ${more}.`));
}

/** Until Ctrl-C. */
async function followEvents(tail: Tail, from: EventPage, signal: AbortSignal): Promise<void> {
  const { context, watch } = tail;
  let after = from.position;
  let toldDropped = false;
  while (!signal.aborted) {
    const which = { after, limit: FOLLOWED_PAGE, waitMs: WAIT_MS, watched: watch.watched() };
    const page = await show(tail, which, signal);
    if (page === undefined) return;
    after = page.position;
    if (watch.dropped() > 0 && !toldDropped) {
      toldDropped = true;
      context.output.note(
        `More than ${MAX_WATCHED} events are not delivered yet: changes of the oldest are not shown.`,
      );
    }
  }
}

/** @returns undefined when the person has left, at once */
async function show(
  { context, sources, name, watch, asker }: Tail,
  which: Pick<Ask<'events'>, 'after' | 'since' | 'limit' | 'waitMs' | 'watched'>,
  signal?: AbortSignal,
): Promise<EventPage | undefined> {
  const { output } = context;
  const question = { v: 1, ask: 'events', name, ...which, sealTo: asker?.sealTo } as const;
  const page = await unlessAborted(sources.ask(question, signal), signal);
  if (page === undefined) return undefined;
  for (const { event, was } of watch.changed(page.changed ?? [])) {
    output.result({ name, event, was }, () => renderEvent(event, output.paint, { was }));
  }
  const contents = asker === undefined ? undefined : contentsOf({ sources, name, asker }, page, signal);
  for (const event of page.events) {
    const next = contents && (await unlessAborted(contents.next(), signal));
    if (signal?.aborted === true) return undefined;
    const body = next?.done === false ? next.value : undefined;
    output.result({ name, event, ...(body === undefined ? {} : { body }) }, () =>
      renderEvent(event, output.paint, { body }),
    );
    await unlessAborted(output.ready(), signal);
  }
  watch.add(page.events);
  return page;
}

/** Of each event, whole; null of one that is not kept any more. What the page could not hold is asked for when its turn comes. */
async function* contentsOf(
  { sources, name, asker }: { readonly sources: Sources; readonly name: string; readonly asker: Asker },
  { events, sealedBodies, cut }: EventPage,
  signal: AbortSignal | undefined,
): AsyncGenerator<string | null, void> {
  if (sealedBodies === undefined) return;
  const texts = JSON.parse(asker.open(sealedBodies)) as (string | null)[];
  // A worker before 0.2.0 does not say it: it has cut what fills its share.
  const fills = (text: string | null) => text !== null && Buffer.byteLength(text) >= revealedShare(events.length);
  const isCut = (index: number) => cut?.includes(index) ?? fills(texts[index] ?? null);
  const places = events.filter((_event, index) => isCut(index)).map(placeOf);
  const whole = wholeContents(sources, asker, name, places, signal);
  for (const [index, text] of texts.entries()) {
    const next = isCut(index) ? await whole.next() : undefined;
    yield next === undefined || next.done === true ? text : next.value;
  }
}

function placeOf({ eventId, kind, partition, seq, loggedAt, exceptionId }: ShownEvent): ContentPlace {
  return seq === 0 && exceptionId !== undefined
    ? { eventId, kind, exceptionId }
    : { eventId, kind, partition, seq, loggedAt };
}

/** @returns undefined, at once, when the signal is aborted first; what then becomes of the promise is nobody's concern */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return promise;
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    return await Promise.race([aborted, promise]);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

export interface ShowEventArguments {
  readonly name: string;
  /** Or its beginning. */
  readonly eventId: string;
}

/** One event, from its webhook to what Adobe has answered: by its id, which is the same everywhere. */
export const showEvent: Command<ShowEventArguments> = async (context, { name, eventId }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const { v: _v, ...details } = await sources.ask({ v: 1, ask: 'event', name, eventId });
  context.output.result({ name, ...details }, () =>
    renderEventDetails(details, { name, now: context.now() }, context.output.paint),
  );
  return EXIT_CODES.done;
};

export const eventsCommands: CommandFamily = {
  name: 'events',
  description: 'see events as they arrive and are delivered',
  examples: ['events tail support-chat', 'events show support-chat 433e7c0f1d2a'],
  commands: [
    {
      name: 'tail',
      description: 'show the newest events and their state; contents only with --reveal',
      examples: ['events tail support-chat --since 10m', 'events tail support-chat --follow --reveal'],
      grammar: (command, does) =>
        command
          .argument('<name>', 'source')
          .option(
            '--since <time>',
            'only events taken since then: an ISO 8601 time, or an age such as 10m',
            pointInTime,
          )
          .option('--limit <number>', `how many, at most ${MAX_PAGE}`, wholeNumber, 20)
          .option('-f, --follow', 'then show new events and what becomes of each, until Ctrl-C')
          .option('--reveal', 'also show the contents, which hold the words of visitors')
          .action((name: string, options: { since?: string; limit: number; follow?: boolean; reveal?: boolean }) =>
            does(tailEvents, { name, ...options }),
          ),
    },
    {
      name: 'show',
      description: 'follow one event by its id: its webhooks, where it stands, and the ids of Adobe’s answers',
      examples: ['events show support-chat 433e7c0f1d2a'],
      grammar: (command, does) =>
        command
          .argument('<name>', 'source')
          .argument('<id>', `its id, or the first ${SHORTEST_EVENT_ID} digits of it or more`, eventIdStart)
          .addHelpText(
            'after',
            '\nThe id is in the answer to a webhook (X-Event-Id), in the logs, and in the lake: the default mapping writes it to `_id`.',
          )
          .action((name: string, eventId: string) => does(showEvent, { name, eventId })),
    },
  ],
};

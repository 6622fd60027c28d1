import { EXIT_CODES } from '../../domain/errors.js';
import { MAX_PAGE } from '../../domain/heldEvents.js';
import { type EventPage, MAX_WATCHED } from '../../domain/passingEvents.js';
import type { Ask } from '../../domain/plan.js';
import type { Asker } from '../../temporal/sealedAnswer.js';
import { askerOf } from '../asker.js';
import { createEventWatch, type EventWatch } from '../eventWatch.js';
import type { Command, Context, Sources } from '../ports.js';
import { renderEvent } from '../render/events.js';
import { instant } from '../render/text.js';
import { requireWorker } from '../worker.js';

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
  output.note(output.paint.faint(`There are older ones than these ${page.events.length}; ${more}.`));
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
      context.output.note(`More than ${MAX_WATCHED} events are on their way: of older ones the outcome is not told.`);
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
  const bodies = revealed(asker, page);
  for (const [index, event] of page.events.entries()) {
    const body = bodies?.[index];
    output.result({ name, event, ...(bodies === undefined ? {} : { body }) }, () =>
      renderEvent(event, output.paint, { body }),
    );
  }
  watch.add(page.events);
  return page;
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

/** A text for each event, null for one that is not kept any more; undefined when none was asked for. */
function revealed(asker: Asker | undefined, { sealedBodies }: EventPage): readonly (string | null)[] | undefined {
  if (asker === undefined || sealedBodies === undefined) return undefined;
  return JSON.parse(asker.open(sealedBodies)) as (string | null)[];
}

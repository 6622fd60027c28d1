import { EXIT_CODES } from '../../domain/errors.js';
import type { EventPage } from '../../domain/passingEvents.js';
import type { Ask } from '../../domain/plan.js';
import type { Asker } from '../../temporal/sealedAnswer.js';
import { askerOf } from '../asker.js';
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

/** The newest events of the log, then those that come, one line each. */
export const tailEvents: Command<TailArguments> = async (context, { name, since, limit, follow, reveal }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const tail: Tail = { context, sources, name, asker: reveal === true ? await askerOf(context) : undefined };
  const newest = await show(tail, { since, limit });
  if (follow !== true) {
    if (newest.events.length === 0)
      context.output.note(
        `${name} has taken no event${since === undefined ? '' : ` since ${instant(Date.parse(since))}`}.`,
      );
    return EXIT_CODES.done;
  }
  const interruption = context.interruption();
  try {
    await followEvents(tail, newest, interruption.signal);
  } finally {
    interruption.release();
  }
  return EXIT_CODES.interrupted;
};

interface Tail {
  readonly context: Context;
  readonly sources: Sources;
  readonly name: string;
  /** Present when contents are to be shown. */
  readonly asker: Asker | undefined;
}

/** Until Ctrl-C. */
async function followEvents(tail: Tail, from: EventPage, signal: AbortSignal): Promise<void> {
  const interrupted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let after = from.position;
  while (!signal.aborted) {
    const page = await Promise.race([
      show(tail, { after, limit: FOLLOWED_PAGE, waitMs: WAIT_MS }, signal),
      interrupted,
    ]);
    if (page === undefined) return;
    after = page.position;
  }
}

async function show(
  { context, sources, name, asker }: Tail,
  which: Pick<Ask<'events'>, 'after' | 'since' | 'limit' | 'waitMs'>,
  signal?: AbortSignal,
): Promise<EventPage> {
  const page = await sources.ask({ v: 1, ask: 'events', name, ...which, sealTo: asker?.sealTo });
  if (signal?.aborted === true) return page;
  const bodies = revealed(asker, page);
  for (const [index, event] of page.events.entries()) {
    const body = bodies?.[index];
    context.output.result({ name, event, ...(bodies === undefined ? {} : { body }) }, () =>
      renderEvent(event, context.output.paint, body),
    );
  }
  return page;
}

/** A text for each event, null for one that is not kept any more; undefined when none was asked for. */
function revealed(asker: Asker | undefined, { sealedBodies }: EventPage): readonly (string | null)[] | undefined {
  if (asker === undefined || sealedBodies === undefined) return undefined;
  return JSON.parse(asker.open(sealedBodies)) as (string | null)[];
}

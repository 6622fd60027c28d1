import { EXIT_CODES } from '../../domain/errors.js';
import type { EventPage } from '../../domain/passingEvents.js';
import type { Command, Context, Sources } from '../ports.js';
import { renderEvent } from '../render/events.js';
import { requireWorker } from '../worker.js';

export interface TailArguments {
  readonly name: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly limit: number;
  readonly follow?: boolean;
}

/** As long as the worker waits for the next event before it answers that there is none. */
const WAIT_MS = 15_000;
const FOLLOWED_PAGE = 100;

/** The newest events of the log, then those that come. One line each; contents are never shown. */
export const tailEvents: Command<TailArguments> = async (context, { name, since, limit, follow }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const newest = await sources.ask({ v: 1, ask: 'events', name, since, limit });
  print(context, name, newest);
  if (follow !== true) {
    if (newest.events.length === 0)
      context.output.note(`${name} has taken no event${since === undefined ? '' : ` since ${since}`}.`);
    return EXIT_CODES.done;
  }
  const interruption = context.interruption();
  try {
    await followEvents(context, sources, name, newest, interruption.signal);
  } finally {
    interruption.release();
  }
  return EXIT_CODES.interrupted;
};

/** Until Ctrl-C. */
async function followEvents(
  context: Context,
  sources: Sources,
  name: string,
  from: EventPage,
  signal: AbortSignal,
): Promise<void> {
  const interrupted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let after = from.position;
  while (!signal.aborted) {
    const question = { v: 1, ask: 'events', name, after, limit: FOLLOWED_PAGE, waitMs: WAIT_MS } as const;
    const page = await Promise.race([sources.ask(question), interrupted]);
    if (page === undefined) return;
    print(context, name, page);
    after = page.position;
  }
}

function print({ output }: Context, name: string, { events }: EventPage): void {
  for (const event of events) output.result({ name, event }, () => renderEvent(event, output.paint));
}

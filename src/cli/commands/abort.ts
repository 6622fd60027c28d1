import { orWhatBecameOf } from '../ended.js';
import { reportEnding } from '../ending.js';
import { follow } from '../follow.js';
import type { Command } from '../ports.js';
import { requireWorker } from '../worker.js';

export interface AbortArguments {
  readonly name: string;
  readonly reason?: string;
  readonly by: string;
}

/** Undoes the held operation, and follows the source until it is undone. */
export const abort: Command<AbortArguments> = async (context, { name, reason, by }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  await orWhatBecameOf(sources, name, () => sources.abort(name, { reason, by }));
  const followed = await follow(context, sources, name, { until: ['live', 'held'] });
  return reportEnding(context, name, followed, 'undone');
};

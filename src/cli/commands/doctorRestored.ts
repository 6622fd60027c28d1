import { EXIT_CODES } from '../../domain/errors.js';
import type { Command } from '../ports.js';
import { renderRestored } from '../render/restored.js';
import { requireWorker } from '../worker.js';

export interface RestoredArguments {
  /** ISO 8601: the state to which the database was set back. */
  readonly since: string;
  /** Without it nothing is changed. */
  readonly confirm?: boolean;
  readonly by: string;
}

/**
 * For a database that was set back: closes all gates and makes what may have been sent since then unknown. Exit 2 while
 * it is only shown.
 */
export const doctorRestored: Command<RestoredArguments> = async (context, { since, confirm, by }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  const apply = confirm === true;
  const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'restored', since, apply, by });
  context.output.result(report, () => renderRestored(report, context.output.paint));
  return apply || report.sources.length === 0 ? EXIT_CODES.done : EXIT_CODES.changesPending;
};

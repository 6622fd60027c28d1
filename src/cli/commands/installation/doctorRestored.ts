import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import type { RestoredReport } from '../../../domain/events/shownEvents.js';
import { TASK_QUEUES } from '../../../domain/source/source.js';
import type { Command, Context } from '../../ports.js';
import { renderRestored } from '../../render/installation/restored.js';

export interface RestoredArguments {
  /** ISO 8601: the state to which the database was set back. */
  readonly since: string;
  /** Without it nothing is changed. */
  readonly confirm?: boolean;
  readonly by: string;
}

interface Restoring {
  readonly since: string;
  readonly apply: boolean;
  readonly by: string;
}

/**
 * For a database that was set back: closes all gates and makes what may have been sent since then unknown. Exit 2 while
 * it is only shown.
 *
 * Done here, where the database is known: a worker must not run before.
 */
export const doctorRestored: Command<RestoredArguments> = async (context, { since, confirm, by }) => {
  const restoring = { since, apply: confirm === true, by };
  const { databaseUrl, databaseDirectUrl } = context.configuration();
  const { v: _v, ...report } =
    databaseUrl === undefined
      ? await askWorker(context, restoring)
      : await doHere({ url: databaseUrl, directUrl: databaseDirectUrl }, restoring);
  context.output.result(report, () => renderRestored(report, context.output.paint));
  return restoring.apply || report.sources.length === 0 ? EXIT_CODES.done : EXIT_CODES.changesPending;
};

async function doHere(
  urls: { readonly url: string; readonly directUrl?: string },
  restoring: Restoring,
): Promise<RestoredReport> {
  const { openDatabase } = await import('../../../store/connection/database.js');
  const { restoredReport } = await import('../../../store/delivery/restored.js');
  const silent = { info: () => undefined, warn: () => undefined };
  const database = openDatabase({ ...urls, applicationName: 'chatlio-aep doctor', maxConnections: 2, log: silent });
  try {
    return await restoredReport(database, restoring);
  } finally {
    await database.close();
  }
}

async function askWorker(context: Context, restoring: Restoring): Promise<RestoredReport> {
  const sources = await context.sources();
  if (!(await sources.polledTaskQueues()).includes(TASK_QUEUES.source)) {
    const expected = 'the URL of the restored database, as there is no worker to ask';
    const problem = { path: 'DATABASE_URL', expected, got: 'nothing' };
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason: 'DATABASE_URL is not set' }, { problems: [problem] });
  }
  return sources.ask({ v: 1, ask: 'restored', ...restoring });
}

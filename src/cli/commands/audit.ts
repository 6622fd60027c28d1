import { hasDifferences } from '../../domain/audit.js';
import { CodedError, EXIT_CODES, type ExitCode } from '../../domain/errors.js';
import type { Command, Context } from '../ports.js';
import { renderAudit } from '../render/audit.js';
import { requireWorker } from '../worker.js';

export interface AuditArguments {
  readonly name: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

/** The proof: taken, delivered, waiting, compared by event id. Exit 1 only for an event that is lost, repeated or invented. */
export const audit: Command<AuditArguments> = async (context, args) => {
  try {
    return await compare(context, args);
  } catch (error) {
    if (!(error instanceof CodedError) || error.exitCode !== EXIT_CODES.failed) throw error;
    throw new CodedError(error.error, { cause: error, exitCode: EXIT_CODES.couldNotLook });
  }
};

async function compare(context: Context, { name, since, until }: AuditArguments): Promise<ExitCode> {
  const sources = await context.sources();
  await requireWorker(sources);
  context.output.note(context.output.paint.faint(`Comparing the events of ${name} …`));
  const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'audit', name, since, until });
  context.output.result(report, () => renderAudit(report, context.output.paint));
  if (hasDifferences(report)) return EXIT_CODES.failed;
  return report.lake.read ? EXIT_CODES.done : EXIT_CODES.couldNotLook;
}

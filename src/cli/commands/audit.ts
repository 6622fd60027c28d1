import { hasDifferences } from '../../domain/audit.js';
import { EXIT_CODES } from '../../domain/errors.js';
import type { Command } from '../ports.js';
import { renderAudit } from '../render/audit.js';
import { requireWorker } from '../worker.js';

export interface AuditArguments {
  readonly name: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

/** The proof: taken, delivered, waiting, compared by event id. Exit 1 when an event was lost, repeated or invented. */
export const audit: Command<AuditArguments> = async (context, { name, since, until }) => {
  const sources = await context.sources();
  await requireWorker(sources);
  context.output.note(context.output.paint.faint(`Comparing the events of ${name} …`));
  const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'audit', name, since, until });
  context.output.result(report, () => renderAudit(report, context.output.paint));
  return hasDifferences(report) ? EXIT_CODES.failed : EXIT_CODES.done;
};

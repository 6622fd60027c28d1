import { counted } from '../../../domain/counted.js';
import { hasDifferences } from '../../../domain/audit.js';
import { CodedError, EXIT_CODES, type ExitCode } from '../../../domain/errors.js';
import type { Command, Context } from '../../ports.js';
import { writeAllAudited } from '../../allAudited.js';
import { renderAudit } from '../../render/events/audit.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { pointInTime } from '../../grammar/options.js';

export interface AuditArguments {
  readonly name: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  /** File for every event of the lists, one JSON object a line. */
  readonly ids?: string;
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

async function compare(context: Context, { name, since, until, ids }: AuditArguments): Promise<ExitCode> {
  const sources = await context.sources();
  await requireWorker(sources);
  context.output.note(context.output.paint.faint(`Comparing the events of ${name} …`));
  const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'audit', name, since, until });
  if (ids !== undefined) {
    const written = await writeAllAudited(sources, report, ids);
    context.output.note(`${counted(written, 'event')} written to ${ids}`);
  }
  context.output.result(report, () => renderAudit(report, context.output.paint));
  if (hasDifferences(report)) return EXIT_CODES.failed;
  return report.lake.read || report.proof === 'none' ? EXIT_CODES.done : EXIT_CODES.couldNotLook;
}

export const auditCommand: CommandLine = {
  name: 'audit',
  description:
    'prove where every event is; exit 1 if one is lost, repeated or invented, 5 if something could not be read',
  examples: [
    'audit support-chat',
    'audit support-chat --since 2d',
    'audit support-chat --ids differences.ndjson',
    '--output json audit support-chat',
  ],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--since <time>', 'only events taken since then: an ISO 8601 time, or an age such as 2d', pointInTime)
      .option('--until <time>', 'only events taken before then', pointInTime)
      .option(
        '--ids <file>',
        'also write every lost, repeated, invented or undecided event to this file, one JSON object per line',
      )
      .action((name: string, options: { since?: string; until?: string; ids?: string }) =>
        does(audit, { name, ...options }),
      ),
};

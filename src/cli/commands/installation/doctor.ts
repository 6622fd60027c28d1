import {
  CodedError,
  codedError,
  ERROR_CATALOGUE,
  EXIT_CODES,
  type ErrorCode,
  type ExitCode,
} from '../../../domain/errors.js';
import type { Finding } from '../../../domain/source/plan.js';
import { TASK_QUEUES } from '../../../domain/source/source.js';
import { readManifestFile } from '../../../manifest/read.js';
import type { Configuration } from '../../../configuration.js';
import type { Command, Context } from '../../ports.js';
import type { AskTimes, Sources } from '../../../temporal/sources/port.js';
import { doctorDocument, renderDoctor } from '../../render/installation/doctor.js';
import { attributesFinding } from '../../findings/attributesFinding.js';
import { clocksSeenFromHere } from '../../findings/clocksSeenFromHere.js';
import { homeFinding } from '../../findings/homeFinding.js';
import { sourceFindings } from '../../findings/sourceFindings.js';
import { unreachableReason } from '../../findings/unreachable.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person, pointInTime } from '../../grammar/options.js';
import { doctorRestored } from './doctorRestored.js';

/**
 * Checks everything that must work together, from here outwards; each finding with its fix. What only the worker can
 * check (Adobe, its database and keys) is asked of it.
 */
export const doctor: Command<{ readonly file?: string }> = async (context, { file }) => {
  const findings: Finding[] = [];
  let sandbox: string | undefined;
  if (file !== undefined) {
    findings.push(
      await found('manifest', async () => {
        const manifest = await readManifestFile(file);
        sandbox = manifest.sandbox;
        return `${manifest.name}, sandbox ${manifest.sandbox}`;
      }),
    );
  }
  let configuration: Configuration | undefined;
  findings.push(
    await found('configuration', async () => {
      configuration = context.configuration();
      return 'every variable is valid';
    }),
  );
  if (configuration === undefined) {
    findings.push(
      ...skipped(['home', 'receiver', 'Temporal', 'sources', 'worker', 'Adobe'], 'needs the configuration'),
    );
  } else {
    const { home, receiver } = configuration;
    const [room, health, others] = await Promise.all([
      homeFinding(home),
      found('receiver', () => receiverHealth(receiver.publicUrl)),
      throughTemporal(context, sandbox),
    ]);
    findings.push(room, health, ...others);
  }
  context.output.result(doctorDocument(findings), () => renderDoctor(findings, context.output.paint));
  return exitCodeOfFindings(findings);
};

async function throughTemporal(context: Context, sandbox: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  let sources: Sources | undefined;
  findings.push(
    await found('Temporal', async () => {
      sources = await context.sources();
      return sources.address;
    }),
  );
  if (sources === undefined) return [...findings, ...skipped(['sources', 'worker', 'Adobe'], 'needs Temporal')];
  const reached = sources;
  const attributes = await several('search attributes', () => attributesFinding(reached));
  // Sources are found by them.
  const areFound = attributes.every(({ state }) => state === 'warning');
  findings.push(
    ...attributes,
    ...(areFound
      ? await several('sources', () => sourceFindings(reached))
      : skipped(['sources'], 'needs the search attributes')),
  );
  const polled = await found('worker', async () => {
    const queues = Object.values(TASK_QUEUES);
    for (const taskQueue of queues) await requireWorker(reached, taskQueue);
    return `polls ${queues.join(' and ')}`;
  });
  const standing = await stuck(reached);
  if (polled.state !== 'ok') return [...findings, polled, ...standing, ...skipped(['Adobe'], 'needs a worker')];
  try {
    let times: AskTimes | undefined;
    const question = { v: 1, ask: 'doctor', ...(sandbox === undefined ? {} : { sandbox }) } as const;
    const report = await reached.ask(question, undefined, (heard) => (times = heard));
    return [...findings, polled, ...standing, ...report.findings, ...clocksSeenFromHere(report.clock, times)];
  } catch (error) {
    // One that polled a moment ago and takes no question has gone, or stands still: that says nothing of Adobe.
    const worker = await found('worker', () => Promise.reject(error));
    return [...findings, worker, ...standing, ...skipped(['Adobe'], 'needs a worker')];
  }
}

/** Each that stands still with its reason; nothing where all go on. */
function stuck(sources: Sources): Promise<Finding[]> {
  return several('workflows', async () => {
    const { stuck: errors } = await sources.stuckWorkflows();
    return errors.map((error) => ({ check: 'workflow', state: 'failed', detail: '', error }));
  });
}

async function several(check: string, run: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await run();
  } catch (error) {
    return [await found(check, () => Promise.reject(error))];
  }
}

function skipped(names: readonly string[], detail: string): Finding[] {
  return names.map((check) => ({ check, state: 'skipped', detail }));
}

async function found(check: string, run: () => Promise<string>): Promise<Finding> {
  try {
    return { check, state: 'ok', detail: await run() };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { check, state: 'failed', detail: '', error: error.error };
  }
}

const HEALTH_TIMEOUT_MS = 4_000;

/** Ready to take webhooks, not only alive. */
async function receiverHealth(address: string): Promise<string> {
  let reason: string;
  try {
    const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    const { status } = (await answer.json().catch(() => ({}))) as { readonly status?: unknown };
    if (answer.ok)
      return status === 'spooling' ? `${address}, PostgreSQL is unavailable, so it keeps events on its disk` : address;
    const why = typeof status === 'string' ? `, "${status.slice(0, LONGEST_STATUS)}"` : '';
    reason = `it cannot take webhooks, HTTP ${answer.status}${why}`;
  } catch (error) {
    reason = unreachableReason(error);
  }
  throw codedError('CAEP_RECEIVER_UNREACHABLE', { address, reason });
}

const LONGEST_STATUS = 80;

/** The first failed finding decides: it is nearest to the cause. */
export function exitCodeOfFindings(findings: readonly Finding[]): ExitCode {
  const failed = findings.find(({ state }) => state === 'failed');
  if (failed === undefined) return EXIT_CODES.done;
  const code: ErrorCode | undefined = failed.error?.code;
  return code === undefined ? EXIT_CODES.failed : ERROR_CATALOGUE[code].exitCode;
}

export const doctorCommand: CommandLine = {
  name: 'doctor',
  description: 'check configuration, Temporal, worker, receiver, database and Adobe, and say how to fix what is wrong',
  examples: ['doctor', 'doctor support-chat.yaml', 'doctor --restored 2026-11-21T08:00:00Z'],
  grammar: (command, does) =>
    command
      .argument('[file]', 'a manifest to check as well')
      .option(
        '--restored <time>',
        'the database was restored to this time: show the events that may have been sent since',
        pointInTime,
      )
      .option('--confirm', 'with --restored: stop sending for all sources, and look for those events in the lake')
      .action((file: string | undefined, { restored, confirm }: { restored?: string; confirm?: boolean }) =>
        restored === undefined
          ? does(doctor, { file })
          : does(doctorRestored, { since: restored, confirm, by: person() }),
      ),
};

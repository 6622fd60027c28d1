import { CodedError, codedError, EXIT_CODES, type ExitCode } from '../../../domain/errors.js';
import { orWhatBecameOf } from '../../following/ended.js';
import { reportEnding, withGate } from '../../following/ending.js';
import { follow } from '../../following/follow.js';
import { readUsedManifest } from '../../manifest/manifestFile.js';
import type { Command, Context } from '../../ports.js';
import type { ForwarderReport, Sources } from '../../../temporal/sources/port.js';
import { standstillLines } from '../../render/source/standstill.js';
import type { SourceState } from '../../../domain/source/source.js';
import { knownIntake } from '../../knownIntake.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { collect, person } from '../../grammar/options.js';

export interface ResumeArguments {
  readonly name: string;
  /** File of a corrected manifest. */
  readonly manifest?: string;
  readonly adopt?: boolean;
  /** Of a held teardown: receivers whose spools are not waited for. */
  readonly withoutReceivers?: readonly string[];
  readonly by: string;
}

/** Sets going whatever stands still: a held step, from where the source is followed; held sending; the probe of an outage. */
export const resume: Command<ResumeArguments> = async (
  context,
  { name, manifest: file, adopt, withoutReceivers, by },
) => {
  const used = file === undefined ? undefined : await readUsedManifest(context, file);
  const sources = await context.sources();
  await requireWorker(sources);
  const state = await orWhatBecameOf(sources, name, () => sources.state(name));
  const manifest = used?.fitting(state.manifest);
  const forwarder = state.phase === 'live' ? await sources.forwarderState(name) : undefined;
  const isForStep =
    state.hold !== undefined || manifest !== undefined || adopt === true || withoutReceivers !== undefined;
  if (!isForStep && forwarder !== undefined && standsStill(forwarder)) {
    return resumeSending(context, sources, { name, by }, { state, forwarder });
  }
  if (!isForStep && state.phase === 'live') await requireOpenGate(context, sources, name);
  // What stands nowhere the source refuses in its own words.
  await orWhatBecameOf(sources, name, () => sources.resume(name, { manifest, adopt, withoutReceivers, by }));
  const followed = await follow(context, sources, name, { until: ['live', 'held'] });
  return reportEnding(context, name, await withGate(context, sources, followed), 'live');
};

/** @throws CodedError `CAEP_GATE_CLOSED`: what sets it going is another command. */
async function requireOpenGate(context: Context, sources: Sources, name: string): Promise<void> {
  const { gate } = (await knownIntake(context, sources, name)) ?? {};
  if (gate?.open === false) throw codedError('CAEP_GATE_CLOSED', { name, reason: gate.reason });
}

const POLL_MS = 300;
/** A probe looks at the destination for ten seconds at most, and sends one event. */
const PATIENCE_MS = 20_000;

/** Tells what has come of it, as far as that is known soon. */
async function resumeSending(
  context: Context,
  sources: Sources,
  { name, by }: Pick<ResumeArguments, 'name' | 'by'>,
  { state, forwarder: before }: { readonly state: SourceState; readonly forwarder: ForwarderReport },
): Promise<ExitCode> {
  const { output, now } = context;
  await sources.resumeForwarder(name, { by }).catch((error: unknown) => {
    // It went on by itself meanwhile.
    if (!(error instanceof CodedError) || error.error.code !== 'CAEP_NOT_HELD') throw error;
  });
  const deadline = now() + PATIENCE_MS;
  let forwarder = await sources.forwarderState(name);
  while (forwarder !== undefined && isUndecided(before, forwarder) && now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    forwarder = await sources.forwarderState(name);
  }
  // A gate that something has closed is not opened by it.
  const intake = await knownIntake(context, sources, name);
  const standstill = standstillLines({ run: { name }, state, forwarder, intake }, now(), output.paint);
  const stands = standstill.length > 0;
  output.result({ name, forwarder, gate: intake?.gate }, () =>
    stands
      ? standstill.slice(1).join('\n')
      : `${output.paint.good('✔')} ${output.paint.strong(name)} sends again: ${forwarder?.phase ?? ''}`,
  );
  return stands ? EXIT_CODES.waitingForPerson : EXIT_CODES.done;
}

function standsStill({ hold, outage }: ForwarderReport): boolean {
  return hold !== undefined || outage !== undefined;
}

/** In an outage until the probe that was asked for has its result; what was held is held again at once, or goes on. */
function isUndecided({ outage: before }: ForwarderReport, { outage }: ForwarderReport): boolean {
  return (
    before !== undefined && outage !== undefined && before.since === outage.since && before.probes === outage.probes
  );
}

export const resumeCommand: CommandLine = {
  name: 'resume',
  description: 'continue what is held: a step, or sending',
  examples: ['resume support-chat', 'resume support-chat --manifest support-chat.yaml', 'resume support-chat --adopt'],
  grammar: (command, does) =>
    command
      .argument('<name>', 'source')
      .option('--manifest <file>', 'a corrected manifest; it may change only steps that are not done yet')
      .option('--adopt', "use the existing object of somebody else that has the source's name")
      .option(
        '--without-receiver <id>',
        'of a held teardown: do not wait for what this receiver has on its disk; may be given several times',
        collect,
        [],
      )
      .action(
        (
          name: string,
          { withoutReceiver, ...options }: { manifest?: string; adopt?: boolean; withoutReceiver: string[] },
        ) =>
          does(resume, {
            name,
            ...options,
            withoutReceivers: withoutReceiver.length === 0 ? undefined : withoutReceiver,
            by: person(),
          }),
      ),
};

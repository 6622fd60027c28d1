import { CodedError, EXIT_CODES, type ExitCode } from '../../domain/errors.js';
import { orWhatBecameOf } from '../ended.js';
import { reportEnding } from '../ending.js';
import { follow } from '../follow.js';
import { readUsedManifest } from '../manifestFile.js';
import type { Command, Context, ForwarderReport, Sources } from '../ports.js';
import { sendingLines } from '../render/standstill.js';
import { requireWorker } from '../worker.js';

export interface ResumeArguments {
  readonly name: string;
  /** File of a corrected manifest. */
  readonly manifest?: string;
  readonly adopt?: boolean;
  readonly by: string;
}

/** Sets going whatever stands still: a held step, from where the source is followed; held sending; the probe of an outage. */
export const resume: Command<ResumeArguments> = async (context, { name, manifest: file, adopt, by }) => {
  const used = file === undefined ? undefined : await readUsedManifest(context, file);
  const sources = await context.sources();
  await requireWorker(sources);
  const state = await orWhatBecameOf(sources, name, () => sources.state(name));
  const manifest = await used?.fitting(() => Promise.resolve(state.manifest));
  const forwarder = state.phase === 'live' ? await sources.forwarderState(name) : undefined;
  const isForStep = state.hold !== undefined || manifest !== undefined || adopt === true;
  if (!isForStep && forwarder !== undefined && standsStill(forwarder)) {
    return resumeSending(context, sources, { name, by }, forwarder);
  }
  // What stands nowhere the source refuses in its own words.
  await orWhatBecameOf(sources, name, () => sources.resume(name, { manifest, adopt, by }));
  const followed = await follow(context, sources, name, { until: ['live', 'held'] });
  return reportEnding(context, name, followed, 'live');
};

const POLL_MS = 300;
/** A probe looks at the destination for ten seconds at most, and sends one event. */
const PATIENCE_MS = 20_000;

/** Tells what has come of it, as far as that is known soon. */
async function resumeSending(
  { output, now }: Context,
  sources: Sources,
  { name, by }: Pick<ResumeArguments, 'name' | 'by'>,
  before: ForwarderReport,
): Promise<ExitCode> {
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
  const stands = forwarder !== undefined && standsStill(forwarder);
  output.result({ name, forwarder }, () =>
    stands
      ? sendingLines(name, forwarder, now(), output.paint).join('\n')
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

/** What `doctor` says of the sources as Temporal knows them: held at a step, or their events do not go out. */
import { CodedError, sentenceOf } from '../../domain/errors.js';
import type { Finding } from '../../domain/source/plan.js';
import { STEPS } from '../../domain/source/steps.js';
import type { SourceRun, Sources } from '../../temporal/sources/port.js';

/** Each is asked why it is held; of more, that they are. */
const ASKED_AT_MOST = 20;

export async function sourceFindings(sources: Sources): Promise<Finding[]> {
  const runs = (await sources.list()).filter(({ open }) => open);
  const held = runs.filter(({ phase }) => phase === 'held');
  const troubled = [
    ...(await Promise.all(held.slice(0, ASKED_AT_MOST).map((run) => heldFinding(sources, run)))),
    ...held.slice(ASKED_AT_MOST).map(({ name, heldReason = '' }) => heldAt(name, 'a step', heldReason)),
    ...runs.flatMap(pauseFinding),
    ...runs.flatMap(forwardingFinding),
  ];
  if (troubled.length > 0) return troubled;
  const detail = runs.length === 0 ? 'there is none yet' : `${runs.length}, none is held`;
  return [{ check: 'sources', state: 'ok', detail }];
}

async function heldFinding(sources: Sources, { name, heldReason = '' }: SourceRun): Promise<Finding> {
  try {
    const { hold } = await sources.state(name);
    if (hold !== undefined) return heldAt(name, STEPS[hold.step].title, inOneClause(sentenceOf(hold.error)));
  } catch (error) {
    // That its workflow cannot be asked is told by itself; that it is held is known all the same.
    if (!(error instanceof CodedError)) throw error;
  }
  return heldAt(name, 'a step', heldReason);
}

/** A sentence of its own, as the reason in another. */
function inOneClause(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function heldAt(name: string, step: string, reason: string): Finding {
  const why = reason === '' ? `\`chatlio-aep status ${name}\` says why` : reason;
  const error = { code: 'CAEP_SOURCE_HELD', fields: { name, step, reason: why } } as const;
  return { check: `source ${name}`, state: 'failed', detail: '', error };
}

function pauseFinding({ name, hasPausedActivity }: SourceRun): Finding[] {
  if (hasPausedActivity !== true) return [];
  const detail = `somebody has paused an activity of it in Temporal: \`chatlio-aep status ${name}\` says which, why, and how to unpause it`;
  return [{ check: `source ${name}`, state: 'warning', detail }];
}

function forwardingFinding({ name, phase, forwarding }: SourceRun): Finding[] {
  if (phase !== 'live' || forwarding === undefined) return [];
  const check = `source ${name}`;
  const { heldReason } = forwarding;
  if (forwarding.phase === 'held') {
    const why = heldReason === undefined ? '' : `: ${heldReason}`;
    const detail = `sending is held${why}. It is tried again every 15 minutes. Fix the cause, then run \`chatlio-aep resume ${name}\``;
    return [{ check, state: 'failed', detail }];
  }
  if (forwarding.phase !== 'outage') return [];
  const detail = `its destination is unavailable: events wait, and sending is tried again automatically. \`chatlio-aep status ${name}\` says why, \`chatlio-aep resume ${name}\` tries now`;
  return [{ check, state: 'warning', detail }];
}

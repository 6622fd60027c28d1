/** `status` of one source. */
import { WITHOUT_PROOF } from '../../../domain/exceptions/proof.js';
import type { ForgottenSource, Snapshot } from '../../following/snapshot.js';
import { driftLines } from './drifted.js';
import type { Paint } from '../paint.js';
import { heading, opensLine, paintedPhase, renderLeft } from './source.js';
import { renderDelivery } from './delivery.js';
import { renderIntake } from './intake.js';
import { standstillLines } from './standstill.js';
import { replacedLines } from '../replaced.js';
import { renderSteps } from './steps.js';
import { columns, elapsed } from '../text.js';

/** Wide enough for every id, as this text is also read by pipes and pasted into tickets. */
const COLUMNS = 160;

export function renderStatus(snapshot: Snapshot, now: number, paint: Paint): string {
  const { run, state, intake } = snapshot;
  const standstill = standstillLines(snapshot, now, paint);
  const drifted = state?.phase === 'live' ? driftLines(run.name, state.drift, paint) : [];
  const delivery = renderDelivery(snapshot, now, paint, { isGateTold: true });
  const view = { now, columns: COLUMNS, paint, live: false };
  const facts = [
    [paint.faint('workflow'), `${run.workflowId}  ${paint.faint(run.status.toLowerCase())}`],
    ...(run.url === undefined ? [] : [[paint.faint('Temporal UI'), run.url]]),
    ...(state === undefined ? [] : [[paint.faint('uid'), state.uid]]),
    // What stands still says so itself, in the first place.
    ...(state?.phase === 'live' && standstill.length === 0
      ? [[paint.faint('sending'), opensLine(state, now, intake?.gate)]]
      : []),
    ...(state?.manifest.proof === 'none' ? [[paint.faint('proof'), paint.caution(WITHOUT_PROOF)]] : []),
    ...operationFacts(snapshot, now, paint),
    ...(run.heldReason === undefined || state !== undefined ? [] : [[paint.faint('reason'), run.heldReason]]),
  ];
  return [
    heading(snapshot, view),
    ...(standstill.length === 0 ? [] : [...standstill, '']),
    ...drifted.flatMap((one) => [...(standstill.length === 0 ? [''] : []), one, '']),
    columns(facts),
    ...(state === undefined ? [] : ['', renderSteps(state, run.pending, view)]),
    ...(state === undefined ? [] : [...renderLeft(state, paint), ...replacedLines(state, paint)]),
    ...(delivery === undefined ? [] : ['', delivery]),
    ...(intake === undefined ? [] : renderIntake(intake, paint)),
    ...(state?.phase === 'live' ? ['', columns(nextCommands(snapshot, paint), 0)] : []),
  ].join('\n');
}

/** Of a source whose workflow Temporal has forgotten, what the database knows. */
export function renderForgotten({ name, uid, phase, intake }: ForgottenSource, now: number, paint: Paint): string {
  const delivery = renderDelivery({ run: { name }, intake: { ...intake, seenAt: now } }, now, paint, {
    isGateTold: true,
  });
  return [
    `${paint.strong(name)}  ${paintedPhase(phase, paint)}`,
    columns([
      [paint.faint('workflow'), 'Temporal no longer has its workflow; what follows comes from the database'],
      [paint.faint('uid'), uid],
    ]),
    ...(delivery === undefined ? [] : ['', delivery]),
    '',
    columns([['chatlio-aep provision FILE', paint.faint('create it again, and continue with its events')]], 0),
  ].join('\n');
}

/** Of a live source: what is being done to it, and what that meets with. */
function operationFacts({ run, state }: Snapshot, now: number, paint: Paint): string[][] {
  if (state?.phase !== 'live' || state.operation === undefined) return [];
  const { kind, startedAt } = state.operation;
  return [
    [paint.faint('operation'), `${kind}, for ${elapsed(now - startedAt)}`],
    ...run.pending.flatMap(({ name, attempt, lastFailure }) =>
      lastFailure === undefined ? [] : [['', paint.caution(`${name}: attempt ${attempt} after: ${lastFailure}`)]],
    ),
  ];
}

function nextCommands(snapshot: Snapshot, paint: Paint): string[][] {
  const { name } = snapshot.run;
  return [[`chatlio-aep urls ${name}`, paint.faint('the webhook URLs')]];
}

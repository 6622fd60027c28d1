/** `status`: one source, or the list of all. */
import type { Snapshot } from '../follow.js';
import type { SourceRun } from '../ports.js';
import type { Paint } from './paint.js';
import { heading, opensLine, paintedPhase, phaseOf, renderForwarder, renderHold, renderRemainders } from './source.js';
import { renderIntake } from './intake.js';
import { renderSteps } from './steps.js';
import { columns, elapsed, instant } from './text.js';

/** Wide enough for every id, as this text is also read by pipes and pasted into tickets. */
const COLUMNS = 160;

export function renderStatus(snapshot: Snapshot, now: number, paint: Paint): string {
  const { run, state, forwarder, intake } = snapshot;
  const view = { now, columns: COLUMNS, paint, live: false };
  const facts = [
    [paint.faint('workflow'), `${run.workflowId}  ${paint.faint(run.status.toLowerCase())}`],
    ...(run.url === undefined ? [] : [[paint.faint('Temporal UI'), run.url]]),
    ...(state === undefined ? [] : [[paint.faint('uid'), state.uid]]),
    ...(state?.phase === 'live' ? [[paint.faint('sending'), opensLine(state, now)]] : []),
    ...(run.heldReason === undefined || state !== undefined ? [] : [[paint.faint('held by'), run.heldReason]]),
  ];
  return [
    heading(snapshot, view),
    columns(facts),
    ...(state === undefined ? [] : ['', renderSteps(state, run.pending, view)]),
    ...(state?.hold === undefined ? [] : ['', renderHold(state.hold, run.name, paint)]),
    ...(state === undefined || state.remainders.length === 0 ? [] : ['', renderRemainders(state, paint)]),
    ...(forwarder === undefined ? [] : ['', renderForwarder({ forwarder }, paint)]),
    ...(intake === undefined ? [] : renderIntake(intake, paint)),
    ...(state?.phase === 'live'
      ? ['', columns([[`chatlio-aep urls ${run.name}`, paint.faint('the webhook URLs')]], 0)]
      : []),
  ].join('\n');
}

export function renderStatusList(runs: readonly SourceRun[], now: number, paint: Paint): string {
  if (runs.length === 0)
    return 'There is no source yet. Write a manifest with `chatlio-aep init`, then `chatlio-aep provision FILE`.';
  const rows = runs.map((run) => [
    paint.strong(run.name),
    paintedPhase(phaseOf({ run }), paint),
    run.heldReason === undefined ? '' : paint.caution(run.heldReason),
    paint.faint(run.open ? `for ${elapsed(now - run.startedAt)}` : `since ${instant(run.closedAt ?? run.startedAt)}`),
  ]);
  return columns([['SOURCE', 'PHASE', 'HELD BY', ''].map(paint.faint), ...rows], 0);
}

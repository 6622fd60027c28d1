/** A source as a person reads it: where it stands, its steps, what is held and why, what to type next. */
import type { CatalogueError } from '../../../domain/errors.js';
import { type Paused, pauseReason } from '../../../domain/delivery/pause.js';
import type { GateReport } from '../../../domain/delivery/forwarder.js';
import { oneLine } from '../../../domain/printable.js';
import { abortMeans, countOfHeld } from '../../../domain/source/sourceDetails.js';
import { STEPS } from '../../../domain/source/steps.js';
import type { Hold, SourceState } from '../../../domain/source/source.js';
import type { Replaced } from '../../../domain/source/updating/replacing.js';
import type { IntakeReport } from '../../../domain/events/shownEvents.js';
import type { ForgottenSource, Snapshot } from '../../following/snapshot.js';
import type { ForwarderReport } from '../../../temporal/sources/port.js';
import { ratesAt } from '../rates.js';
import type { Paint, Style } from '../paint.js';
import { errorDocument } from '../../../domain/errorDocument.js';
import { renderError } from '../error.js';
import { missingLines } from './teardown.js';
import { columns, elapsed, instant } from '../text.js';

const PHASE_STYLES: Readonly<Record<string, Style>> = {
  provisioning: 'hint',
  held: 'caution',
  undoing: 'hint',
  live: 'good',
};

export function paintedPhase(phase: string, paint: Paint): string {
  return paint[PHASE_STYLES[phase] ?? 'faint'](phase);
}

/** The phase as the workflow tells it; of a run that ended in another way, how it ended. */
export function phaseOf({ run, state }: Snapshot): string {
  const phase = state?.phase ?? run.phase ?? 'unknown';
  if (run.open || phase === 'aborted' || phase === 'torn-down') return phase;
  return run.status.toLowerCase().replaceAll('_', ' ');
}

export function heading(snapshot: Snapshot, view: { readonly now: number; readonly paint: Paint }): string {
  const { run, state } = snapshot;
  const { paint } = view;
  const since = state?.liveSince ?? state?.hold?.since ?? state?.operation?.startedAt ?? run.startedAt;
  return [
    paint.strong(run.name),
    paintedPhase(phaseOf(snapshot), paint),
    ...(state?.paused === undefined || !run.open ? [] : [paint.caution('paused')]),
    ...(state === undefined ? [] : [paint.faint(`sandbox ${state.manifest.sandbox}`)]),
    paint.faint(run.open ? `for ${elapsed(view.now - since)}` : `since ${instant(run.closedAt ?? since)}`),
  ].join('  ');
}

/** The error of a hold with the source's name filled in, which its commands need. */
function holdError(hold: Hold, name: string): CatalogueError {
  return { ...hold.error, fields: { name, step: STEPS[hold.step].title, ...hold.error.fields } };
}

export function renderHold(hold: Hold, name: string, paint: Paint): string {
  return [
    heldLine(hold, name, paint),
    '',
    renderError(holdError(hold, name), paint),
    '',
    columns([
      [`chatlio-aep resume ${name}`, paint.faint('try again from here')],
      [`chatlio-aep abort ${name}`, paint.faint(abortMeans(hold))],
    ]),
  ].join('\n');
}

function heldLine({ step, during, waitsFor }: Hold, name: string, paint: Paint): string {
  if (waitsFor !== undefined) return `${paint.caution('■')} the teardown of ${paint.strong(name)} is held`;
  const doing = during === 'do' ? 'making' : 'undoing';
  return `${paint.caution('■')} ${paint.strong(name)} is held at ${paint.strong(STEPS[step].title)} (${doing} it)`;
}

/** What an undo or a teardown has left: at Adobe, and of the events. Lines, none when nothing is left. */
export function renderLeft({ remainders, heldEvents = 0, manifest, teardown }: SourceState, paint: Paint): string[] {
  return [
    ...(remainders.length === 0
      ? []
      : [
          '',
          paint.strong('Left behind'),
          columns(remainders.map(({ step, id, reason }) => [STEPS[step].title, id ?? '', paint.faint(reason)])),
        ]),
    ...(heldEvents === 0
      ? []
      : [
          '',
          paint.caution(`${countOfHeld(heldEvents)}.`),
          columns([[`chatlio-aep held list ${manifest.name}`, paint.faint('which, and what can be decided')]]),
        ]),
    ...(teardown?.missing ?? []).flatMap((missing) => ['', ...missingLines(missing, paint)]),
  ];
}

/** `paused by ana: maintenance, since …, the flow is disabled`. */
export function pausedSince(paused: Paused): string {
  return `${oneLine(pauseReason(paused))}, since ${instant(paused.since)}${flowOf(paused)}`;
}

/** The same of a gate that had been closed before for another reason, which stays. */
export function whyPaused(paused: Paused, gateReason?: string): string {
  if (gateReason === undefined || gateReason === pauseReason(paused)) return pausedSince(paused);
  return `${oneLine(gateReason)}; paused since ${instant(paused.since)}${flowOf(paused)}`;
}

function flowOf({ flowDisabled }: Paused): string {
  return flowDisabled === true ? ', the flow is disabled' : '';
}

/** Closed for good, not only until a settle window is over: somebody has to open it. */
export function isGateClosed({ state, forwarder, intake }: Pick<Snapshot, 'state' | 'forwarder' | 'intake'>): boolean {
  if (intake?.gate !== undefined) return !intake.gate.open;
  return state?.paused !== undefined || (forwarder?.gate !== undefined && forwarder.gate.opensAt === undefined);
}

function closedFor(gate: GateReport | undefined): string | undefined {
  return gate?.open === false ? gate.reason : undefined;
}

/** @param gate as it stands now; without it, what the source workflow knows must do */
export function opensLine(
  state: Pick<SourceState, 'opensAt' | 'paused'>,
  now: number,
  gate?: GateReport,
  forwarder?: Pick<ForwarderReport, 'hold' | 'outage'>,
): string {
  if (state.paused !== undefined)
    return `events are still taken, and wait: ${whyPaused(state.paused, closedFor(gate))}`;
  if (gate?.open === false) return `events are still taken, and wait: ${oneLine(gate.reason)}`;
  const instantOfOpening = gate === undefined ? state.opensAt : gate.opensAt;
  const opensAt = instantOfOpening === undefined ? undefined : Date.parse(instantOfOpening);
  if (opensAt === undefined || opensAt <= now) {
    if (forwarder?.hold !== undefined) return 'events are still taken, and wait: sending is held';
    if (forwarder?.outage !== undefined) return 'events are still taken, and wait: the destination is unavailable';
    return 'events are sent as they arrive';
  }
  // Until then Adobe may drop what is sent: the settle window.
  return `events are taken now, and sent from ${instant(opensAt)} on (in ${elapsed(opensAt - now)})`;
}

/** What `--output json` shows of a source, on one level with the command's name. */
export function sourceDocument({ run, state, forwarder, intake, pausedActivities = [] }: Snapshot): object {
  const {
    name,
    pending,
    phase: _phase,
    heldReason: _heldReason,
    forwarding,
    uid,
    hasPausedActivity,
    ...workflow
  } = run;
  return {
    name,
    phase: phaseOf({ run, state }),
    uid: state?.uid ?? uid,
    workflow,
    ...(state === undefined
      ? {}
      : {
          sandbox: state.manifest.sandbox,
          steps: state.steps,
          resources: state.resources,
          remainders: state.remainders,
          heldEvents: state.heldEvents,
          liveSince: state.liveSince,
          opensAt: state.opensAt,
          paused: state.paused,
          teardown: state.teardown,
          // Of a look that has never succeeded there is no time.
          drift: state.drift && { ...state.drift, lookedAt: state.drift.lookedAt || undefined },
          replaced: state.replaced?.map(replacedDocument),
          tenantId: state.tenantId,
        }),
    ...(state?.hold === undefined
      ? {}
      : { hold: { ...state.hold, error: errorDocument(holdError(state.hold, name)) } }),
    pending,
    ...(pausedActivities.length === 0 ? {} : { pausedActivities }),
    ...(hasPausedActivity === undefined ? {} : { hasPausedActivity }),
    ...(forwarding === undefined ? {} : { forwarding }),
    ...(forwarder === undefined ? {} : { forwarder: forwarderDocument(forwarder, intake) }),
    ...eventsDocument(intake),
    ...(intake === undefined
      ? {}
      : {
          gate: intake.gate,
          receivers: intake.receivers,
          silent: intake.silent,
          nearMisses: intake.nearMisses,
          unmapped: intake.unmapped,
          differingCopies: intake.differingCopies,
          canaries: intake.canaries,
          flowRuns: intake.flowRuns,
        }),
  };
}

function replacedDocument({ error, ...one }: Replaced): object {
  return error === undefined ? one : { ...one, error: errorDocument(error) };
}

/** The same, of a source whose workflow Temporal has forgotten. */
export function forgottenDocument({ name, phase, uid, intake }: ForgottenSource): object {
  return { name, phase, uid, pending: [], ...eventsDocument(intake) };
}

function eventsDocument(intake: Pick<IntakeReport, 'counted'> | undefined): object {
  if (intake?.counted === undefined) return {};
  return { events: { asOf: intake.counted.asOf, ...intake.counted.counters } };
}

/** With the counts as they are now, where somebody could count them. */
function forwarderDocument(forwarder: NonNullable<Snapshot['forwarder']>, intake: Snapshot['intake']): object {
  if (intake?.counted === undefined) return forwarder;
  const { counters, asOf } = intake.counted;
  return { ...forwarder, counters, surveyedAt: Date.parse(asOf), rates: ratesAt(intake, intake.seenAt) };
}

/** What stands still, in the first place: since when, why, what happens by itself and when, and what to type. */
import { oneLine } from '../../../domain/printable.js';
import type { Snapshot } from '../../following/snapshot.js';
import type { ForwarderReport, PausedActivity } from '../../../temporal/sources/port.js';
import type { Paint } from '../paint.js';
import { isGateClosed, whyPaused, renderHold } from './source.js';
import { teardownLines } from './teardown.js';
import { columns, elapsed, instant } from '../text.js';

/** Without a source's workflow what the forwarder and the gate say. */
type Standing = Pick<Snapshot, 'state' | 'forwarder' | 'intake' | 'pausedActivities'> & {
  readonly run: Pick<Snapshot['run'], 'name'>;
};

/** @returns nothing of a source whose steps and events go on */
export function standstillLines(snapshot: Standing, now: number, paint: Paint): string[] {
  const { run, state, forwarder } = snapshot;
  const stands = [
    ...(snapshot.pausedActivities ?? []).map((activity) => pausedLines(run.name, activity, now, paint)),
    ...(state?.hold === undefined ? [] : [renderHold(state.hold, run.name, paint)]),
    ...(state === undefined ? [] : teardownLines(state, now, paint)),
    ...sendingLines(run.name, forwarder, now, paint),
    ...(state?.phase === 'live' && state.teardown === undefined && isGateClosed(snapshot)
      ? [
          [
            `${paint.caution('■')} ${paint.strong(run.name)} sends nothing: ${whyClosed(snapshot)}. Events are still taken, and wait.`,
            ...opensByItself(snapshot, now),
            columns([
              ...(gateOf(snapshot)?.opensByItself === true
                ? [[`chatlio-aep repair ${run.name}`, paint.faint('bring back what is missing in Adobe')]]
                : []),
              [`chatlio-aep unpause ${run.name}`, paint.faint('send again')],
            ]),
          ].join('\n'),
        ]
      : []),
  ];
  return stands.flatMap((one) => ['', one]);
}

function pausedLines(name: string, activity: PausedActivity, now: number, paint: Paint): string {
  const { name: type, since: at, by, reason, unpause } = activity;
  const told = [...(at === undefined ? [] : [since(at, now)]), ...(by === undefined ? [] : [`by ${oneLine(by)}`])];
  const why = reason === undefined ? '' : `: ${oneLine(reason)}`;
  return [
    `${paint.caution('■')} the activity ${paint.strong(type)} of ${paint.strong(name)} is paused in Temporal ${told.join(' ')}${why}`,
    '  It is not tried again, and what comes after it waits, until somebody unpauses it in Temporal.',
    columns([[unpause, paint.faint('let it go on')]]),
  ].join('\n');
}

/** Of the forwarder alone: held, or in an outage. */
export function sendingLines(
  name: string,
  forwarder: Pick<ForwarderReport, 'hold' | 'outage'> | undefined,
  now: number,
  paint: Paint,
): string[] {
  const { hold, outage } = forwarder ?? {};
  if (hold !== undefined) {
    return [
      [
        `${paint.caution('■')} sending for ${paint.strong(name)} is held ${since(hold.since, now)}: ${oneLine(hold.reason)}`,
        `  Events are still taken, and wait.${nextProbe(hold.nextProbeAt, now)}`,
        columns([[`chatlio-aep resume ${name}`, paint.faint('after the fix: start sending again')]]),
      ].join('\n'),
    ];
  }
  if (outage === undefined) return [];
  return [
    [
      `${paint.caution('■')} the destination of ${paint.strong(name)} is unavailable ${since(outage.since, now)}: ${oneLine(outage.detail)}`,
      `  Events are still taken, and wait.${nextProbe(outage.nextProbeAt, now)}`,
      columns([[`chatlio-aep resume ${name}`, paint.faint('try it now')]]),
    ].join('\n'),
  ];
}

/** Of a gate that somebody has to open. */
function whyClosed({ state, intake, forwarder }: Standing): string {
  const reason = intake?.gate?.reason ?? forwarder?.gate?.reason;
  if (state?.paused !== undefined) return whyPaused(state.paused, reason);
  return oneLine(reason ?? 'sending has been stopped');
}

function gateOf({ intake, forwarder }: Standing) {
  return intake?.gate ?? forwarder?.gate;
}

/** Of a gate that our own look at the destination has closed. */
function opensByItself(standing: Standing, now: number): string[] {
  const { forwarder } = standing;
  const gate = gateOf(standing);
  if (gate?.opensByItself !== true) return [];
  const at = forwarder?.nextLookAt;
  const next = at === undefined || at <= now ? '' : ` The next check is at ${instant(at)} (in ${elapsed(at - now)}).`;
  return [`  They are sent automatically once this is fixed at Adobe.${next}`];
}

function since(at: number, now: number): string {
  return `since ${instant(at)} (for ${elapsed(now - at)})`;
}

/** A hold of 0.1.0 has none until its forwarder is woken. */
function nextProbe(at: number | undefined, now: number): string {
  if (at === undefined) return '';
  return at <= now ? ' It is being tried now.' : ` The next try is at ${instant(at)} (in ${elapsed(at - now)}).`;
}

/** What stands still, in the first place: since when, why, what happens by itself and when, and what to type. */
import { oneLine } from '../../domain/printable.js';
import type { Snapshot } from '../follow.js';
import type { ForwarderReport } from '../ports.js';
import type { Paint } from './paint.js';
import { isGateClosed, pausedSince, renderHold } from './source.js';
import { columns, elapsed, instant } from './text.js';

/** @returns nothing of a source whose steps and events go on */
export function standstillLines(snapshot: Snapshot, now: number, paint: Paint): string[] {
  const { run, state, forwarder } = snapshot;
  const stands = [
    ...(state?.hold === undefined ? [] : [renderHold(state.hold, run.name, paint)]),
    ...sendingLines(run.name, forwarder, now, paint),
    ...(state?.phase === 'live' && isGateClosed(snapshot)
      ? [
          [
            `${paint.caution('■')} nothing of ${paint.strong(run.name)} is sent: ${whyClosed(snapshot)}. Events are taken and wait.`,
            columns([[`chatlio-aep unpause ${run.name}`, paint.faint('send again')]]),
          ].join('\n'),
        ]
      : []),
  ];
  return stands.flatMap((one) => ['', one]);
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
        `${paint.caution('■')} sending of ${paint.strong(name)} is held ${since(hold.since, now)}: ${oneLine(hold.reason)}`,
        `  Events are taken and wait.${nextProbe(hold.nextProbeAt, now)}`,
        columns([[`chatlio-aep resume ${name}`, paint.faint('after the fix: send again now')]]),
      ].join('\n'),
    ];
  }
  if (outage === undefined) return [];
  return [
    [
      `${paint.caution('■')} the destination of ${paint.strong(name)} is away ${since(outage.since, now)}: ${oneLine(outage.detail)}`,
      `  Events are taken and wait.${nextProbe(outage.nextProbeAt, now)}`,
      columns([[`chatlio-aep resume ${name}`, paint.faint('probe it now')]]),
    ].join('\n'),
  ];
}

/** Of a gate that somebody has to open. */
function whyClosed({ state, intake, forwarder }: Snapshot): string {
  if (state?.paused !== undefined) return pausedSince(state.paused);
  return oneLine(intake?.gate?.reason ?? forwarder?.gate?.reason ?? 'the gate is closed');
}

function since(at: number, now: number): string {
  return `since ${instant(at)} (for ${elapsed(now - at)})`;
}

/** A hold of 0.1.0 has none until its forwarder is woken. */
function nextProbe(at: number | undefined, now: number): string {
  if (at === undefined) return '';
  return at <= now ? ' It is being probed.' : ` The next probe is at ${instant(at)} (in ${elapsed(at - now)}).`;
}

/** `pause` and `unpause`: how they ended. */
import type { PauseResult, UnpauseResult } from '../../domain/pause.js';
import type { ForwarderReport } from '../ports.js';
import type { Paint } from './paint.js';
import { opensLine, pausedSince } from './source.js';
import { columns } from './text.js';

export function renderPaused(name: string, { changed, paused }: PauseResult, paint: Paint): string {
  return [
    changed
      ? `${paint.good('✔')} ${paint.strong(name)} is paused: events are taken and wait; none is sent.${paused.flowDisabled === true ? ' The flow is disabled.' : ''}`
      : `${paint.strong(name)} stays as it is: ${pausedSince(paused)}.`,
    '',
    columns([[`chatlio-aep unpause ${name}`, paint.faint('send again')]]),
  ].join('\n');
}

export function renderUnpaused(
  name: string,
  { changed, opensAt, forwarder }: UnpauseResult & { readonly forwarder?: Pick<ForwarderReport, 'hold' | 'outage'> },
  now: number,
  paint: Paint,
): string {
  return changed
    ? `${paint.good('✔')} ${paint.strong(name)} is not paused any more: ${opensLine({ opensAt }, now, undefined, forwarder)}.`
    : `${paint.strong(name)} stays as it is, not paused: ${opensLine({ opensAt }, now, undefined, forwarder)}.`;
}

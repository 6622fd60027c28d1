/** `pause` and `unpause`: how they ended. */
import type { PauseResult, UnpauseResult } from '../../../domain/delivery/pause.js';
import type { ForwarderReport } from '../../../temporal/sources/port.js';
import type { Paint } from '../paint.js';
import { opensLine, pausedSince } from './source.js';
import { columns } from '../text.js';

export function renderPaused(name: string, { changed, paused }: PauseResult, paint: Paint): string {
  return [
    changed
      ? `${paint.good('✔')} ${paint.strong(name)} is paused: events are still taken, and wait.${paused.flowDisabled === true ? ' The flow is disabled.' : ''}`
      : `${paint.strong(name)} is already ${pausedSince(paused)}. Nothing was changed.`,
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
    ? `${paint.good('✔')} ${paint.strong(name)} is no longer paused: ${opensLine({ opensAt }, now, undefined, forwarder)}.`
    : `${paint.strong(name)} is not paused: ${opensLine({ opensAt }, now, undefined, forwarder)}. Nothing was changed.`;
}

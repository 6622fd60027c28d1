/** `events tail`: an event in a line, and its content below where that was asked for. */
import type { PassingEvent } from '../../domain/passingEvents.js';
import { oneLine } from '../../domain/printable.js';
import type { Paint, Style } from './paint.js';
import { clockTime, elapsed } from './text.js';

const STATE_STYLES: Readonly<Record<PassingEvent['state'], Style>> = {
  waiting: 'hint',
  sending: 'hint',
  accepted: 'good',
  held: 'caution',
  abandoned: 'faint',
};
const KIND_WIDTH = 'new-conversation'.length;
const STATE_WIDTH = 'abandoned'.length;
const ID_PREFIX = 12;
/** An event's own time is told when it differs from that of its arrival by more. */
const TOLD_LATENESS_MS = 60_000;

/** @param body undefined: not asked for; null: not kept any more */
export function renderEvent(event: PassingEvent, paint: Paint, body?: string | null): string {
  const { kind = 'unknown', eventId, loggedAt, occurredAt, state, reason } = event;
  const latenessMs = Date.parse(loggedAt) - Date.parse(occurredAt);
  const line = [
    paint.faint(`${loggedAt.slice(0, 10)} ${clockTime(Date.parse(loggedAt))}Z`),
    kind.padEnd(KIND_WIDTH),
    eventId.slice(0, ID_PREFIX),
    paint[STATE_STYLES[state]](state.padEnd(STATE_WIDTH)),
    ...(reason === undefined ? [] : [paint.caution(reason)]),
    ...(latenessMs > TOLD_LATENESS_MS ? [paint.faint(`of ${elapsed(latenessMs)} before`)] : []),
  ]
    .join('  ')
    .trimEnd();
  return body === undefined
    ? line
    : `${line}\n    ${body === null ? paint.faint('its content is not kept any more') : oneLine(body)}`;
}

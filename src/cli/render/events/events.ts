/** `events tail`: an event in a line, and its content below where that was asked for. `events show`: one, and what is known of it. */
import { counted } from '../../../domain/counted.js';
import type { EventDetails, ShownEvent } from '../../../domain/events/shownEvents.js';
import { oneLine } from '../../../domain/printable.js';
import type { Paint, Style } from '../paint.js';
import { columns, elapsed, instant } from '../text.js';

const STATE_STYLES: Readonly<Record<ShownEvent['state'], Style>> = {
  waiting: 'hint',
  sending: 'hint',
  accepted: 'good',
  'looked-for': 'caution',
  held: 'caution',
  abandoned: 'faint',
  replaced: 'faint',
  'marked-delivered': 'faint',
};
const KIND_WIDTH = 'new-conversation'.length;
const STATE_WIDTH = '→ looked for'.length;
const ID_PREFIX = 12;
/** An event's own time is told when it differs from that of its arrival by more. */
const TOLD_LATENESS_MS = 60_000;

export interface EventLine {
  /** Undefined: not asked for; null: not kept any more. */
  readonly body?: string | null;
  /** Shown before, and how it stood then: this tells what has become of it. */
  readonly was?: ShownEvent['state'];
}

export function renderEvent(event: ShownEvent, paint: Paint, { body, was }: EventLine = {}): string {
  const { kind = 'unknown', eventId, loggedAt, occurredAt, state, reason, exceptionId } = event;
  const latenessMs = Date.parse(loggedAt) - Date.parse(occurredAt);
  const word = `${was === undefined ? '' : '→ '}${state.replaceAll('-', ' ')}`;
  const line = [
    paint.faint(instant(Date.parse(loggedAt))),
    kind.padEnd(KIND_WIDTH),
    eventId.slice(0, ID_PREFIX),
    paint[STATE_STYLES[state]](word.padEnd(STATE_WIDTH)),
    ...(reason === undefined ? [] : [paint.caution(reason)]),
    ...(state === 'held' && exceptionId !== undefined ? [paint.faint(`number ${exceptionId}`)] : []),
    ...(latenessMs > TOLD_LATENESS_MS ? [paint.faint(`happened ${elapsed(latenessMs)} earlier`)] : []),
  ]
    .join('  ')
    .trimEnd();
  return body === undefined
    ? line
    : `${line}\n    ${body === null ? paint.faint('its content is no longer kept') : oneLine(body)}`;
}

export function renderEventDetails(
  event: Omit<EventDetails, 'v'>,
  { name, now }: { readonly name: string; readonly now: number },
  paint: Paint,
): string {
  const { eventId, kind = 'unknown to this release', state, partition, seq, arrivals, receipts, exceptions } = event;
  const first = Date.parse(event.firstArrivalAt);
  const again =
    arrivals === 1 ? '' : `  ${counted(arrivals, 'time')}, last ${instant(Date.parse(event.lastArrivalAt))}`;
  return [
    `${paint.strong(`Event ${eventId.slice(0, ID_PREFIX)} of ${name}`)}  ${paint[STATE_STYLES[state]](state.replaceAll('-', ' '))}`,
    columns([
      [paint.faint('event id'), eventId],
      [paint.faint('kind'), kind],
      [paint.faint('arrived'), `${instant(first)}  ${paint.faint(`${elapsed(now - first)} ago`)}${again}`],
      [paint.faint('in the log'), seq === 0 ? 'no: held on arrival' : `partition ${partition}, number ${seq}`],
    ]),
    ...(receipts.length === 0
      ? []
      : [
          '',
          paint.strong('Accepted by Adobe'),
          columns(receipts.map(({ xactionId, receivedAt }) => [instant(Date.parse(receivedAt)), oneLine(xactionId)])),
        ]),
    ...(exceptions.length === 0
      ? []
      : [
          '',
          paint.strong('Exceptions'),
          columns(
            exceptions.map(({ id, reason, resolution, state: at, attempts }) => [
              paint.caution(reason),
              resolution ?? at,
              `sent ${counted(attempts, 'time')}`,
              paint.faint(`chatlio-aep held show ${name} ${id}`),
            ]),
          ),
        ]),
  ].join('\n');
}

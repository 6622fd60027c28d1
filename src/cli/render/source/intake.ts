/** Receivers, with what they have taken and not yet brought to the log, kinds that have stopped coming, and wrong URLs. */
import { counted } from '../../../domain/counted.js';
import {
  type DifferingCopiesView,
  type IntakeReport,
  RECEIVER_SILENCE_MS,
  type ReceiverView,
} from '../../../domain/events/shownEvents.js';
import { oneLine } from '../../../domain/printable.js';
import type { Paint } from '../paint.js';
import { columns, elapsed } from '../text.js';

export function renderIntake(
  {
    receivers,
    silent,
    nearMisses = [],
    unmapped = [],
    differingCopies = [],
  }: Pick<IntakeReport, 'receivers' | 'silent' | 'nearMisses' | 'unmapped' | 'differingCopies'>,
  paint: Paint,
): string[] {
  return [
    ...(receivers.length === 0
      ? []
      : ['', paint.strong('Receivers'), columns(receivers.map((one) => receiverRow(one, paint)))]),
    ...(silent.length + nearMisses.length + unmapped.length + differingCopies.length === 0 ? [] : ['']),
    ...silent.map(
      ({ kind, silentForMs }) =>
        `${paint.caution('!')} No ${kind} has arrived for ${elapsed(silentForMs)}. Is its URL still in Chatlio's settings?`,
    ),
    ...nearMisses.map(
      ({ widget, kind, count }) =>
        `${paint.caution('!')} ${counted(count, 'webhook')} for ${oneLine(widget)}, ${kind}, came with a wrong or expired secret. Paste the current URL into Chatlio again.`,
    ),
    ...unmapped.map(
      ({ kind, name, events }) =>
        `${paint.caution('!')} ${counted(events, 'event')} (${kind}) had the field ${oneLine(name)}, which no row of the mapping reads. To store it, add it below \`xdm.fields\`, and a row with \`source: ${oneLine(bodyPath(name))}\`.`,
    ),
    ...differingCopies.map(
      ({ kind, copies, fields }) =>
        `${paint.caution('!')} ${counted(copies, 'event')} (${kind}) arrived again with other values in ${fieldList(fields)}. The first of each was kept.`,
    ),
  ];
}

function fieldList(fields: DifferingCopiesView['fields']): string {
  return fields.length === 0
    ? 'some fields'
    : fields.map(({ name, copies }) => `${oneLine(name)} (${copies})`).join(', ');
}

/** Chatlio's own field, whatever is derived under the same name. */
function bodyPath(name: string): string {
  return `body.${name}`;
}

function troublesOf({ unreadable, vanished, refusedConnections }: Omit<ReceiverView, 'id'>): string[] {
  return [
    ...(unreadable === undefined ? [] : [`${counted(unreadable, 'damaged place')} in its spool files`]),
    ...(vanished === undefined ? [] : [`${counted(vanished, 'event')} missing from its disk`]),
    ...(refusedConnections === undefined
      ? []
      : [`${counted(refusedConnections, 'connection')} refused: too many at once`]),
  ];
}

function receiverRow({ id, ...one }: ReceiverView, paint: Paint): string[] {
  const { silentForMs, spooled } = one;
  return [
    id,
    [
      spooled === 0
        ? 'no event waits on its disk'
        : paint.caution(`${counted(spooled, 'event')} on its disk, waiting for PostgreSQL`),
      ...troublesOf(one).map((text) => paint.bad(text)),
    ].join(', '),
    silentForMs > RECEIVER_SILENCE_MS
      ? paint.caution(`has not reported for ${elapsed(silentForMs)}`)
      : paint.faint(`reported ${elapsed(silentForMs)} ago`),
  ];
}

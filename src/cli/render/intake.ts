/** Receivers, with what they have taken and not yet brought to the log, kinds that have stopped coming, and wrong URLs. */
import { type IntakeReport, RECEIVER_SILENCE_MS, type ReceiverView } from '../../domain/passingEvents.js';
import { oneLine } from '../../domain/printable.js';
import type { Paint } from './paint.js';
import { columns, counted, elapsed } from './text.js';

export function renderIntake(
  { receivers, silent, nearMisses = [] }: Pick<IntakeReport, 'receivers' | 'silent' | 'nearMisses'>,
  paint: Paint,
): string[] {
  return [
    ...(receivers.length === 0
      ? []
      : ['', paint.strong('Receivers'), columns(receivers.map((one) => receiverRow(one, paint)))]),
    ...(silent.length + nearMisses.length === 0 ? [] : ['']),
    ...silent.map(
      ({ kind, silentForMs }) =>
        `${paint.caution('!')} No ${kind} has come for ${elapsed(silentForMs)}. Is its URL still in Chatlio's settings?`,
    ),
    ...nearMisses.map(
      ({ widget, kind, count }) =>
        `${paint.caution('!')} ${counted(count, 'webhook')} for ${oneLine(widget)}, ${kind}, came with a wrong or ended secret. Paste its URL anew.`,
    ),
  ];
}

function damageOf({ unreadable, vanished }: Pick<ReceiverView, 'unreadable' | 'vanished'>): string[] {
  return [
    ...(unreadable === undefined ? [] : [`${counted(unreadable, 'place')} in its spool cannot be read`]),
    ...(vanished === undefined ? [] : [`${counted(vanished, 'event')} vanished from its disk`]),
  ];
}

function receiverRow({ id, silentForMs, spooled, ...one }: ReceiverView, paint: Paint): string[] {
  return [
    id,
    [
      spooled === 0 ? 'nothing spooled' : paint.caution(`${counted(spooled, 'event')} spooled`),
      ...damageOf(one).map((text) => paint.bad(text)),
    ].join(', '),
    silentForMs > RECEIVER_SILENCE_MS
      ? paint.caution(`has said nothing for ${elapsed(silentForMs)}`)
      : paint.faint(`reported ${elapsed(silentForMs)} ago`),
  ];
}

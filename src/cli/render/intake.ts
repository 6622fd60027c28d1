/** Receivers, with what they have taken and not yet brought to the log, and kinds that have stopped coming. */
import { RECEIVER_SILENCE_MS, type ReceiverView, type SilentKind } from '../../domain/passingEvents.js';
import type { Paint } from './paint.js';
import { columns, counted, elapsed } from './text.js';

export function renderIntake(
  { receivers, silent }: { readonly receivers: readonly ReceiverView[]; readonly silent: readonly SilentKind[] },
  paint: Paint,
): string[] {
  return [
    ...(receivers.length === 0
      ? []
      : ['', paint.strong('Receivers'), columns(receivers.map((one) => receiverRow(one, paint)))]),
    ...(silent.length === 0 ? [] : ['']),
    ...silent.map(
      ({ kind, silentForMs }) =>
        `${paint.caution('!')} No ${kind} has come for ${elapsed(silentForMs)}. Is its URL still in Chatlio's settings?`,
    ),
  ];
}

function receiverRow({ id, silentForMs, spooled }: ReceiverView, paint: Paint): string[] {
  return [
    id,
    spooled === 0 ? 'nothing spooled' : paint.caution(`${counted(spooled, 'event')} spooled`),
    silentForMs > RECEIVER_SILENCE_MS
      ? paint.caution(`has said nothing for ${elapsed(silentForMs)}`)
      : paint.faint(`reported ${elapsed(silentForMs)} ago`),
  ];
}

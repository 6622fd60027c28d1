/** Receivers, with what they have taken and not yet brought to the log. */
import { RECEIVER_SILENCE_MS, type ReceiverView } from '../../domain/passingEvents.js';
import type { Paint } from './paint.js';
import { columns, counted, elapsed } from './text.js';

export function renderReceivers(receivers: readonly ReceiverView[], paint: Paint): string {
  return [
    paint.strong('Receivers'),
    columns(
      receivers.map(({ id, silentForMs, spooled }) => [
        id,
        spooled === 0 ? 'nothing spooled' : paint.caution(`${counted(spooled, 'event')} spooled`),
        silentForMs > RECEIVER_SILENCE_MS
          ? paint.caution(`has said nothing for ${elapsed(silentForMs)}`)
          : paint.faint(`reported ${elapsed(silentForMs)} ago`),
      ]),
    ),
  ].join('\n');
}

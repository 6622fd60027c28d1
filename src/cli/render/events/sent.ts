/** `send`: what was posted, and whether the receiver took it. */
import { counted } from '../../../domain/counted.js';
import { isTaken, type SentEvent } from '../../sentEvent.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';

export function renderSent(sent: readonly SentEvent[], name: string, paint: Paint): string {
  const taken = sent.filter(({ httpStatus }) => isTaken(httpStatus)).length;
  const rows = sent.map(({ eventId, kind, widget, seed, httpStatus }) => [
    isTaken(httpStatus) ? paint.good('✔') : paint.bad('✖'),
    eventId,
    kind,
    widget,
    paint.faint(`seed ${seed}`),
    `HTTP ${httpStatus}`,
  ]);
  const refused = sent.length - taken;
  return [
    columns(rows),
    '',
    refused === 0
      ? `${counted(taken, 'event')} taken by the receiver. \`chatlio-aep watch ${name}\` follows them into the dataset.`
      : paint.bad(`${counted(refused, 'event')} not accepted by the receiver.`),
  ].join('\n');
}

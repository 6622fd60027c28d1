/** `teardown`: what was done at once, what it waits for, and what is missing in the end. */
import { counted } from '../../../domain/counted.js';
import { oneLine } from '../../../domain/printable.js';
import type { SourceState } from '../../../domain/source/source.js';
import {
  awaitedText,
  commandWithoutWaiting,
  type MissingEntries,
  type TeardownResult,
} from '../../../domain/source/teardown.js';
import type { Paint } from '../paint.js';
import { columns, elapsed, instant } from '../text.js';

export function renderBegun(name: string, { begun, revoked }: TeardownResult, paint: Paint): string {
  if (!begun) return `${paint.strong(name)} is already being torn down, and goes on in this way.`;
  return [
    `${paint.good('✔')} ${counted(revoked, 'webhook URL')} of ${paint.strong(name)} ${revoked === 1 ? 'is' : 'are'} not taken any more.`,
    `${paint.caution('!')} Chatlio does not know: remove ${revoked === 1 ? 'it' : 'them'} in its widget settings, Behavior, "Webhooks and post-chat actions".`,
  ].join('\n');
}

/** What a teardown waits for, of a source that is not held; none when it waits for nothing. */
export function teardownLines({ phase, teardown, manifest }: SourceState, now: number, paint: Paint): string[] {
  if (phase !== 'live' || teardown?.awaiting === undefined) return [];
  const { awaiting } = teardown;
  const { since, atMostUntil } = awaiting;
  const [command, meaning] = commandWithoutWaiting(manifest.name, awaiting);
  const atMost =
    atMostUntil === undefined ? '' : ` What is not found by ${instant(atMostUntil)} is held for a decision.`;
  return [
    [
      `${paint.caution('■')} ${paint.strong(manifest.name)} is being torn down. It waits for ${oneLine(awaitedText(awaiting))}, since ${instant(since)} (for ${elapsed(now - since)}).${atMost}`,
      columns([
        [oneLine(command), paint.faint(meaning)],
        ...(awaiting.held === undefined || awaiting.held === 0
          ? []
          : [[`chatlio-aep held list ${manifest.name}`, paint.faint('which, and what can be decided')]]),
        [`chatlio-aep abort ${manifest.name}`, paint.faint('take the teardown back: the webhook URLs are taken again')],
      ]),
    ].join('\n'),
  ];
}

/** Of a receiver that was not waited for. */
export function missingLines({ receiver, spooled, known, events }: MissingEntries, paint: Paint): string[] {
  const id = oneLine(receiver);
  if (known === 0) {
    return [
      spooled === 0
        ? paint.faint(`The receiver ${id} was not waited for; by what is known it held nothing.`)
        : paint.caution(
            `The receiver ${id} was not waited for: ${counted(spooled, 'event')} on its disk when it last reported. Its journal does not name them.`,
          ),
    ];
  }
  const more = known > events.length ? [[`and ${known - events.length} more`]] : [];
  return [
    paint.caution(
      `The receiver ${id} was not waited for: it took ${counted(known, 'event')} that the log does not have.`,
    ),
    columns([...events.map((event) => [event]), ...more]),
  ];
}

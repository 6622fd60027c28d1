/** Objects beside those that a source uses: which, until when, and what removes them at once. */
import { sentenceOf } from '../../domain/errors.js';
import { awaitedOfFlow, isDue, mayGo, type Replaced } from '../../domain/source/updating/replacing.js';
import type { SourceState } from '../../domain/source/source.js';
import type { Paint } from './paint.js';
import { columns, instant } from './text.js';

/** Lines, none where there are none. */
export function replacedLines({ replaced = [], manifest }: SourceState, paint: Paint): string[] {
  const due = replaced.filter(isDue);
  if (due.length === 0) return [];
  return [
    '',
    paint.strong('Replaced'),
    columns(
      due.map((one) => [
        `flow ${one.resources.flow?.id ?? 'that was not made'}`,
        `since ${instant(one.since)}`,
        paint.faint(untilWhen(one)),
      ]),
    ),
    columns([
      [`chatlio-aep update FILE --now`, paint.faint(`remove it at once, with the manifest of ${manifest.name}`)],
    ]),
  ];
}

function untilWhen({ awaiting, error }: Replaced): string {
  if (error !== undefined) return `it is tried again: ${sentenceOf(error)}`;
  if (awaiting === undefined || mayGo(awaiting)) return 'it is being removed';
  return `it is removed once nothing of it is open: ${awaitedOfFlow(awaiting)}`;
}

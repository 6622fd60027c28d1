/** What `status` says of the last look at what others have changed in Adobe. */
import { countOf, driftText, type SeenDrift } from '../../../domain/drift/drift.js';
import { oneLine } from '../../../domain/printable.js';
import type { Paint } from '../paint.js';
import { columns, instant } from '../text.js';

/** In the first place of `status`: nothing of a source of which nothing has drifted, as far as is known. */
export function driftLines(name: string, seen: SeenDrift | undefined, paint: Paint): string[] {
  if (seen === undefined) return [];
  return [
    ...(countOf(seen) === 0
      ? []
      : [
          [
            `${paint.caution('■')} In Adobe somebody has changed what belongs to ${paint.strong(name)}: ${driftText(seen)}, seen at ${instant(seen.lookedAt)}`,
            columns([
              [`chatlio-aep drift ${name}`, paint.faint('see what')],
              [`chatlio-aep repair ${name}`, paint.faint('bring it back')],
            ]),
          ].join('\n'),
        ]),
    ...(seen.failed === undefined
      ? []
      : [
          `${paint.caution('!')} What others have changed in Adobe could not be read at ${instant(seen.failed.since)} (${oneLine(seen.failed.code)}): \`chatlio-aep drift ${name}\` tries it now.`,
        ]),
  ];
}

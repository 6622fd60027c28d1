/** `doctor --restored`: what is made unknown after the database was set back. */
import type { RestoredReport } from '../../../domain/events/shownEvents.js';
import type { Paint } from '../paint.js';
import { columns, instant } from '../text.js';

export function renderRestored({ since, applied, sources }: Omit<RestoredReport, 'v'>, paint: Paint): string {
  if (sources.length === 0) return 'There is no source, so there is nothing to do.';
  const at = instant(Date.parse(since));
  const rows = sources.map(({ name, events, exceptions }) => [paint.strong(name), String(events), String(exceptions)]);
  return [
    applied
      ? `${paint.good('✔')} Sending is stopped for all sources. Events that may have been sent since ${at} are now looked for in the lake, and held if the lake does not show whether it has them.`
      : paint.caution(
          `If the database was restored to ${at}, these events may have been sent since. With --confirm, sending stops for all sources and these events are looked for in the lake:`,
        ),
    columns([['SOURCE', 'EVENTS', 'EXCEPTIONS'].map(paint.faint), ...rows]),
    '',
    ...(applied
      ? [
          'Next, for each source:',
          columns([
            ['chatlio-aep audit NAME', paint.faint('see what the lake holds')],
            ['chatlio-aep held list NAME --reason unknown', paint.faint('decide about the rest')],
            ['chatlio-aep unpause NAME', paint.faint('start sending again')],
          ]),
        ]
      : [`Nothing was changed. To do it: \`chatlio-aep doctor --restored ${since} --confirm\``]),
  ].join('\n');
}

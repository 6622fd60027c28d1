/** `doctor --restored`: what is made unknown after the database was set back. */
import type { RestoredReport } from '../../domain/passingEvents.js';
import type { Paint } from './paint.js';
import { columns, instant } from './text.js';

export function renderRestored({ since, applied, sources }: Omit<RestoredReport, 'v'>, paint: Paint): string {
  if (sources.length === 0) return 'There is no source, so there is nothing to do.';
  const at = instant(Date.parse(since));
  const rows = sources.map(({ name, events, exceptions }) => [paint.strong(name), String(events), String(exceptions)]);
  return [
    applied
      ? `${paint.good('✔')} The gates of all sources are closed. What may have been sent since ${at} is unknown now: looked for in the lake, held where that cannot tell.`
      : paint.caution(`Set back to ${at}: this would close the gates of all sources and make unknown:`),
    columns([['SOURCE', 'EVENTS', 'EXCEPTIONS'].map(paint.faint), ...rows]),
    '',
    ...(applied
      ? [
          'What to do now, for each source:',
          columns([
            ['chatlio-aep audit NAME', paint.faint('what the lake has of it')],
            ['chatlio-aep held list NAME --reason unknown', paint.faint('decide what is left')],
            ['chatlio-aep unpause NAME', paint.faint('send again: opens the gate')],
          ]),
        ]
      : [`Nothing was changed. To do it: \`chatlio-aep doctor --restored ${since} --confirm\``]),
  ].join('\n');
}

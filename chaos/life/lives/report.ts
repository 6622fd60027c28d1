import { countsOf } from '../../stack/table.js';
import type { LivesResult } from './lives.js';

const SHOWN = 20;

/** One call of a hundred meets a fault: of so many lives some do. */
const FAULTS_MET_FROM = 20;

export function areWell({ over, left, faultsMet, histories, routes, unexpectedEnds }: LivesResult): boolean {
  const wrong = [over.flatMap(({ faults }) => faults), left.orphans, left.more, histories, unexpectedEnds];
  const hasMetFaults = faultsMet > 0 || over.length < FAULTS_MET_FROM;
  return wrong.every(({ length }) => length === 0) && routes === 0 && hasMetFaults;
}

export function reportOfLives(result: LivesResult): string {
  const { over, left, histories, routes, faultsMet, elapsedMs, memory, unexpectedEnds } = result;
  const wrong = over.filter(({ faults }) => faults.length > 0);
  const rows: [string, number | string][] = [
    ['lives', over.length],
    ['of them with something wrong', wrong.length],
    ['objects that nobody owns', left.orphans.length],
    ['mapping sets left, which cannot be deleted', left.mappingSets],
    ['sources with more than one of them', left.more.length],
    ['histories that say something else', histories.length],
    ['webhook URLs that are still taken', routes],
    ['calls that met a fault', faultsMet],
    ['commands typed again', countsOf(over.flatMap(({ typedAgain }) => typedAgain))],
    ['lives a second', (over.length / (elapsedMs / 1_000)).toFixed(2)],
    ['minutes', (elapsedMs / 60_000).toFixed(1)],
    ...Object.entries(memory).map(([name, most]): [string, string] => [`most memory of ${name}`, most]),
    ['processes that ended by themselves', unexpectedEnds.join(', ') || 'none'],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const details = [
    ...wrong.map(({ index, faults }) => `life-${index}: ${faults.join('; ')}`),
    ...left.orphans,
    ...left.more,
    ...histories,
  ];
  return [
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    ...details.slice(0, SHOWN),
    ...(details.length > SHOWN ? [`… and ${details.length - SHOWN} more`] : []),
  ].join('\n');
}

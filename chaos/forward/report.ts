/** The table that a run prints. */
import { type ForwardRun, isWithoutFault } from './chaosRun.js';
import type { Difference } from './records/compare.js';

const SHOWN_DIFFERENCES = 20;
const WRONG = [
  'lost',
  'repeated',
  'invented',
  'misjudged',
  'through the gate',
  'leaked',
  'before its canary',
  'contradiction',
] as const satisfies Difference['wrong'][];

/** @param repeat the command that makes the same run */
export function reportOf(run: ForwardRun, repeat: string): string {
  const { comparison, disrupted, stuck } = run;
  const { differences } = comparison;
  const lines = [
    '',
    table('run', [
      ['events answered with 2xx', comparison.events],
      ['posts made', run.posts],
      ['posts not answered with 2xx', run.failedPosts],
      ['inlet requests that met a fault', run.faultHits],
      ['kinds sent one first after an update', run.canaries],
      ['forwarder held', run.holds.join(' | ') || 'never'],
      ['seconds of load, seconds until all was decided', `${seconds(run.loadMs)}, ${seconds(run.decidedMs)}`],
      ['processes that ended by themselves', run.unexpectedEnds.join(', ') || 'none'],
    ]),
    table('disrupted', [...sorted(disrupted.counts), ['kills and stops', processFaultsOf(run)]]),
    table('faults placed', sorted(run.placed)),
    table('requests that the inlet accepted', sorted(run.sent)),
    table('events', [
      ['delivered exactly once', comparison.delivered],
      ...sorted(comparison.open).map(([name, count]): Row => [`open: ${name}`, count]),
      ...sorted(comparison.ended).map(([name, count]): Row => [`ended: ${name}`, count]),
    ]),
    table(
      'differences',
      WRONG.map((wrong) => [wrong, differences.filter((one) => one.wrong === wrong).length]),
    ),
    ...differences.slice(0, SHOWN_DIFFERENCES).map(line),
    ...(differences.length > SHOWN_DIFFERENCES ? [`… and ${differences.length - SHOWN_DIFFERENCES} more`] : []),
    run.audit.length === 0 ? 'The audit finds the same: no difference.' : run.audit.join('\n'),
    ...disrupted.failures.map((failure) => `not carried out: ${failure}`),
    ...(stuck === undefined ? [] : [`did not come to its end: ${JSON.stringify(stuck)}`]),
    ...(isWithoutFault(run) ? [] : [`logs and data: ${run.home}`, `once more: ${repeat}`]),
  ];
  return lines.join('\n');
}

function processFaultsOf({ disrupted }: ForwardRun): number {
  return [...disrupted.counts].reduce((sum, [what, count]) => (/^(kill|pause) /.test(what) ? sum + count : sum), 0);
}

function line({ wrong, eventId, detail }: Difference): string {
  return `${wrong} ${eventId.slice(0, 16)}: ${detail}`;
}

type Row = readonly [string, number | string];

function table(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length), title.length);
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`), ''].join('\n');
}

function sorted(counts: ReadonlyMap<string, number>): Row[] {
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(0);
}

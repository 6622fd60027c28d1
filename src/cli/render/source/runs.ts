/** `runs`: what Adobe says of a source's flow, hour by hour. */
import { counted } from '../../../domain/counted.js';
import { hasFailures, type RunsReport, type RunState, type RunView } from '../../../domain/delivery/flowRuns.js';
import { oneLine } from '../../../domain/printable.js';
import type { Paint, Style } from '../paint.js';
import { columns, instant } from '../text.js';

export const RUN_STATE_STYLES: Readonly<Record<RunState, Style>> = {
  queued: 'hint',
  scheduled: 'hint',
  'in-progress': 'hint',
  success: 'good',
  completed: 'good',
  'partial-success': 'caution',
  'partial-failure': 'caution',
  failed: 'bad',
  unknown: 'faint',
};

const TITLES = ['RUN', 'FROM', 'TO', 'STATE', 'IN', 'WRITTEN', 'FAILED', 'SIZE', 'CODES'];

export function renderRuns(
  { flowIds, runs, older = false }: Pick<RunsReport, 'flowIds' | 'runs' | 'older'>,
  { name }: { readonly name: string },
  paint: Paint,
): string {
  if (flowIds.length === 0) return `${name} has no flow yet, so Adobe has no runs of it.`;
  if (runs.length === 0) {
    return [
      `Adobe shows no run of the flow of ${name} yet.`,
      paint.faint('A run covers an hour. Adobe shows it once the first events are in the lake, or in a failed batch.'),
    ].join('\n');
  }
  return [
    ...failureLines(name, runs, paint),
    columns([TITLES.map(paint.faint), ...runs.map((run) => row(run, paint))], 0),
    '',
    `${counted(runs.length, 'run')}, the newest first. ${paint.faint('A run covers an hour; its figures may still change, as Adobe counts late.')}`,
    ...(older ? [paint.faint('There are older runs: --limit shows more.')] : []),
  ].join('\n');
}

/** First of all, what needs somebody, and the command for it. */
function failureLines(name: string, runs: readonly RunView[], paint: Paint): string[] {
  const failing = runs.filter(hasFailures);
  const [newest] = failing;
  if (newest === undefined) return [];
  const records = failing.reduce((sum, { failedRecords = 0 }) => sum + failedRecords, 0);
  const what = records === 0 ? 'Records' : counted(records, 'record');
  return [
    `${paint.bad('✖')} ${what} failed at Adobe, in ${failing.length} of ${counted(runs.length, 'run')}: accepted by the inlet, but not written to the dataset.`,
    `  See why, of the newest: \`chatlio-aep runs show ${name} ${oneLine(newest.id)}\``,
    '',
  ];
}

function row(run: RunView, paint: Paint): string[] {
  const { id, from, to, state, inputRecords, writtenRecords, failedRecords, inputBytes, codes } = run;
  const failed = figure(failedRecords);
  return [
    oneLine(id),
    moment(from),
    moment(to),
    paint[RUN_STATE_STYLES[state]](state.replaceAll('-', ' ')),
    figure(inputRecords),
    figure(writtenRecords),
    hasFailures(run) ? paint.bad(failed) : failed,
    inputBytes === undefined ? NOT_TOLD : size(inputBytes),
    codes.join(', '),
  ];
}

/** Adobe leaves figures out. */
const NOT_TOLD = '–';

export function moment(time: string | undefined): string {
  return time === undefined ? NOT_TOLD : instant(Date.parse(time));
}

export function figure(number: number | undefined): string {
  return number === undefined ? NOT_TOLD : String(number);
}

/** `812 B`, `4.0 KB`, `1.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `runs show`: one run, and why records of it failed. */
import { counted } from '../../../domain/counted.js';
import type { FailedRecordView, RecordError, RunDetails } from '../../../domain/delivery/failedRecords.js';
import { oneLine } from '../../../domain/printable.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';
import { figure, moment, RUN_STATE_STYLES, size } from './runs.js';

/** With Adobe's words, where they were asked for. */
interface ShownRecord extends FailedRecordView {
  readonly words?: string;
}

export function renderRun(
  details: Omit<RunDetails, 'v' | 'sealedWords' | 'records'> & { readonly records: readonly ShownRecord[] },
  { name }: { readonly name: string },
  paint: Paint,
): string {
  const { run, records, more, byTime = false, unreadable = [] } = details;
  return [
    `${paint.strong(`Run ${oneLine(run.id)} of ${name}`)}  ${paint[RUN_STATE_STYLES[run.state]](run.state.replaceAll('-', ' '))}`,
    columns([
      [paint.faint('from'), moment(run.from)],
      [paint.faint('to'), moment(run.to)],
      [paint.faint('records'), figures(details)],
      ...(run.inputBytes === undefined ? [] : [[paint.faint('size'), size(run.inputBytes)]]),
      ...(run.codes.length === 0 ? [] : [[paint.faint('codes'), run.codes.join(', ')]]),
    ]),
    '',
    ...recordLines(details, name, paint),
    ...(more > 0 && records.length > 0 ? ['', `… and ${counted(more, 'more failed record')}.`] : []),
    ...(byTime && records.length > 0
      ? [
          '',
          paint.faint('The run does not name its batches. These failed in its time; some may be of the run beside it.'),
        ]
      : []),
    ...(unreadable.length === 0
      ? []
      : ['', paint.caution(`Some lines of ${unreadable.map(oneLine).join(', ')} are no records, and are left out.`)]),
    ...closing(records, paint),
  ].join('\n');
}

function figures({ run }: Pick<RunDetails, 'run'>): string {
  const { inputRecords, writtenRecords, failedRecords, warningRecords = 0 } = run;
  return [
    `${figure(inputRecords)} in, ${figure(writtenRecords)} written, ${figure(failedRecords)} failed`,
    ...(warningRecords === 0 ? [] : [`${warningRecords} written with a field that the mapping left empty`]),
  ].join('; ');
}

function recordLines(
  { run, records }: { run: RunDetails['run']; records: readonly ShownRecord[] },
  name: string,
  paint: Paint,
) {
  if (records.length > 0) {
    return [
      paint.strong('Failed records'),
      ...records.flatMap((record, index) => [...(index === 0 ? [] : ['']), ...linesOf(record, name, paint)]),
    ];
  }
  if (run.failedRecords === 0) return [paint.good('No record of this run failed.')];
  return ['Adobe does not show the failed records: not yet, or no longer. It keeps them for 30 days.'];
}

function linesOf({ batchId, errors, words, ...record }: ShownRecord, name: string, paint: Paint): string[] {
  return [
    `  ${whoOf(record, name, paint)}  ${paint.faint(`batch ${oneLine(batchId)}`)}`,
    ...errors.map((error) => `    ${errorLine(error, paint)}`),
    ...(words === undefined ? [] : [`    ${paint.faint('│')} ${oneLine(words)}`]),
  ];
}

function whoOf(
  { eventId, isOurs, kind, exception }: Omit<FailedRecordView, 'batchId' | 'errors'>,
  name: string,
  paint: Paint,
): string {
  if (eventId === undefined) return 'a record without an event id';
  if (!isOurs) return `${eventId}  ${paint.caution('not an event of this source')}`;
  const standing =
    exception === undefined
      ? ''
      : `  ${paint.caution(exception.reason)} ${exception.state}: \`chatlio-aep held show ${name} ${exception.id}\``;
  return `${eventId}  ${kind ?? 'a kind unknown to this release'}${standing}`;
}

function errorLine({ code, explanation, field }: RecordError, paint: Paint): string {
  const where = field === undefined ? '' : `: ${oneLine(field)}`;
  return `${explanation}${where}${code === undefined ? '' : `  ${paint.faint(code)}`}`;
}

/** What can be done about them. */
function closing(records: readonly ShownRecord[], paint: Paint): string[] {
  if (records.length === 0) return [];
  return [
    '',
    paint.faint('To send the same bytes again cannot help: correct the mapping or the schema first.'),
    ...(records.some(({ words }) => words !== undefined)
      ? []
      : [paint.faint("--reveal also shows Adobe's own words, which may quote a visitor.")]),
  ];
}

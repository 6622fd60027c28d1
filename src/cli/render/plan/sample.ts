/** `plan --sample`: row by row, what of a body comes out of the mapping. */
import { counted } from '../../../domain/counted.js';
import { oneLine } from '../../../domain/printable.js';
import type { SampleReport, SampleRow } from '../../../domain/planning/sample.js';
import type { Paint } from '../paint.js';
import { columns, shortened } from '../text.js';

const WIDEST = 72;

export function renderSample(report: SampleReport, paint: Paint): string {
  const { name, kind, rows, xdm, errors } = report;
  const [withValue, failed] = [rows.filter(({ value }) => value !== undefined), rows.filter((row) => row.errors)];
  const counts = `${withValue.length} of ${counted(rows.length, 'row')} ${rows.length === 1 ? 'gives' : 'give'} a value`;
  const end = failed.length + errors.length === 0 ? '' : `, ${counted(failed.length + errors.length, 'error')}`;
  return [
    `A ${kind} through the mapping of ${paint.strong(name)} ${paint.faint('as Adobe’s preview answers; nothing was stored or sent')}`,
    '',
    columns(
      rows.map((row) => [
        row.sourceType === 'EXPRESSION' ? paint.hint(shortened(oneLine(row.source), WIDEST)) : oneLine(row.source),
        paint.faint('→'),
        oneLine(row.destination),
        resultOf(row, paint),
      ]),
    ),
    '',
    ...errors.map((error) => `${paint.bad('✖')} ${oneLine(error)}`),
    xdm === undefined
      ? paint.bad(`No event comes out${end}.`)
      : `${end === '' ? paint.good('✔') : paint.caution('!')} ${counts}${end}.`,
  ].join('\n');
}

function resultOf({ value, errors }: SampleRow, paint: Paint): string {
  if (errors !== undefined) return `${paint.bad('✖')} ${oneLine(errors.join('; '))}`;
  return value === undefined ? paint.faint('none') : shortened(oneLine(JSON.stringify(value)), WIDEST);
}

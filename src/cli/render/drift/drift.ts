/** `drift`: what others have changed in Adobe, object by object. */
import { counted } from '../../../domain/counted.js';
import { countOf, type Drifted, type DriftReport, driftText, type SeenDrift } from '../../../domain/drift/drift.js';
import { oneLine } from '../../../domain/printable.js';
import { STEP_NAMES, STEPS } from '../../../domain/source/steps.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';

export function renderDrift(name: string, seen: DriftReport, paint: Paint): string {
  if (countOf(seen) === 0) {
    return paint.good(`Nothing has drifted: the objects of ${name} in Adobe are as it left them.`);
  }
  return [
    `${paint.caution('■')} In Adobe somebody has changed what belongs to ${paint.strong(name)}: ${driftText(seen)}.`,
    '',
    driftTable(seen, paint),
    '',
    columns(
      [[`chatlio-aep repair ${name}`, paint.faint('bring it back; asks first where something is lost by it')]],
      0,
    ),
  ].join('\n');
}

/** Per object a line for each field. */
export function driftTable({ drifted, more }: DriftReport, paint: Paint): string {
  const steps = STEP_NAMES.filter((step) => drifted.some((row) => row.step === step));
  const objects = steps.map((step) => {
    const rows = drifted.filter((row) => row.step === step);
    const { id, origin } = rows[0] as Drifted;
    const whose = origin === 'adopted' ? ', adopted' : '';
    return [
      `${paint.strong(STEPS[step].title)} ${paint.faint(`${oneLine(id)}${whose}`)}`,
      columns([TITLES.map(paint.faint), ...rows.map((row) => cellsOf(row, paint))]),
    ].join('\n');
  });
  return [...objects, ...(more === 0 ? [] : [paint.faint(`… and ${counted(more, 'more field')}`)])].join('\n\n');
}

const TITLES = ['FIELD', 'MANIFEST', 'RECORDED', 'FOUND', ''];

function cellsOf({ kind, field, manifest, recorded, found, remedy }: Drifted, paint: Paint): string[] {
  const cell = (text: string | undefined): string => (text === undefined ? paint.faint('—') : oneLine(text));
  if (kind === 'gone') return [field, paint.faint('—'), cell(recorded), paint.bad('deleted'), ''];
  return [
    oneLine(field),
    cell(manifest),
    cell(recorded),
    found === undefined ? paint.caution('nothing') : paint.caution(oneLine(found)),
    remedy === 'refused' || remedy === 'foreign' ? paint.faint(NOT_REPAIRED[remedy]) : '',
  ];
}

const NOT_REPAIRED = {
  refused: 'Adobe does not take it back',
  foreign: 'somebody else’s: left as it is',
} as const;

export function driftDocument(name: string, { drifted, more, lookedAt }: SeenDrift): object {
  return { name, lookedAt, drifted, ...(more === 0 ? {} : { more }) };
}

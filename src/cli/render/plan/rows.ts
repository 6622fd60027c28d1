/** What would be done to each object, with what is not as the manifest says. */
import { counted } from '../../../domain/counted.js';
import { oneLine } from '../../../domain/printable.js';
import type { Difference } from '../../../domain/source/comparison.js';
import type { PlannedAction, PlannedStep } from '../../../domain/source/plan.js';
import { STEPS } from '../../../domain/source/steps.js';
import type { Paint, Style } from '../paint.js';
import { columns, shortened } from '../text.js';

const MARKS: Readonly<Record<PlannedAction, readonly [string, Style]>> = {
  create: ['+', 'good'],
  adopt: ['»', 'caution'],
  change: ['~', 'caution'],
  replace: ['±', 'caution'],
  keep: ['=', 'faint'],
  left: ['·', 'faint'],
  blocked: ['✖', 'bad'],
};

/** Of more there is `--output json`. */
const MOST_FIELDS = 12;
const WIDEST = 56;

export function rowLines(steps: readonly PlannedStep[], paint: Paint): string {
  const rows = columns(
    steps.map(({ step, action, label, id, side }) => {
      const [mark, style] = MARKS[action];
      const where = side === 'here' && action !== 'keep' ? 'on this side' : (id ?? '');
      return [paint[style](mark), paint[style](action), STEPS[step].title, oneLine(label), paint.faint(oneLine(where))];
    }),
  ).split('\n');
  return steps.flatMap((step, index) => [rows[index] ?? '', ...detailLines(step, paint)]).join('\n');
}

/** Each sentence once, with the objects that it is about; none where nothing is changed. */
export function meanwhileLines(steps: readonly PlannedStep[], paint: Paint): string | undefined {
  const said = new Map<string, string[]>();
  for (const { step, meanwhile } of steps) {
    if (meanwhile !== undefined) said.set(meanwhile, [...(said.get(meanwhile) ?? []), STEPS[step].title]);
  }
  if (said.size === 0) return undefined;
  const lines = [...said].map(([sentence, titles]) => `  ${paint.faint(`${titles.join(', ')}:`)} ${sentence}`);
  return ['Events meanwhile', ...lines].join('\n');
}

function detailLines({ fields = [] }: PlannedStep, paint: Paint): string[] {
  const more = fields.length - MOST_FIELDS;
  return [
    ...(fields.length === 0
      ? []
      : [
          columns(
            fields.slice(0, MOST_FIELDS).map((field) => fieldRow(field, paint)),
            7,
          ),
        ]),
    ...(more > 0 ? [paint.faint(`       and ${counted(more, 'field')} more: \`--output json\` has them all`)] : []),
  ];
}

function fieldRow({ field, found, wanted, remedy, drifted }: Difference, paint: Paint): string[] {
  const note =
    remedy === 'foreign' ? paint.faint('left: not ours to change') : drifted ? paint.caution('changed at Adobe') : '';
  return [oneLine(field), short(found), paint.faint('→'), short(wanted), note];
}

function short(text: string | undefined): string {
  return text === undefined ? 'none' : shortened(oneLine(text), WIDEST);
}

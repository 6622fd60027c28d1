/** `plan`: what would be made, step by step, and where each field goes. */
import { STEPS } from '../../domain/steps.js';
import type { PlannedAction } from '../../domain/plan.js';
import { oneLine } from '../../domain/printable.js';
import type { Differences } from '../differences.js';
import type { Plan } from '../planning.js';
import { errorDocument, renderError } from './error.js';
import type { Paint, Style } from './paint.js';
import { columns, counted } from './text.js';

const MARKS: Readonly<Record<PlannedAction, readonly [string, Style]>> = {
  create: ['+', 'good'],
  adopt: ['→', 'hint'],
  change: ['~', 'caution'],
  keep: ['=', 'faint'],
  blocked: ['✖', 'bad'],
};

export function renderPlan(report: Plan, paint: Paint): string {
  const { name, sandbox, tenantId, steps, mapping, problems, differences } = report;
  const errors = [...steps.flatMap(({ error }) => (error === undefined ? [] : [error])), ...problems];
  return [
    `Plan for ${paint.strong(name)} in sandbox ${sandbox}${tenantId === undefined ? '' : paint.faint(`  tenant ${tenantId}`)}`,
    '',
    columns(
      steps.map(({ step, action, label, id }) => {
        const [mark, style] = MARKS[action];
        return [paint[style](mark), paint[style](action), STEPS[step].title, label, paint.faint(id ?? '')];
      }),
    ),
    '',
    ...(mapping.length === 0
      ? []
      : [
          `Mapping ${paint.faint(counted(mapping.length, 'field'))}`,
          columns(
            mapping.map(({ source, sourceType, destination, type }) => [
              sourceType === 'EXPRESSION' ? paint.hint(source) : source,
              paint.faint('→'),
              destination,
              paint.faint(type),
            ]),
          ),
          '',
        ]),
    ...(differences === undefined ? [] : [differenceLines(name, differences, paint), '']),
    ...errors.flatMap((error) => [renderError({ ...error, fields: { name, ...error.fields } }, paint), '']),
    summary(report, paint),
  ].join('\n');
}

function differenceLines(name: string, { fields, canResume, canConfigure }: Differences, paint: Paint): string {
  return [
    `${paint.strong(name)} runs already, with another manifest. ${paint.faint('In use → in the file')}`,
    columns(fields.map(({ field, from, to }) => [paint.caution('~'), field, short(from), paint.faint('→'), short(to)])),
    takenOverBy(name, canResume, canConfigure),
  ].join('\n');
}

function takenOverBy(name: string, canResume: boolean, canConfigure: boolean): string {
  if (canResume) return `The held step takes it over: \`chatlio-aep resume ${name} --manifest FILE\``;
  if (canConfigure) return '`chatlio-aep provision FILE` takes it over while events are sent.';
  return 'It cannot be changed yet: `chatlio-aep update FILE` comes with a later release. Until then give the manifest another name.';
}

const SHOWN_LENGTH = 48;

function short(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return counted(value.length, 'entry', 'entries');
  const text = oneLine(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

function summary({ steps, problems, differences }: Plan, paint: Paint): string {
  const count = (action: PlannedAction): number => steps.filter((step) => step.action === action).length;
  const blocked = count('blocked') + problems.length;
  if (blocked > 0)
    return paint.bad(`${counted(blocked, 'problem')} in the way: nothing would be provisioned to the end.`);
  const counts = (['create', 'adopt', 'change'] as const).flatMap((action) => {
    const number = count(action);
    return number === 0 ? [] : [`${number} to ${action}`];
  });
  if (differences !== undefined)
    return paint.caution(
      `${counted(differences.fields.length, 'field differs', 'fields differ')}. Nothing was changed.`,
    );
  if (counts.length === 0) return paint.good('Nothing to do: everything stands as the manifest says.');
  return `${counts.join(', ')}, ${count('keep')} kept. ${paint.faint('Nothing was changed.')}`;
}

export function planDocument(report: Plan): object {
  const { v: _v, differences, ...rest } = report;
  return {
    ...rest,
    steps: report.steps.map(({ error, ...step }) => ({
      ...step,
      ...(error === undefined ? {} : { error: errorDocument(error) }),
    })),
    problems: report.problems.map(errorDocument),
    ...(differences === undefined
      ? {}
      : { differences: differences.fields, canResume: differences.canResume, canConfigure: differences.canConfigure }),
  };
}

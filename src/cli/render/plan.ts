/** `plan`: what would be made, step by step, and where each field goes. */
import { STEPS } from '../../domain/steps.js';
import type { PlannedAction, PlanReport } from '../../domain/plan.js';
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

export function renderPlan(report: PlanReport, paint: Paint): string {
  const { name, sandbox, tenantId, steps, mapping, problems } = report;
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
    ...errors.flatMap((error) => [renderError({ ...error, fields: { name, ...error.fields } }, paint), '']),
    summary(report, paint),
  ].join('\n');
}

function summary({ steps, problems }: PlanReport, paint: Paint): string {
  const count = (action: PlannedAction): number => steps.filter((step) => step.action === action).length;
  const blocked = count('blocked') + problems.length;
  if (blocked > 0)
    return paint.bad(`${counted(blocked, 'problem')} in the way: nothing would be provisioned to the end.`);
  const counts = (['create', 'adopt', 'change'] as const).flatMap((action) => {
    const number = count(action);
    return number === 0 ? [] : [`${number} to ${action}`];
  });
  if (counts.length === 0) return paint.good('Nothing to do: everything stands as the manifest says.');
  return `${counts.join(', ')}, ${count('keep')} kept. ${paint.faint('Nothing was changed.')}`;
}

export function planDocument(report: PlanReport): object {
  const { v: _v, ...rest } = report;
  return {
    ...rest,
    steps: report.steps.map(({ error, ...step }) => ({
      ...step,
      ...(error === undefined ? {} : { error: errorDocument(error) }),
    })),
    problems: report.problems.map(errorDocument),
  };
}

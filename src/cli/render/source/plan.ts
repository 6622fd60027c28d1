/** `plan`: what would be made, step by step, and where each field goes. */
import { STEPS } from '../../../domain/source/steps.js';
import type { LeavingField, PlannedAction, PlannedLeaving } from '../../../domain/source/plan.js';
import { oneLine } from '../../../domain/printable.js';
import type { Redaction } from '../../../domain/projection/projection.js';
import type { Differences } from '../../manifest/differences.js';
import type { Plan } from '../../manifest/planning.js';
import { errorDocument } from '../../../domain/errorDocument.js';
import { renderError } from '../error.js';
import type { Paint, Style } from '../paint.js';
import { columns, counted } from '../text.js';

const MARKS: Readonly<Record<PlannedAction, readonly [string, Style]>> = {
  create: ['+', 'good'],
  change: ['~', 'caution'],
  keep: ['=', 'faint'],
  blocked: ['✖', 'bad'],
};

export function renderPlan(report: Plan, paint: Paint): string {
  const { name, sandbox, tenantId, steps, mapping, leaving, problems, differences } = report;
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
    ...(leaving === undefined ? [] : [leavingLines(leaving, paint), '']),
    ...(differences === undefined ? [] : [differenceLines(name, differences, paint), '']),
    ...errors.flatMap((error) => [renderError({ ...error, fields: { name, ...error.fields } }, paint), '']),
    summary(report, paint),
  ].join('\n');
}

const REDACTION_NAMES: Readonly<Record<Redaction, string>> = {
  cards: 'card numbers',
  emails: 'e-mail addresses',
  phones: 'phone numbers',
};

function leavingLines({ fields, copies, notes }: PlannedLeaving, paint: Paint): string {
  const copied = new Map<string, string[]>();
  for (const { of, field } of copies) copied.set(of, [...(copied.get(of) ?? []), field]);
  return [
    `Field, leaves as ${paint.faint(counted(fields.length, 'field'))}`,
    columns(
      fields.map((field) => [
        oneLine(field.field),
        paint[field.as === 'whole' && field.parts === undefined ? 'faint' : 'caution'](leavesAs(field)),
      ]),
    ),
    ...[...copied].map(
      ([of, where]) =>
        `${paint.caution('!')} ${nameOfRedaction(of) ?? oneLine(of)} can still be told from ${where.map(oneLine).join(', ')}.`,
    ),
    ...notes.map((note) => `${paint.faint('·')} ${note}`),
  ].join('\n');
}

function leavesAs({ as, redactions = [], parts = [] }: LeavingField): string {
  const named = redactions.map((one) => REDACTION_NAMES[one]).join(', ');
  const said = as === 'redacted' ? `redacted (${named})` : as === 'hashed' ? HASHED : as;
  const without = parts.filter((part) => part.as === 'dropped').map(({ field }) => oneLine(field));
  const hashed = parts.filter((part) => part.as === 'hashed').map(({ field }) => oneLine(field));
  return [
    said,
    ...(without.length === 0 ? [] : [`without ${without.join(', ')}`]),
    ...(hashed.length === 0 ? [] : [`${HASHED}: ${hashed.join(', ')}`]),
  ].join('; ');
}

const HASHED = 'hashed (SHA-256)';

/** Of what `privacy.redact` names; a path has no such name. */
function nameOfRedaction(of: string): string | undefined {
  return Object.hasOwn(REDACTION_NAMES, of) ? REDACTION_NAMES[of as Redaction] : undefined;
}

function differenceLines(
  name: string,
  { fields, canResume, canConfigure, canUpdate }: Differences,
  paint: Paint,
): string {
  return [
    `${paint.strong(name)} already runs with a different manifest. ${paint.faint('In use → in this file')}`,
    columns(fields.map(({ field, from, to }) => [paint.caution('~'), field, short(from), paint.faint('→'), short(to)])),
    takenOverBy(name, { canResume, canConfigure, canUpdate }),
  ].join('\n');
}

type Ways = Pick<Differences, 'canResume' | 'canConfigure' | 'canUpdate'>;

function takenOverBy(name: string, { canResume, canConfigure, canUpdate }: Ways): string {
  if (canResume)
    return `The source is held and can take over this manifest: \`chatlio-aep resume ${name} --manifest FILE\``;
  if (canConfigure) return '`chatlio-aep provision FILE` applies it without stopping delivery.';
  if (canUpdate)
    return '`chatlio-aep update FILE` applies it: events wait meanwhile, and are sent once Adobe is ready for them.';
  return 'A running source cannot be changed in this way: give the manifest another `name`, and provision a second source beside this one.';
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
  if (blocked > 0) return paint.bad(`${counted(blocked, 'problem')}: provisioning would not finish.`);
  const counts = (['create', 'change'] as const).flatMap((action) => {
    const number = count(action);
    return number === 0 ? [] : [`${number} to ${action}`];
  });
  if (differences !== undefined)
    return paint.caution(
      `${counted(differences.fields.length, 'field differs', 'fields differ')}. Nothing was changed.`,
    );
  if (counts.length === 0) return paint.good('Nothing to do: everything is as the manifest says.');
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
      : {
          differences: differences.fields,
          canResume: differences.canResume,
          canConfigure: differences.canConfigure,
          canUpdate: differences.canUpdate,
        }),
  };
}

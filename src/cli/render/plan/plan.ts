/** `plan`: what would be made and changed, object by object, and where each field goes. */
import { counted } from '../../../domain/counted.js';
import { WITHOUT_PROOF } from '../../../domain/exceptions/proof.js';
import { errorDocument } from '../../../domain/errorDocument.js';
import { oneLine } from '../../../domain/printable.js';
import { isAtRest, type PlannedAction, type PlannedMapping } from '../../../domain/source/plan.js';
import type { Differences } from '../../manifest/differences.js';
import { isDrifted, isEmpty, obstaclesTo, type Plan } from '../../manifest/planning.js';
import { renderError } from '../error.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';
import { leavingLines } from './leaving.js';
import { meanwhileLines, rowLines } from './rows.js';

export function renderPlan(report: Plan, paint: Paint): string {
  const { name, steps, mapping, leaving, differences } = report;
  if (isEmpty(report)) return emptyPlan(report, paint);
  const errors = obstaclesTo(report);
  const meanwhile = meanwhileLines(steps, paint);
  const unseen = differences?.unseen ?? [];
  return [
    `Plan for ${paint.strong(name)} in ${placeOf(report, paint)}`,
    '',
    rowLines(steps, paint),
    '',
    ...(meanwhile === undefined ? [] : [meanwhile, '']),
    ...(mapping.length === 0 ? [] : [mappingLines(mapping, paint), '']),
    ...(leaving === undefined ? [] : [leavingLines(leaving, paint), '']),
    ...(unseen.length === 0 ? [] : [unseenLines(unseen, paint), '']),
    ...errors.flatMap((error) => [renderError({ ...error, fields: { name, ...error.fields } }, paint), '']),
    summary(report, paint),
    ...(isDrifted(report)
      ? [`What was changed at Adobe is brought back by \`chatlio-aep repair ${name}\`, which asks before it does it.`]
      : []),
    ...(differences === undefined || errors.length > 0 ? [] : [takenOverBy(name, differences)]),
  ].join('\n');
}

function placeOf({ sandbox, sandboxType, tenantId }: Plan, paint: Paint): string {
  const type = sandboxType === undefined ? '' : ` (${oneLine(sandboxType)})`;
  return `sandbox ${sandbox}${sandboxType === 'production' ? paint.caution(type) : type}${tenantId === undefined ? '' : paint.faint(`  tenant ${tenantId}`)}`;
}

/** What stays as it is although the manifest says otherwise is shown all the same. */
function emptyPlan(report: Plan, paint: Paint): string {
  const left = report.steps.filter(({ action }) => action === 'left');
  const all = counted(report.steps.length, 'object');
  return [
    `${paint.good('✔')} Nothing to do: ${all} of ${paint.strong(report.name)} in ${placeOf({ ...report, tenantId: undefined }, paint)} ${left.length === 0 ? 'are as the manifest says' : `were compared, and ${left.length} stay as they are`}.`,
    ...(left.length === 0 ? [] : [rowLines(left, paint)]),
    ...(report.leaving?.notes.includes(WITHOUT_PROOF) === true ? [`${paint.caution('!')} ${WITHOUT_PROOF}`] : []),
  ].join('\n');
}

function mappingLines(mapping: readonly PlannedMapping[], paint: Paint): string {
  return [
    `Mapping ${paint.faint(counted(mapping.length, 'field'))}`,
    columns(
      mapping.map(({ source, sourceType, destination, type }) => [
        sourceType === 'EXPRESSION' ? paint.hint(source) : source,
        paint.faint('→'),
        destination,
        paint.faint(type),
      ]),
    ),
  ].join('\n');
}

function unseenLines(fields: Differences['fields'], paint: Paint): string {
  return [
    `In the manifest alone ${paint.faint('in use → in this file')}`,
    columns(fields.map(({ field, from, to }) => [paint.caution('~'), field, short(from), paint.faint('→'), short(to)])),
  ].join('\n');
}

type Ways = Pick<Differences, 'canResume' | 'canConfigure' | 'canUpdate'>;

function takenOverBy(name: string, { canResume, canConfigure, canUpdate }: Ways): string {
  if (canResume)
    return `The source is held and can take over this manifest: \`chatlio-aep resume ${name} --manifest FILE\``;
  if (canConfigure) return '`chatlio-aep provision FILE` applies it without stopping delivery.';
  if (canUpdate) return '`chatlio-aep update FILE` applies it to the live source.';
  return 'A running source cannot be changed in this way: give the manifest another `name`, and provision a second source beside this one.';
}

const SHOWN_LENGTH = 48;

function short(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return counted(value.length, 'entry', 'entries');
  const text = oneLine(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

const DONE_TO: readonly PlannedAction[] = ['create', 'adopt', 'change', 'replace'];

function summary(report: Plan, paint: Paint): string {
  const { steps, differences } = report;
  const count = (action: PlannedAction): number => steps.filter((step) => step.action === action).length;
  const obstacles = obstaclesTo(report).length;
  if (obstacles > 0) return paint.bad(`${counted(obstacles, 'problem')}: this cannot be carried out.`);
  const counts = DONE_TO.flatMap((action) => (count(action) === 0 ? [] : [`${count(action)} to ${action}`]));
  if (counts.length === 0) {
    const fields = counted(differences?.fields.length ?? 0, 'field differs', 'fields differ');
    return `${paint.caution(`${fields} from the manifest in use`)}, and no object. ${paint.faint('Nothing was changed.')}`;
  }
  const kept = steps.filter(({ action }) => isAtRest(action)).length;
  return `${counts.join(', ')}, ${kept} kept. ${paint.faint('Nothing was changed.')}`;
}

export function planDocument(report: Plan): object {
  const { v: _v, seen: _seen, differences, ...rest } = report;
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

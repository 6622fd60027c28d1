/** `deploy`: builds of the workers. */
import { type CatalogueError, remedyOf, sentenceOf } from '../../../domain/errors.js';
import { counted } from '../../../domain/counted.js';
import type { Build, BuildId, BuildStatus, Deploys, Promoted, RunOnBuild } from '../../../temporal/deploys/port.js';
import type { Paint } from '../paint.js';
import { columns, elapsed } from '../text.js';

interface ShownDeploys extends Deploys {
  /** Workflows at which a worker fails again and again. */
  readonly stuck: readonly CatalogueError[];
}

const UNVERSIONED = 'without a build id';
const SHOWN_AT_MOST = 20;

export function deploysDocument({ stuck, ...deploys }: ShownDeploys): object {
  return {
    ...deploys,
    stuck: stuck.map((error) => ({
      code: error.code,
      workflow: error.fields['workflow'],
      message: sentenceOf(error),
      remedy: remedyOf(error),
    })),
  };
}

export function renderDeploys(deploys: ShownDeploys, now: number, paint: Paint): string {
  const { deployment, isKnown, builds, current, ramping, elsewhere, stuck } = deploys;
  const head = isKnown
    ? `${paint.strong(deployment)}: tasks go to ${paint.strong(told(current))}${rampingClause(ramping)}`
    : `No worker with a build id has asked for tasks of the deployment "${paint.strong(deployment)}" yet. Tasks go to workers without one.`;
  return [
    head,
    '',
    columns(
      [
        ['BUILD', 'STATUS', '', 'WORKERS', 'WORKFLOWS'].map(paint.faint),
        ...builds.map((one) => rowOf(one, now, paint)),
      ],
      0,
    ),
    ...builds.flatMap((one) => warningsOf(one, paint)),
    ...elsewhereLines(elsewhere, current, paint),
    ...stuck.flatMap((error) => ['', `${paint.bad('✖')} ${sentenceOf(error)} ${remedyOf(error)}`]),
  ].join('\n');
}

function rampingClause(ramping: Deploys['ramping']): string {
  return ramping === undefined
    ? ''
    : `, and those of ${ramping.percentage} % of the workflows to ${told(ramping.build)}`;
}

const STYLE_OF = {
  current: 'good',
  ramping: 'caution',
  inactive: 'faint',
  draining: 'faint',
  drained: 'faint',
} as const satisfies Readonly<Record<BuildStatus, keyof Paint>>;

function rowOf({ build, status, since, workers, workflows }: Build, now: number, paint: Paint): string[] {
  return [
    paint.strong(told(build)),
    paint[STYLE_OF[status]](status),
    paint.faint(since === undefined ? '' : `for ${elapsed(now - since)}`),
    String(workers),
    String(workflows),
  ];
}

/** Of a build that gets tasks, and of which somebody is missing. */
function warningsOf({ build, status, unpolled }: Build, paint: Paint): string[] {
  if ((status !== 'current' && status !== 'ramping') || unpolled.length === 0) return [];
  const queues = unpolled.join(' and ');
  return [
    '',
    `${paint.bad('✖')} No worker of ${told(build)} takes tasks from ${queues}. Start one, or promote another build.`,
  ];
}

function elsewhereLines(elsewhere: readonly RunOnBuild[], current: BuildId, paint: Paint): string[] {
  if (elsewhere.length === 0) return [];
  const rows = elsewhere.slice(0, SHOWN_AT_MOST).map(({ workflowId, build }) => [workflowId, paint.faint(told(build))]);
  const more = elsewhere.length - rows.length;
  return [
    '',
    `Last task done by another build: ${counted(elsewhere.length, 'workflow')}. The next task of each goes to ${told(current)}; other builds need not wait for them.`,
    columns(rows),
    ...(more > 0 ? [`  … and ${more} more: \`chatlio-aep --output json deploy status\``] : []),
  ];
}

function told(build: BuildId): string {
  return build ?? UNVERSIONED;
}

export function renderPromoted({ deployment, build, percentage, previous }: Promoted, paint: Paint): string {
  const done = paint.good('✔');
  if (percentage !== undefined) {
    return `${done} Tasks of ${percentage} % of the workflows go to ${toldWorkers(build, paint)} of ${deployment}; all others to ${toldWorkers(previous, paint)}.`;
  }
  const before = previous === build ? 'as before' : `before, to ${toldWorkers(previous, paint)}`;
  const then =
    previous === build || previous === undefined
      ? ''
      : ` To go back: \`chatlio-aep deploy promote ${previous}\`, while its workers run.`;
  return `${done} The tasks of all workflows go to ${toldWorkers(build, paint)} of ${deployment} (${before}).${then}`;
}

function toldWorkers(build: BuildId, paint: Paint): string {
  return build === undefined ? 'workers without a build id' : `the build ${paint.strong(build)}`;
}

/** The question what a manifest would change, asked with what is known of the source. */
import type { CatalogueError } from '../../domain/errors.js';
import type { Difference } from '../../domain/source/comparison.js';
import type { Ask } from '../../domain/inquiries.js';
import type { Manifest } from '../../domain/source/manifest.js';
import { meanwhileOf } from '../../domain/planning/meanwhile.js';
import { isAtRest, type PlannedStep, type PlanReport } from '../../domain/source/plan.js';
import { manifestDifferences, type SourceState } from '../../domain/source/source.js';
import { STEPS } from '../../domain/source/steps.js';
import { formatDuration } from '../../manifest/duration.js';
import { type Differences, differencesOf, isDecidedBy, type ManifestDifference, shownValue } from './differences.js';
import type { SourceRun, Sources } from '../../temporal/sources/port.js';

export interface Plan extends PlanReport {
  /** The source already runs with a different manifest. */
  readonly differences?: Differences & {
    /** Of these nothing shows in an object. */
    readonly unseen: readonly ManifestDifference[];
  };
}

export interface PlanOf extends Pick<Ask<'plan'>, 'adopt' | 'replace'> {
  readonly run?: Pick<SourceRun, 'uid'>;
  /** The state of a run that is open. */
  readonly running?: SourceState;
}

export async function askForPlan(
  sources: Pick<Sources, 'ask'>,
  manifest: Manifest,
  { run, running, adopt, replace }: PlanOf,
): Promise<Plan> {
  const report = await sources.ask({
    v: 1,
    ask: 'plan',
    // What it was made of is where it is.
    manifest: running === undefined ? manifest : { ...manifest, sandbox: running.manifest.sandbox },
    ...(run?.uid === undefined ? {} : { uid: run.uid }),
    ...(running?.phase === 'live'
      ? {
          live: { paused: running.paused !== undefined },
          resources: running.resources,
          ...otherThan(running, manifest),
        }
      : {}),
    ...(adopt === true ? { adopt } : {}),
    ...(replace === undefined ? {} : { replace }),
  });
  const differences = running === undefined ? undefined : differencesOf(running, manifest);
  return running === undefined || differences === undefined
    ? report
    : withDifferences(report, running, differences, manifest);
}

/** Why it could not be carried out. */
export function obstaclesTo({ steps, problems, differences }: Plan): CatalogueError[] {
  const found = [...steps.flatMap(({ error }) => error ?? []), ...problems];
  return found.length === 0 && differences?.refusal !== undefined ? [differences.refusal] : found;
}

/** Somebody has changed something of the live source at Adobe, which no update of the manifest brings back. */
export function isDrifted({ steps }: Plan): boolean {
  return steps.some(({ fields = [] }) =>
    fields.some(({ drifted, remedy }) => drifted === true && remedy !== 'foreign'),
  );
}

function otherThan({ manifest: running }: SourceState, manifest: Manifest): { readonly running?: Manifest } {
  return manifestDifferences(running, manifest).length === 0 ? {} : { running };
}

/** Nothing would be done. */
export function isEmpty({ steps, problems, differences }: Plan): boolean {
  return problems.length === 0 && differences === undefined && steps.every(({ action }) => isAtRest(action));
}

function withDifferences(report: PlanReport, running: SourceState, differences: Differences, manifest: Manifest): Plan {
  const steps = report.steps.map((row): PlannedStep => {
    // What the running source was never to have is not gone.
    if (!running.steps.some(({ step }) => step === row.step)) {
      const { error: _gone, ...wanted } = row;
      if (row.error?.code !== 'CAEP_RESOURCE_GONE') return row;
      return {
        ...wanted,
        action: 'create',
        meanwhile: meanwhileOf({ step: row.step, action: 'create' }, windowsOf(manifest)),
      };
    }
    if (row.step === 'inlet') return withOurSide(row, differences, manifest);
    // A worker of 0.2 does not compare.
    const isOldAnswer = report.seen === undefined && row.action === 'keep' && differences.steps.includes(row.step);
    return isOldAnswer ? { ...row, action: 'change' } : row;
  });
  const changed = steps.filter(({ action }) => !isAtRest(action)).map(({ step }) => step);
  const unseen = differences.fields.filter(
    (difference) => !isOurSide(difference) && !changed.some((step) => isDecidedBy(step, difference.field)),
  );
  return { ...report, steps, differences: { ...differences, unseen } };
}

/** Decided by how events are taken and sent here: Adobe has nothing of it. */
function isOurSide({ field }: ManifestDifference): boolean {
  return /^(contents|privacy|delivery|drift|mapping\.reads)(\.|$)/.test(field);
}

function windowsOf({ delivery }: Manifest) {
  return {
    settleWindow: formatDuration(delivery.settleWindowMs),
    schemaSettleWindow: formatDuration(delivery.schemaSettleWindowMs),
  };
}

function withOurSide(row: PlannedStep, differences: Differences, manifest: Manifest): PlannedStep {
  const own = differences.fields.filter(isOurSide).map(
    ({ field, from, to }): Difference => ({
      field,
      found: shownValue(from),
      wanted: shownValue(to),
      remedy: 'change',
    }),
  );
  if (own.length === 0) return row;
  const fields = [...(row.fields ?? []), ...own];
  const action = row.action === 'keep' ? 'change' : row.action;
  return {
    ...row,
    action,
    fields,
    side: 'here',
    meanwhile: meanwhileOf({ step: row.step, action, fields }, windowsOf(manifest)),
  };
}

/** What a live source was made of and is not as it was; undefined when all stands. Other troubles are of the moment. */
export function damageOf({ name, steps }: PlanReport): CatalogueError | undefined {
  const gone = steps.filter(({ error }) => error?.code === 'CAEP_RESOURCE_GONE');
  if (gone.length > 0) {
    const resources = gone.map(({ step }) => STEPS[step].title).join(', ');
    return { code: 'CAEP_RESOURCE_GONE', fields: { name, resources } };
  }
  return steps.find(({ error }) => error?.code === 'CAEP_FLOW_DISABLED')?.error;
}

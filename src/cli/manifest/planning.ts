/** The question what provisioning a manifest would do, asked with what is known of the source. */
import type { CatalogueError } from '../../domain/errors.js';
import type { Manifest } from '../../domain/source/manifest.js';
import type { PlannedStep, PlanReport } from '../../domain/source/plan.js';
import type { SourceState } from '../../domain/source/source.js';
import { STEPS } from '../../domain/source/steps.js';
import { type Differences, differencesOf } from './differences.js';
import type { SourceRun, Sources } from '../../temporal/sources/port.js';

export interface Plan extends PlanReport {
  /** The source already runs with a different manifest. */
  readonly differences?: Differences;
}

/** @param running the state of a run that is open */
export async function askForPlan(
  sources: Sources,
  manifest: Manifest,
  { run, running }: { readonly run?: Pick<SourceRun, 'uid'>; readonly running?: SourceState },
): Promise<Plan> {
  const report = await sources.ask({
    v: 1,
    ask: 'plan',
    // What it was made of is where it is.
    manifest: running === undefined ? manifest : { ...manifest, sandbox: running.manifest.sandbox },
    ...(run?.uid === undefined ? {} : { uid: run.uid }),
    ...(running?.phase === 'live' ? { live: { paused: running.paused !== undefined } } : {}),
  });
  const differences = running === undefined ? undefined : differencesOf(running, manifest);
  return running === undefined || differences === undefined ? report : withDifferences(report, running, differences);
}

/** What stands and would have to change; what the running source was never to have is not gone. */
function withDifferences(report: PlanReport, running: SourceState, differences: Differences): Plan {
  const steps = report.steps.map((row): PlannedStep => {
    if (!running.steps.some(({ step }) => step === row.step)) {
      const { error: _gone, ...wanted } = row;
      return row.error?.code === 'CAEP_RESOURCE_GONE' ? { ...wanted, action: 'create' } : row;
    }
    return row.action === 'keep' && differences.steps.includes(row.step) ? { ...row, action: 'change' } : row;
  });
  return { ...report, steps, differences };
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

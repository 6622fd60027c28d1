/** The question what provisioning a manifest would do, asked with what is known of the source. */
import type { CatalogueError } from '../domain/errors.js';
import type { Manifest } from '../domain/manifest.js';
import type { PlanReport } from '../domain/plan.js';
import type { SourceState } from '../domain/source.js';
import { STEPS } from '../domain/steps.js';
import type { SourceRun, Sources } from './ports.js';

/** @param running the state of a run that is open */
export function askForPlan(
  sources: Sources,
  manifest: Manifest,
  { run, running }: { readonly run?: Pick<SourceRun, 'uid'>; readonly running?: SourceState },
): Promise<PlanReport> {
  return sources.ask({
    v: 1,
    ask: 'plan',
    manifest,
    ...(run?.uid === undefined ? {} : { uid: run.uid }),
    ...(running?.phase === 'live' ? { live: { paused: running.paused !== undefined } } : {}),
  });
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

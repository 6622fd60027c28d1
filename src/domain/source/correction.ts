/** A corrected manifest that a held step is resumed with: what it may change, and what follows for the steps. */
import type { CatalogueError } from '../errors.js';
import type { Manifest } from './manifest.js';
import { type Hold, manifestDifferences, type SourceState, type StepStatus } from './source.js';
import { STEPS, type StepName, stepsFor } from './steps.js';

/** Why the held step cannot be resumed with this manifest; undefined when it can. */
export function refusalOfCorrection(
  state: Pick<SourceState, 'manifest' | 'steps'>,
  hold: Hold,
  corrected: Manifest,
): CatalogueError | undefined {
  const { name, sandbox } = state.manifest;
  if (hold.during === 'undo') {
    const reason = `A corrected manifest can be used only while steps are being made, but ${name} is being undone`;
    return { code: 'CAEP_USAGE', fields: { reason } };
  }
  if (corrected.name !== name || (corrected.sandbox !== sandbox && !mayChangeSandbox(state, hold))) {
    const fields = corrected.name === name ? 'sandbox' : 'name';
    return { code: 'CAEP_RESUME_OTHER_SOURCE', fields: { name, fields } };
  }
  const change = changesOfMadeSteps(state, corrected);
  if (change === undefined) return undefined;
  return {
    code: 'CAEP_RESUME_CHANGES_MADE_STEP',
    fields: { name, fields: change.fields.join(', '), step: change.step },
  };
}

/** A sandbox that Adobe does not know cannot hold anything of ours; in any other, lost creates would be left behind. */
function mayChangeSandbox({ steps }: Pick<SourceState, 'steps'>, { error }: Hold): boolean {
  return error.code === 'CAEP_SANDBOX_UNKNOWN' && !steps.some(isMade);
}

/** The steps that the manifest asks for; those that are there already stay as they are. */
export function stepsFollowing(manifest: Manifest, steps: readonly StepStatus[]): StepStatus[] {
  return stepsFor(manifest).map((step) => steps.find((row) => row.step === step) ?? { step, state: 'waiting' });
}

/** The first made step whose deciding fields a corrected manifest changes, or undefined when it may be resumed with. */
function changesOfMadeSteps(
  state: Pick<SourceState, 'manifest' | 'steps'>,
  corrected: Manifest,
): { readonly step: StepName; readonly fields: readonly string[] } | undefined {
  const differences = manifestDifferences(state.manifest, corrected);
  for (const row of state.steps.filter(isMade)) {
    const { decidedBy } = STEPS[row.step];
    const fields = differences.filter((path) =>
      decidedBy.some((prefix) => path === prefix || path.startsWith(`${prefix}.`) || prefix.startsWith(`${path}.`)),
    );
    if (fields.length > 0) return { step: row.step, fields };
  }
  return undefined;
}

function isMade({ state }: StepStatus): boolean {
  return state === 'made' || state === 'adopted';
}

/** Why an object cannot become what the manifest says, in the catalogue's words. */
import type { CatalogueError } from '../../domain/errors.js';
import type { Difference } from '../../domain/source/comparison.js';
import { type Resource, STEPS } from '../../domain/source/steps.js';
import { XDM_FIELD } from '../../domain/source/comparison.js';
import type { StepContext } from '../steps/step.js';

/** @returns undefined where nothing stands in the way */
export function obstacleIn(
  { manifest, marker }: Pick<StepContext, 'manifest' | 'marker'>,
  { kind, id }: Resource,
  fields: readonly Difference[],
  { isLive }: { readonly isLive: boolean },
): CatalogueError | undefined {
  // Provisioning and updates enable no flow that somebody else has disabled.
  if (kind === 'flow' && isLive && fields.some(isDisabled)) {
    return { code: 'CAEP_FLOW_DISABLED', fields: { id, name: marker.name } };
  }
  const xdm = fields.filter(({ field, remedy }) => field.startsWith(XDM_FIELD) && remedy !== 'change');
  if (xdm.length > 0) {
    const reason = xdm.map(asFound).join('; ');
    return { code: 'CAEP_FIELDS_NOT_ADDABLE', fields: { title: manifest.xdm.fieldGroup.title, reason } };
  }
  const refused = fields.filter(({ remedy }) => remedy === 'refused');
  if (refused.length === 0) return undefined;
  const reason = refused.map(asFound).join('; ');
  return { code: 'CAEP_CHANGE_BREAKING', fields: { resource: STEPS[kind].title, id, reason } };
}

function isDisabled({ field, found }: Difference): boolean {
  return field === 'state' && found === 'disabled';
}

function asFound({ field, found = 'none', wanted = 'none' }: Difference): string {
  return `${field.replace(XDM_FIELD, '')}: ${found} there, ${wanted} in the manifest`;
}

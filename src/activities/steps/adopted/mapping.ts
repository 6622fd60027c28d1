import { AdobeCallError } from '../../../adobe/http/errors.js';
import type { Resource } from '../../../domain/source/steps.js';
import type { StepContext } from '../step.js';
import { mappingSet } from '../table/mappingSet.js';

/**
 * Gives a mapping set of somebody else its next version, with the manifest's rows; where Adobe does not let us, makes one of our own. The
 * version before stays, and the flow leads to it until it is changed.
 *
 * @throws CodedError `CAEP_MAPPING_INVALID`; AdobeCallError
 */
export async function changeMapping(context: StepContext, theirs: Resource): Promise<Resource> {
  try {
    return (await mappingSet.change?.(context, theirs)) ?? theirs;
  } catch (refusal) {
    if (!(refusal instanceof AdobeCallError) || refusal.kind !== 'refused') throw refusal;
    const { pinnedBefore } = theirs;
    return { ...(await ownSet(context)), ...(pinnedBefore === undefined ? {} : { pinnedBefore }) };
  }
}

async function ownSet(context: StepContext): Promise<Resource> {
  const [own] = (await mappingSet.lookup(context)).ours;
  if (own === undefined) return mappingSet.create(context);
  return (await mappingSet.change?.(context, own)) ?? own;
}

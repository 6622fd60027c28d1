/** Whose is it? What another source of ours has made, or has adopted and still uses, is not taken over. */
import { codedError } from '../../../domain/errors.js';
import { findAdoption, findMarker, type Marker, type Resource, STEPS } from '../../../domain/source/steps.js';
import type { StepContext } from '../step.js';
import { ADOPTION_TAG, MARKER_TAG } from '../table/dataset.js';
import type { FoundSource } from './found.js';

/** @throws CodedError `CAEP_ADOPT_OWNED` */
export async function requireFree(
  found: FoundSource,
  { kind, id }: Pick<Resource, 'kind' | 'id'>,
  { marker, store }: Pick<StepContext, 'marker' | 'store'>,
): Promise<void> {
  const { made, adopted } = ownersOf(found, kind);
  const isLeft = async ({ uid }: Marker): Promise<boolean> => store.isRetired(uid);
  const owner =
    made?.uid !== undefined && made.uid !== marker.uid
      ? made
      : adopted !== undefined && adopted.uid !== marker.uid && !(await isLeft(adopted))
        ? adopted
        : undefined;
  if (owner === undefined) return;
  const { name, uid } = owner;
  throw codedError('CAEP_ADOPT_OWNED', { resource: STEPS[kind].title, id, owner: `${name} (uid ${uid})` });
}

interface Owners {
  readonly made?: Marker;
  readonly adopted?: Marker;
}

function ownersOf(found: FoundSource, kind: Resource['kind']): Owners {
  if (kind === 'dataset') {
    const { tags, description } = found.dataset;
    const [uid] = tags[MARKER_TAG] ?? [];
    const [adopter, name = ''] = tags[ADOPTION_TAG] ?? [];
    return {
      made: findMarker(description) ?? (uid === undefined ? undefined : { name: '?', uid }),
      adopted: adopter === undefined ? undefined : { name, uid: adopter },
    };
  }
  const text = textOf(found, kind);
  return { made: findMarker(text), adopted: findAdoption(text) };
}

function textOf(
  { flow, sourceConnection, targetConnection, schema, fieldGroup, mappingSet }: FoundSource,
  kind: Resource['kind'],
): string | undefined {
  switch (kind) {
    case 'field-group':
      return fieldGroup.description;
    case 'schema':
      return schema.description;
    case 'source-connection':
      return sourceConnection.description;
    case 'target-connection':
      return targetConnection.description;
    case 'mapping-set':
      return mappingSet.name;
    case 'flow':
      return flow.description;
    default:
      return undefined;
  }
}

/** Whose object is it? By the marker in a description, tag or name; a name alone never makes an object ours. */
import {
  findAdoption,
  findMarker,
  isOf,
  markerText,
  type Marker,
  type Resource,
  type StepName,
} from '../../domain/source/steps.js';
import type { Standing } from './step.js';

/** A description that a person understands and that `findMarker` finds. */
export function markerDescription(text: string, marker: Marker): string {
  return `${text} Made by chatlio-aep. [${markerText(marker)}]`;
}

/** Of what was just made: as it was marked. */
export function generationOf({ generation = 1 }: Marker): Pick<Resource, 'generation'> {
  return generation === 1 ? {} : { generation };
}

interface Row {
  readonly description?: string;
}

interface Ownership<R> {
  readonly step: StepName;
  readonly marker: Marker;
  /** The name or title that our object has, or will have. */
  readonly name: string;
  readonly nameOf: (row: R) => string | undefined;
  readonly resourceOf: (row: R) => Pick<Resource, 'id' | 'altId' | 'etag' | 'version'>;
  readonly taken: 'title' | 'name';
  /** The uid of the source that has adopted it, if the description does not say. */
  readonly adopterOf?: (row: R) => string | undefined;
  /** What was adopted refers to what the source uses now: a provisioning after its teardown may be of another schema. */
  readonly fits?: (row: R) => boolean;
}

/**
 * Sorts the candidates of a lookup into ours and foreign. A candidate with our uid is ours whatever its name; one with
 * our name and another marker, or none, is somebody else's in our place. One of another generation than is looked for is neither.
 *
 * @param rows candidates, oldest first; the same object may occur twice
 */
export function standingAmong<R extends Row>(rows: readonly R[], ownership: Ownership<R>): Standing {
  const { step, marker, name, nameOf, resourceOf, taken } = ownership;
  const { adopterOf = ({ description }) => findAdoption(description)?.uid, fits = () => true } = ownership;
  const ours = new Map<string, Resource>();
  const adopted = new Map<string, Resource>();
  let foreign: Standing['foreign'];
  for (const row of rows) {
    const facts = resourceOf(row);
    const found = findMarker(row.description);
    if (isOf(found, marker)) {
      const { generation } = found ?? {};
      ours.set(facts.id, {
        kind: step,
        ...facts,
        ...(generation === undefined ? {} : { generation }),
        origin: 'created',
      });
    } else if (adopterOf(row) === marker.uid && fits(row)) {
      // What is made anew takes the place of what was adopted.
      if (marker.generation === undefined)
        adopted.set(facts.id, { kind: step, ...facts, origin: 'adopted', marked: true });
    } else if (found?.uid !== marker.uid && nameOf(row) === name && foreign === undefined) {
      const owner = found === undefined ? 'not made by chatlio-aep' : `of the source ${found.name} (uid ${found.uid})`;
      foreign = { resource: { kind: step, ...facts, origin: 'adopted' }, label: `${facts.id}, ${owner}`, taken };
    }
  }
  return { ours: [...(ours.size > 0 ? ours : adopted).values()], foreign };
}

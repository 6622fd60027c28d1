/** What the steps' comparisons have in common. */
import type { ComparedField } from '../../domain/source/comparison.js';
import type { Resource, StepName } from '../../domain/source/steps.js';
import type { StepContext } from './step.js';

/** Stands for the id of an object that is not there yet: nothing that is found equals it. */
export const TO_BE_MADE = 'to be made';

export function idOf({ resources }: Pick<StepContext, 'resources'>, step: StepName): string {
  return resources[step]?.id ?? TO_BE_MADE;
}

/** Somebody else's object has names and texts of its own, which no manifest decides. */
export function onlyOfOurs({ origin }: Resource, ...fields: readonly ComparedField[]): readonly ComparedField[] {
  return origin === 'created' ? fields : [];
}

/** A list whose order does not matter. */
export function listed(values: readonly string[] | undefined): string | undefined {
  return values === undefined || values.length === 0 ? undefined : values.toSorted().join(', ');
}

/** The one that is wanted where it is among them, else what is there instead. */
export function amongst(wanted: string, found: readonly string[]): string | undefined {
  return found.includes(wanted) ? wanted : listed(found);
}

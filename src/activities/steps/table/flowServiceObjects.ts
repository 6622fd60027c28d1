/** What source connection, target connection and flow have in common: one name, and whose they are by their description. */
import type { ComparedField } from '../../../domain/source/comparison.js';
import type { Resource } from '../../../domain/source/steps.js';
import { onlyOfOurs } from '../comparing.js';
import { markerDescription, standingAmong } from '../ownership.js';
import type { Standing, Step, StepContext } from '../step.js';

/** Flow Service does not ask for unique names, and one name shows a person what belongs together. */
export function flowServiceName({ manifest }: Pick<StepContext, 'manifest'>): string {
  return `Chatlio ${manifest.name}`;
}

interface FlowServiceRow {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly etag?: string;
}

export function flowServiceStanding(
  step: Step['name'],
  context: StepContext,
  rows: readonly FlowServiceRow[],
): Standing {
  return standingAmong(rows, {
    step,
    marker: context.marker,
    name: flowServiceName(context),
    nameOf: (row) => row.name,
    resourceOf: ({ id, etag }) => ({ id, etag }),
    taken: 'name',
  });
}

/** @param text what its description begins with */
export function namedFields(
  context: StepContext,
  resource: Resource,
  { name, description }: Omit<FlowServiceRow, 'id'>,
  text: string,
): readonly ComparedField[] {
  return onlyOfOurs(
    resource,
    { field: 'name', wanted: flowServiceName(context), found: name },
    { field: 'description', wanted: markerDescription(text, context.marker), found: description },
  );
}

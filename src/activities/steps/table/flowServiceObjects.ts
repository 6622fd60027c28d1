/** What source connection, target connection and flow have in common: one name, and whose they are by their description. */
import type { ComparedField } from '../../../domain/source/comparison.js';
import { onlyOfOurs } from '../comparing.js';
import type { PatchOperation } from '../../../adobe/services/patch.js';
import { markerOf, type Resource, STEPS } from '../../../domain/source/steps.js';
import { changeInPlace, namesPatch } from '../inPlace.js';
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

export function flowServiceStanding<R extends FlowServiceRow>(
  step: Step['name'],
  context: StepContext,
  rows: readonly R[],
  fits?: (row: R) => boolean,
): Standing {
  return standingAmong(rows, {
    step,
    marker: context.marker,
    name: flowServiceName(context),
    nameOf: (row) => row.name,
    resourceOf: ({ id, etag }) => ({ id, etag }),
    taken: 'name',
    fits,
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
    { field: 'description', wanted: markerDescription(text, markerOf(context.marker, resource)), found: description },
  );
}

/**
 * Gives one of ours its name and description back, and what else differs. Whoever has made another one has named it.
 *
 * @param text of its description
 * @param calls.more what else is to be changed
 */
export async function changeFlowService<T extends FlowServiceRow>(
  context: StepContext,
  resource: Resource,
  text: string,
  calls: {
    readonly read: () => Promise<T | undefined>;
    readonly patch: (etag: string, operations: readonly PatchOperation[]) => Promise<unknown>;
    readonly more?: (found: T) => readonly PatchOperation[];
  },
): Promise<void> {
  const { more = () => [] } = calls;
  const { id, kind, origin } = resource;
  const names: Readonly<Record<string, string>> =
    origin === 'created'
      ? { name: flowServiceName(context), description: markerDescription(text, markerOf(context.marker, resource)) }
      : {};
  await changeInPlace<T>({
    read: calls.read,
    operationsFor: (found) => [...namesPatch(found, names), ...more(found)],
    patch: ({ etag = '' }, operations) => calls.patch(etag, operations),
    gone: { name: context.manifest.name, resources: `${STEPS[kind].title} ${id}` },
  });
}

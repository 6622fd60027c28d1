/** Changing an object of Adobe's where it stands: read, what differs, and a patch with the etag that was read. */
import type { PatchOperation } from '../../adobe/services/patch.js';
import { codedError } from '../../domain/errors.js';
import { isStale } from '../flowState.js';

interface Change<T> {
  readonly read: () => Promise<T | undefined>;
  /** None: it is so already, also after an answer was lost. */
  readonly operationsFor: (found: T) => readonly PatchOperation[];
  readonly patch: (found: T, operations: readonly PatchOperation[]) => Promise<unknown>;
  /** What is said where it does not exist any more. */
  readonly gone: { readonly name: string; readonly resources: string };
}

/**
 * Reads once more where somebody else was quicker (412); what is as wanted is not touched.
 *
 * @throws CodedError `CAEP_RESOURCE_GONE`; AdobeCallError
 */
export async function changeInPlace<T>({ read, operationsFor, patch, gone }: Change<T>): Promise<void> {
  const attempt = async (): Promise<void> => {
    const found = await read();
    if (found === undefined) throw codedError('CAEP_RESOURCE_GONE', { ...gone });
    const operations = operationsFor(found);
    if (operations.length > 0) await patch(found, operations);
  };
  try {
    await attempt();
  } catch (error) {
    if (!isStale(error)) throw error;
    await attempt();
  }
}

type Names = Readonly<Record<string, string>>;

/** Of members that are texts: a title, a name, a description. */
export function namesPatch(found: object, wanted: Names): PatchOperation[] {
  const texts = found as Readonly<Record<string, unknown>>;
  return Object.entries(wanted)
    .filter(([member, value]) => texts[member] !== value)
    .map(([member, value]) => ({
      op: texts[member] === undefined ? ('add' as const) : ('replace' as const),
      path: `/${member}`,
      value,
    }));
}

/** As {@link changeInPlace}, of texts alone. */
export function changeNames<T extends object>({
  wanted,
  patch,
  ...change
}: Pick<Change<T>, 'read' | 'gone'> & {
  readonly wanted: Names;
  readonly patch: (etag: string, operations: readonly PatchOperation[]) => Promise<unknown>;
}): Promise<void> {
  return changeInPlace<T>({
    ...change,
    operationsFor: (found) => namesPatch(found, wanted),
    patch: (found, operations) => patch('etag' in found ? String(found.etag) : '', operations),
  });
}

/** Rules for an ExperienceEvent beyond its schema: identities, and the time. */
import { readPath } from '../dataprep/language/paths.js';
import type { Value } from '../dataprep/language/values.js';
import type { StoredDescriptor } from '../state/stored.js';
import type { XdmSchema } from './schema.js';
import { validateRecord, type Violation } from './validate.js';

export interface IdentityField {
  /** `/_acmetenant/UUID` */
  readonly pointer: string;
  readonly isPrimary: boolean;
  readonly read: (entity: Readonly<Record<string, unknown>>) => unknown;
}

export interface EventPolicy {
  readonly nowMs: number;
  readonly futureTimestamp: 'accept' | 'reject';
  readonly emptyStringOnIdentity: 'accept' | 'reject';
}

export function identityFields(descriptors: readonly StoredDescriptor[]): readonly IdentityField[] {
  return descriptors.flatMap(({ document }) => {
    const pointer = document['xdm:sourceProperty'];
    if (document['@type'] !== 'xdm:descriptorIdentity' || typeof pointer !== 'string') return [];
    const segments = pointer.split('/').filter((part) => part !== '');
    const read = (entity: Readonly<Record<string, unknown>>) => readPath(entity as Value, segments);
    return [{ pointer, isPrimary: document['xdm:isPrimary'] === true, read }];
  });
}

/** @returns the violation, or undefined for an event that may become a row */
export function checkEvent(
  schema: XdmSchema,
  entity: Readonly<Record<string, unknown>>,
  identities: readonly IdentityField[],
  policy: EventPolicy,
): Violation | undefined {
  const violation = validateRecord(schema, entity);
  if (violation !== undefined) return violation;
  for (const { pointer, isPrimary, read } of identities) {
    const value = read(entity);
    // A primary identity makes its field required.
    if (value === undefined && isPrimary) {
      return violationAt('#', 'required', `required key [${pointer.slice(1).replaceAll('/', '.')}] not found`);
    }
    if (value === '' && policy.emptyStringOnIdentity === 'reject') {
      return violationAt(`#${pointer}`, 'minLength', 'expected minLength: 1, actual: 0');
    }
  }
  const { timestamp } = entity;
  if (policy.futureTimestamp === 'reject' && typeof timestamp === 'string' && Date.parse(timestamp) > policy.nowMs) {
    return violationAt('#/timestamp', 'maximum', 'timestamp lies in the future');
  }
  return undefined;
}

function violationAt(pointer: string, keyword: string, message: string): Violation {
  return { schemaLocation: pointer, pointerToViolation: pointer, causingExceptions: [], keyword, message };
}

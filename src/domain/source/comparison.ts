/** An object in Adobe beside the manifest, field by field: what differs, and what can be done about it. */
import type { Resource, StepName } from './steps.js';

/** One field of an object in Adobe, as texts that can be compared and shown. */
export interface ComparedField {
  /** `title`, `fields.visitor.tags`, `tags.team`, `mapping _acme.chatId`. */
  readonly field: string;
  /** As the manifest says; absent: none. */
  readonly wanted?: string;
  /** As Adobe has it; absent: none. */
  readonly found?: string;
}

/** `gone`: there is no such object any more. */
export type Comparison = readonly ComparedField[] | 'gone';

/**
 * `change`: in place. `replace`: Adobe documents that a change in place has no effect, so a new object takes over. `refused`: what
 * holds data already cannot become it. `foreign`: the object is somebody else's, and is left as it is.
 */
export type Remedy = 'change' | 'replace' | 'refused' | 'foreign';

export interface Difference extends ComparedField {
  readonly remedy: Remedy;
  /** It is not as the running source's manifest says either: somebody has changed it at Adobe. */
  readonly drifted?: true;
}

/** What cannot be changed in place. All else can. */
const OTHERWISE: Readonly<Partial<Record<StepName, Readonly<Record<string, Remedy>>>>> = {
  'field-group': { class: 'refused' },
  schema: { class: 'refused' },
  'identity-descriptor': { schema: 'refused', field: 'refused', namespace: 'refused', primary: 'refused' },
  dataset: { schema: 'refused' },
  'source-connection': { spec: 'replace', format: 'replace' },
  'target-connection': { spec: 'replace', dataset: 'replace', schema: 'replace', 'schema version': 'replace' },
  flow: { spec: 'replace', 'source connection': 'replace', 'target connection': 'replace' },
};

/** Of an adopted object only these are ours to change. */
const OURS_IN_ADOPTED: readonly StepName[] = ['mapping-set', 'flow', 'inlet', 'webhook-routes'];

/** The fields that are not as the manifest says. */
export function differencesIn(
  step: StepName,
  { origin }: Pick<Resource, 'origin'>,
  fields: readonly ComparedField[],
): Difference[] {
  return fields
    .filter(({ wanted, found }) => wanted !== found)
    .map((field) => ({ ...field, remedy: remedyOf(step, origin, field) }));
}

function remedyOf(step: StepName, origin: Resource['origin'], { field, found }: ComparedField): Remedy {
  // A field that is there as another one cannot change its type once a dataset uses it; one that is missing can be added.
  const remedy = isXdmField(field) && found !== undefined ? 'refused' : (OTHERWISE[step]?.[field] ?? 'change');
  return remedy === 'change' && origin === 'adopted' && !OURS_IN_ADOPTED.includes(step) ? 'foreign' : remedy;
}

function isXdmField(field: string): boolean {
  return field.startsWith(XDM_FIELD);
}

/** Before the path of a field below the tenant's node. */
export const XDM_FIELD = 'fields.';

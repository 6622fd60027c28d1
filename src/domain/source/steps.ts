/** The steps of provisioning, as data: names, order, and which fields of the manifest decide them. What each does is in `src/activities/steps`. */

/** Each after everything that it needs. */
export const STEP_NAMES = [
  'field-group',
  'schema',
  'identity-descriptor',
  'dataset',
  'source-connection',
  'target-connection',
  'mapping-set',
  'flow',
  'inlet',
  'webhook-routes',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

interface StepFacts {
  readonly title: string;
  /** The manifest's fields that decide what the step makes: a corrected manifest may change them only while the step is not made. */
  readonly decidedBy: readonly string[];
}

export const STEPS: Readonly<Record<StepName, StepFacts>> = {
  'field-group': {
    title: 'XDM field group',
    decidedBy: ['name', 'sandbox', 'xdm.fieldGroup', 'xdm.fields', 'contents'],
  },
  schema: {
    title: 'XDM schema',
    decidedBy: ['name', 'sandbox', 'xdm.schema'],
  },
  'identity-descriptor': {
    title: 'identity descriptor',
    decidedBy: ['name', 'sandbox', 'identity'],
  },
  dataset: {
    title: 'dataset',
    decidedBy: ['name', 'sandbox', 'dataset'],
  },
  'source-connection': {
    title: 'source connection',
    decidedBy: ['name', 'sandbox'],
  },
  'target-connection': {
    title: 'target connection',
    decidedBy: ['name', 'sandbox'],
  },
  'mapping-set': {
    title: 'mapping set',
    decidedBy: ['name', 'sandbox', 'mapping', 'mappingReads', 'proof'],
  },
  flow: {
    title: 'flow',
    decidedBy: ['name', 'sandbox'],
  },
  inlet: {
    title: 'inlet',
    decidedBy: ['delivery.settleWindowMs', 'privacy'],
  },
  'webhook-routes': {
    title: 'webhook routes',
    decidedBy: ['chatlio', 'delivery.partitions'],
  },
};

/** What holds the events that were delivered, and says what they mean: never deleted once there may be one. */
export const STEPS_WITH_DATA: readonly StepName[] = ['dataset', 'identity-descriptor', 'schema', 'field-group'];

/** An Adobe object that a step made or adopted. */
export interface Resource {
  readonly kind: StepName;
  /** What later calls use: `$id` of XDM objects, the plain id elsewhere. */
  readonly id: string;
  /** `meta:altId` of XDM objects, by which they are read and deleted. */
  readonly altId?: string;
  /** Of Flow Service objects, with its quotes. Stale soon after a create; read anew before a PATCH. */
  readonly etag?: string;
  /** Of a mapping set: the version that the flow pins. */
  readonly version?: number;
  /** Which one of its kind: see {@link Marker.generation}. Absent: the first. */
  readonly generation?: number;
  /** `created` carries our marker, also when found by lookup after a lost answer; `adopted`: somebody else made it, never deleted by undo. */
  readonly origin: 'created' | 'adopted';
  /** Of an adopted object: it has our mark. */
  readonly marked?: boolean;
  /** Of an adopted flow: the mapping set that it led to before, and leads to again once it is given up. */
  readonly pinnedBefore?: { readonly id: string; readonly version: number };
}

export type Resources = { readonly [S in StepName]?: Resource };

/**
 * The mark of a source in its resources: `chatlio-aep:{name}:{uid}`. Stands in descriptions, tags or names, and is how
 * an object is found again whose create was not answered.
 */
export interface Marker {
  readonly name: string;
  readonly uid: string;
  /** Of an object that takes the place of one from before: 2 and up. Where objects are looked for: 1 is the first; absent is any. */
  readonly generation?: number;
}

/** The uid of no source: what is looked for by it is never found. */
export const NO_UID = '00000000-0000-0000-0000-000000000000';

/** Later generations are marked so that a release that knows none takes them for somebody else's, and leaves them alone. */
export function markerText({ name, uid, generation = 1 }: Marker): string {
  return `chatlio-aep${generation > 1 ? `.g${generation}` : ''}:${name}:${uid}`;
}

const MARKER_PATTERN = /chatlio-aep(?:\.g(\d+))?:([a-z0-9-]+):([0-9a-f-]{36})/;

/** The marker inside a description or name, if there is one. */
export function findMarker(text: string | undefined): Marker | undefined {
  const [, generation, name, uid] = MARKER_PATTERN.exec(text ?? '') ?? [];
  if (name === undefined || uid === undefined) return undefined;
  return { name, uid, ...(generation === undefined ? {} : { generation: Number(generation) }) };
}

/** Is it an object that is looked for by this marker? */
export function isOf(found: Marker | undefined, { uid, generation }: Marker): boolean {
  return found?.uid === uid && (generation === undefined || (found.generation ?? 1) === generation);
}

/** As the object is marked, or was to be. */
export function markerOf({ name, uid }: Marker, { generation }: Pick<Resource, 'generation'>): Marker {
  return { name, uid, ...(generation === undefined ? {} : { generation }) };
}

/**
 * The mark of a source in what it has adopted. Another word than the marker, so that no release takes such an object for one that it
 * has made and may delete.
 */
export function adoptionText(marker: Marker): string {
  return `chatlio-aep-adopted:${marker.name}:${marker.uid}`;
}

const ADOPTION_PATTERN = /chatlio-aep-adopted:([a-z0-9-]+):([0-9a-f-]{36})/;

export function findAdoption(text: string | undefined): Marker | undefined {
  const match = ADOPTION_PATTERN.exec(text ?? '');
  return match?.[1] === undefined || match[2] === undefined ? undefined : { name: match[1], uid: match[2] };
}

/** Does the manifest ask for this step at all? Only the identity descriptor is optional. */
export function stepsFor(manifest: { readonly identity?: unknown }): StepName[] {
  return STEP_NAMES.filter((step) => step !== 'identity-descriptor' || manifest.identity !== undefined);
}

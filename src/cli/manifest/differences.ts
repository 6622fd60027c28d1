/** In what a manifest differs from that of the source that runs, as a person writes it. */
import type { CatalogueError } from '../../domain/errors.js';
import { refusalOfCorrection } from '../../domain/source/correction.js';
import type { Manifest } from '../../domain/source/manifest.js';
import { manifestDifferences, type SourceState } from '../../domain/source/source.js';
import { refusalOfUpdate } from '../../domain/source/updating/updatable.js';
import { STEPS, type StepName } from '../../domain/source/steps.js';
import { formatDuration } from '../../manifest/duration.js';

export interface ManifestDifference {
  /** Dotted, as in the manifest. */
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface Differences {
  readonly fields: readonly ManifestDifference[];
  /** Of these steps something is different. */
  readonly steps: readonly StepName[];
  /** The held step can be resumed with it; else it cannot be taken over yet. */
  readonly canResume: boolean;
  /** `provision` gives the running source the other settings. */
  readonly canConfigure: boolean;
  /** `update` gives the live source the manifest. */
  readonly canUpdate: boolean;
  /** Why not, of a live source. */
  readonly refusal?: CatalogueError;
}

/** @returns undefined when the source runs with just this manifest */
export function differencesOf(running: SourceState, manifest: Manifest): Differences | undefined {
  const paths = manifestDifferences(running.manifest, manifest);
  if (paths.length === 0) return undefined;
  const refusal = running.phase === 'live' ? refusalOfUpdate(running.manifest, manifest) : undefined;
  return {
    fields: paths.flatMap((path) => fieldsOf(path, running.manifest, manifest)),
    steps: (Object.keys(STEPS) as StepName[]).filter((step) =>
      paths.some((path) => isDecidedBy(step, manifestField(path))),
    ),
    canResume: running.hold !== undefined && refusalOfCorrection(running, running.hold, manifest) === undefined,
    canConfigure: canConfigure(running, paths),
    canUpdate: running.phase === 'live' && refusal === undefined,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** @param field of a {@link ManifestDifference} */
export function isDecidedBy(step: StepName, field: string): boolean {
  const [path = ''] = field.split(' ', 1);
  return STEPS[step].decidedBy
    .map(manifestField)
    .some((decider) => path === decider || path.startsWith(`${decider}.`) || decider.startsWith(`${path}.`));
}

/** As it is shown beside another one; a list of lists is counted. */
export function shownValue(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** A live source takes over other delivery settings without a pause. */
export function canConfigure({ phase }: Pick<SourceState, 'phase'>, paths: readonly string[]): boolean {
  return phase === 'live' && paths.every((path) => path.startsWith('delivery.'));
}

/** Of lists whose entries have a key, each entry that differs. */
function fieldsOf(path: string, before: Manifest, after: Manifest): ManifestDifference[] {
  const [from, to] = [entriesAt(before, path), entriesAt(after, path)];
  const keys = new Set([...from.keys(), ...to.keys()]);
  const differing = [...keys].filter((key) => from.get(key) !== to.get(key));
  // Also where only the order differs.
  if (differing.length === 0) {
    return [{ field: manifestField(path), from: valueAt(before, path), to: valueAt(after, path) }];
  }
  return differing.map((key) => ({
    field: `${path} ${key.replace('{tenant}.', '')}`,
    from: from.get(key),
    to: to.get(key),
  }));
}

function entriesAt(manifest: Manifest, path: string): ReadonlyMap<string, string> {
  if (path === 'mapping') return new Map(manifest.mapping.map(({ destination, source }) => [destination, source]));
  if (path === 'xdm.fields') return new Map(manifest.xdm.fields?.map((field) => [field.path, field.type]));
  if (path === 'dataset.tags') {
    return new Map(Object.entries(manifest.dataset.tags).map(([name, values]) => [name, values.join(', ')]));
  }
  if (path !== 'chatlio.widgets') return new Map();
  return new Map(manifest.chatlio.widgets.map(({ key, kinds }) => [key, kinds.join(', ')]));
}

/** The manifest in use keeps durations in milliseconds. */
const MILLISECONDS = /^((?:delivery|drift)\..*)Ms$/;

const WRITTEN_BELOW_MAPPING: Readonly<Record<string, string>> = {
  mappingReads: 'mapping.reads',
  proof: 'mapping.proof',
};

export function manifestField(path: string): string {
  return WRITTEN_BELOW_MAPPING[path] ?? path.replace(MILLISECONDS, '$1');
}

function valueAt(manifest: Manifest, path: string): unknown {
  const value = path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], manifest);
  return MILLISECONDS.test(path) && typeof value === 'number' ? formatDuration(value) : value;
}

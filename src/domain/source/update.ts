/** Changing a live source: messages, what may be changed, and what the workflow says to its activities. Plain JSON. */
import type { OperationInput } from '../delivery/pause.js';
import type { CatalogueError } from '../errors.js';
import type { Contents } from '../projection/projection.js';
import type { Manifest } from './manifest.js';
import { manifestDifferences } from './source.js';
import type { Resources } from './steps.js';

/** Update `update` of a live source. */
export interface UpdateInput {
  /** The whole parsed manifest. */
  readonly manifest: Manifest;
  /** Who, for the record. */
  readonly by?: string;
}

export interface UpdateResult {
  readonly v: 1;
  /** False: it was so already. */
  readonly changed: boolean;
  /** Fields that the XDM field group has gained, as paths below the tenant's node. */
  readonly fields: readonly string[];
  /** Of the mapping set that the flow uses now. */
  readonly mappingVersion?: number;
  /** Events are sent from this time on, ISO 8601. Absent: sending was not interrupted, or awaits an `unpause`. */
  readonly opensAt?: string;
}

/** What was made beforehand: nothing of it has an effect on what is sent. */
export interface PreparedUpdate {
  /** With the mapping set's new version. */
  readonly resources: Resources;
  /** As {@link UpdateResult.fields}. */
  readonly fields: readonly string[];
}

/** What is other than before, also where the first attempt has made it so. */
export interface UpdateChanges {
  readonly schemaChanged: boolean;
  readonly mappingChanged: boolean;
}

export interface AppliedUpdate {
  /** As {@link UpdateResult.opensAt}. */
  readonly opensAt?: string;
  /** As events leave from now on. Absent: they are cut when they are taken. */
  readonly contents?: Contents;
}

/** Each may be done again after its answer was lost. */
export interface UpdateActivities {
  /**
   * Adds fields to the field group, puts the mapping set's next version, and tries it with samples. What fails here is refused:
   * the source goes on as it was.
   */
  prepareUpdate(input: OperationInput): Promise<PreparedUpdate>;
  /** With the gate closed and quiet: has the flow use the mapping set's version, sets what leaves, and opens the gate. */
  applyUpdate(input: OperationInput & UpdateChanges): Promise<AppliedUpdate>;
}

/** What is changed in place. `delivery` concerns our side alone. */
const CHANGEABLE = ['contents', 'privacy', 'mapping', 'mappingReads', 'xdm.fields', 'delivery'];

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`);
}

/** Whether sending has to stop for it. */
export function concernsSending(running: Manifest, wanted: Manifest): boolean {
  return manifestDifferences(running, wanted).some((path) => !isBelow(path, 'delivery'));
}

/** Why a live source cannot become what the manifest says; undefined when it can. */
export function refusalOfUpdate(running: Manifest, wanted: Manifest): CatalogueError | undefined {
  const fixed = manifestDifferences(running, wanted).filter(
    (path) => !CHANGEABLE.some((prefix) => isBelow(path, prefix)),
  );
  if (fixed.length > 0) {
    return { code: 'CAEP_UPDATE_UNSUPPORTED', fields: { name: running.name, fields: fixed.join(', ') } };
  }
  if (running.contents !== undefined && wanted.contents === undefined) {
    return { code: 'CAEP_UPDATE_NEEDS_CONTENTS', fields: { name: running.name, contents: running.contents } };
  }
  return undefined;
}

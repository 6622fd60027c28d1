/** What is to leave of the events of a source that keeps originals: read off the mapping set as Adobe has stored it. */
import type { DataPrep, MappingSet } from '../../adobe/services/dataPrep.js';
import { isKnownMapping } from '../../adobe/services/mappings.js';
import { sampleBodies } from '../../chatlio/samples.js';
import { mappingNeedsId } from '../../dataprep/needed.js';
import { mappingUnreadable, readsOf } from '../../dataprep/reads.js';
import { CodedError, codedError } from '../../domain/errors.js';
import { leavingPrivacy, NO_PRIVACY, type Projection, RECIPE } from '../../domain/projection/projection.js';
import { compileProjection } from '../../projection/project.js';
import { made, type StepContext } from './step.js';

/**
 * @returns undefined for a manifest that says nothing of `contents`: its events are cut when they are taken, as before 0.2.0
 * @throws CodedError `CAEP_MAPPING_UNREADABLE`, `CAEP_MAPPING_NEEDS_ID`, `CAEP_MAPPING_SET_GONE`, `CAEP_MAPPING_PREVIEW`
 */
export async function projectionOf({
  manifest,
  resources,
  adobe,
  store,
  marker,
}: StepContext): Promise<Projection | undefined> {
  const { contents, mappingReads, proof } = manifest;
  const privacy = leavingPrivacy(manifest.privacy ?? NO_PRIVACY);
  if (contents === undefined) return undefined;
  const { id, version = 0 } = made(resources, 'mapping-set');
  const set = await adobe.dataPrep.getMappingSet(id, version);
  if (set === undefined)
    throw codedError('CAEP_MAPPING_SET_GONE', { id, version: String(version), name: manifest.name });
  const lacking = proof === 'none' ? undefined : mappingNeedsId(set.mappings);
  if (lacking !== undefined) throw new CodedError(lacking);
  const found = readsOf(set.mappings, mappingReads);
  if ('unreadable' in found) throw new CodedError(mappingUnreadable(found.unreadable));
  const mappingSet = { id, version };
  const unproven = proof === undefined ? {} : { proof };
  const base = { v: 1, recipe: RECIPE, mappingSet, reads: found.reads, contents, privacy, ...unproven } as const;
  const standing = await store.projection(marker);
  return { ...base, absent: await absentOf(adobe.dataPrep, set, base, standing?.absent) };
}

/**
 * Whether Adobe takes an attribute that a record lacks for null, or for an error of the row, is not documented: so samples of the
 * fullest and the barest event of each kind are mapped, without what they lack, and where that fails with null in its place.
 *
 * @param standing as it is now: where ingestion has refused the one, a preview does not bring it back
 */
async function absentOf(
  dataPrep: Pick<DataPrep, 'previewMappingSet'>,
  { name = '', schemaId = '', mappings }: MappingSet,
  base: Omit<Projection, 'absent'>,
  standing: Projection['absent'] = 'omitted',
): Promise<Projection['absent']> {
  const rows = mappings.filter(isKnownMapping);
  // A row that cannot be sent back cannot be tried.
  if (rows.length < mappings.length) return standing;
  const samples = sampleBodies();
  let failure: { readonly kind: string; readonly what: string; readonly reason: string } | undefined;
  for (const absent of standing === 'null' ? (['null', 'omitted'] as const) : (['omitted', 'null'] as const)) {
    const project = compileProjection({ ...base, absent });
    const records = samples.map(({ body, facts }) => {
      const projected = project?.(body, facts);
      return projected !== undefined && 'body' in projected ? (JSON.parse(projected.body.toString()) as object) : {};
    });
    const previewed = await dataPrep.previewMappingSet({ name, schemaId, mappings: rows }, records);
    const at = previewed.findIndex(({ mapped }) => !mapped);
    const sample = samples[at];
    if (sample === undefined) return absent;
    failure ??= { kind: sample.facts.kind, what: sample.what, reason: previewed[at]?.errors.join(', ') ?? '' };
  }
  throw codedError('CAEP_MAPPING_PREVIEW', { ...failure });
}

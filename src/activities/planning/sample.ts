/** A body as it would leave, through Adobe's own preview of the mapping. Nothing is stored or sent. */
import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import type { PreviewedRecord } from '../../adobe/services/dataPrep.js';
import { fixture } from '../../chatlio/fixtures.js';
import { readRequest, type Reading } from '../../chatlio/readRequest.js';
import { mappingUnreadable, readsOf } from '../../dataprep/reads.js';
import { CodedError, codedError } from '../../domain/errors.js';
import { type Kind, KINDS } from '../../domain/events/kinds.js';
import type { Ask, SealedAnswer } from '../../domain/inquiries.js';
import { leavingPrivacy, NO_PRIVACY, RECIPE } from '../../domain/projection/projection.js';
import type { Manifest } from '../../domain/source/manifest.js';
import type { SampleFor, SampleReport, SampleRow } from '../../domain/planning/sample.js';
import { compileProjection } from '../../projection/project.js';
import { storedBody } from '../../projection/stored.js';
import type { ProvisioningStore } from '../../store/sources/provisioning.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { MAX_SEALED_BYTES, sealFor } from '../../temporal/sealedAnswer.js';
import { openFromTerminal } from '../accounts/credentials.js';
import { withoutWords } from '../withoutWords.js';
import { valueAt } from './valueAt.js';

interface SampleDeps {
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly store: Pick<ProvisioningStore, 'projection' | 'uidOf'>;
  readonly keyRing: Pick<KeyRing, 'accessKey' | 'seal' | 'open'>;
}

/**
 * @throws CodedError `CAEP_SAMPLE_NOT_TAKEN` where the receiver would hold the body, or Temporal would refuse the answer,
 *   `CAEP_SAMPLE_NEEDS_SCHEMA`, `CAEP_MAPPING_UNREADABLE`; AdobeCallError
 */
export async function sampleReport(deps: SampleDeps, ask: Ask<'sample'>): Promise<SealedAnswer> {
  const { manifest, schemaId, sealTo } = ask;
  const { name } = manifest;
  const clients = deps.adobe.forSandbox(manifest.sandbox);
  const taken = takenAs(bodyOf(deps, ask), ask);
  const uid = ask.uid ?? (await deps.store.uidOf(name));
  const standing = uid === undefined ? undefined : await deps.store.projection({ name, uid });
  const record = recordOf(manifest, taken, standing?.absent ?? 'omitted');
  const { tenantId } = await clients.schemaRegistry.stats();
  const rows = manifest.mapping.map((row) => ({
    ...row,
    destination: row.destination.replace('{tenant}', `_${tenantId}`),
  }));
  const set = { name, schemaId: schemaId ?? (await schemaOf(clients, manifest)), mappings: rows };
  const [previewed] = await clients.dataPrep.previewMappingSet(set, [record]).catch((failure: unknown) => {
    throw withoutWords(failure, 'the sample');
  });
  const report: SampleReport = {
    v: 1,
    name,
    kind: taken.kind,
    eventId: taken.reading.eventId,
    ...resultOf(rows, previewed),
  };
  const text = JSON.stringify(report);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SEALED_BYTES) {
    const reason = `what comes out of it, with its rows, has ${bytes} bytes, and an answer has at most ${MAX_SEALED_BYTES}`;
    throw codedError('CAEP_SAMPLE_NOT_TAKEN', { reason });
  }
  return { v: 1, sealed: sealFor(deps.keyRing.accessKey, sealTo, text) };
}

function bodyOf({ keyRing }: SampleDeps, { manifest, kind, sample, atMs }: Ask<'sample'>): Buffer {
  if (sample === undefined) return Buffer.from(JSON.stringify(fixture(kind ?? KINDS[0], { seed: 1, atMs })));
  const { opened, isCurrent } = openFromTerminal(keyRing, sample);
  const { name, body } = JSON.parse(opened) as SampleFor;
  if (!isCurrent || name !== manifest.name) {
    throw codedError('CAEP_SAMPLE_NOT_TAKEN', { reason: 'it came too late, or for another source' });
  }
  return Buffer.from(body, 'base64');
}

interface Taken {
  readonly kind: Kind;
  readonly widget: string;
  readonly receivedAtMs: number;
  readonly raw: Buffer;
  readonly reading: Extract<Reading, { readonly outcome: 'event' }>;
}

/** As the kind that is said, else as the first that it can be: three kinds cannot be told apart by their bodies. */
function takenAs(raw: Buffer, { manifest, kind, atMs }: Ask<'sample'>): Taken {
  const widget = manifest.chatlio.widgets[0]?.key ?? '';
  let why = '';
  for (const each of kind === undefined ? KINDS : [kind]) {
    const reading = readRequest({ widget, kind: each, raw, receivedAtMs: atMs });
    if (reading.outcome === 'event') return { kind: each, widget, receivedAtMs: atMs, raw, reading };
    why ||= reading.why;
  }
  throw codedError('CAEP_SAMPLE_NOT_TAKEN', { reason: why });
}

function recordOf(
  { contents, privacy = NO_PRIVACY, mapping, mappingReads }: Manifest,
  { kind, widget, receivedAtMs, raw, reading }: Taken,
  absent: 'omitted' | 'null',
): object {
  if (contents === undefined) return reading.cutEvent();
  const found = readsOf(mapping, mappingReads);
  if ('unreadable' in found) throw new CodedError(mappingUnreadable(found.unreadable));
  const project = compileProjection({
    v: 1,
    recipe: RECIPE,
    mappingSet: { id: '', version: 0 },
    reads: found.reads,
    contents,
    privacy: leavingPrivacy(privacy),
    absent,
  });
  const { eventId, occurredAtMs } = reading;
  const kept = storedBody(raw, privacy.store?.drop ?? []);
  const projected = project?.(kept, { eventId, kind, widget, receivedAtMs, occurredAtMs });
  if (projected === undefined || 'fault' in projected) {
    throw codedError('CAEP_SAMPLE_NOT_TAKEN', { reason: projected?.fault ?? 'this release cannot project it' });
  }
  return JSON.parse(projected.body.toString()) as object;
}

/** Adobe maps into a schema: one that is there, of this title. */
async function schemaOf({ schemaRegistry }: AdobeClients, { name, xdm }: Manifest): Promise<string> {
  const [schema] = await schemaRegistry.listSchemas({ title: xdm.schema.title });
  if (schema === undefined) throw codedError('CAEP_SAMPLE_NEEDS_SCHEMA', { name, title: xdm.schema.title });
  return schema.id;
}

function resultOf(
  rows: Manifest['mapping'],
  { data, mapped = false, failures = [] }: Partial<PreviewedRecord> = {},
): Pick<SampleReport, 'rows' | 'xdm' | 'errors'> {
  const destinations = new Set(rows.map(({ destination }) => destination));
  return {
    rows: rows.map((row): SampleRow => {
      const errors = failures.flatMap(({ destination, said }) => (destination === row.destination ? [said] : []));
      const value = valueAt(data, row.destination);
      return { ...row, ...(value === undefined ? {} : { value }), ...(errors.length === 0 ? {} : { errors }) };
    }),
    ...(mapped ? { xdm: data } : {}),
    errors: failures.flatMap(({ destination, said }) => (destinations.has(destination ?? '') ? [] : [said])),
  };
}

/** What becomes of an accepted message: mapped and validated, a row or a failed record. No I/O. */
import { randomUUID } from 'node:crypto';
import type { Context } from '../context.js';
import { compileMapping, isRecord, MappingRowError, type CompiledMapping } from '../dataprep/mapping.js';
import { RowFailure } from '../dataprep/language/values.js';
import type { Scope } from '../state/state.js';
import { COLLECTIONS, type StoredDataset, type StoredDescriptor, type StoredMappingSet } from '../state/stored.js';
import type { XdmSchema } from '../xdm/schema.js';
import type { Schemas } from '../schemaRegistry/schemas.js';
import { checkEvent, identityFields, type IdentityField } from '../xdm/events.js';
import type { Violation } from '../xdm/validate.js';

export interface Message {
  readonly form: 'raw' | 'xdm';
  readonly body: unknown;
  readonly datasetId: string;
  readonly mappingId?: string | undefined;
  readonly mappingVersion?: number | undefined;
}

export type Judgement =
  | {
      readonly kind: 'row';
      readonly entity: Readonly<Record<string, unknown>>;
      readonly schema: XdmSchema;
      readonly dataset: StoredDataset;
      readonly hasWarnings: boolean;
      readonly isProfileEvent: boolean;
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface Failure {
  /** Of flow runs and batches: `MAPPER-3700-400`, `INGEST-1212-400`. */
  readonly code: string;
  readonly message: string;
  /** JSON line of the failed batch. */
  readonly record: Readonly<Record<string, unknown>>;
  /** For synchronous validation. */
  readonly violation?: Violation | undefined;
}

export interface Judge {
  judge(scope: Scope, message: Message): Judgement;
  /** The `_id` that the message will have, if that can be told. */
  eventIdOf(scope: Scope, message: Message): string | undefined;
}

/** Profile drops events above this ("Guardrails for Real-Time Customer Profile"). */
const PROFILE_EVENT_LIMIT_BYTES = 10_000;

export function createJudge(context: Context, schemas: Schemas): Judge {
  const datasets = context.state.collection<StoredDataset>(COLLECTIONS.datasets);
  const mappingSets = context.state.collection<StoredMappingSet>(COLLECTIONS.mappingSets);
  const descriptors = context.state.collection<StoredDescriptor>(COLLECTIONS.descriptors);
  // A version of a set never changes, a resolved schema is a new object after each change.
  const compiled = new WeakMap<XdmSchema, Map<string, CompiledMapping>>();
  const identities = new WeakMap<XdmSchema, { readonly fields: readonly IdentityField[]; readonly epoch: number }>();
  let descriptorEpoch = 0;
  descriptors.watch(() => {
    descriptorEpoch += 1;
  });

  function mappingOf(scope: Scope, message: Message, schema: XdmSchema): CompiledMapping | undefined {
    const version = mappingSets.get(scope, message.mappingId ?? '')?.versions[message.mappingVersion ?? 0];
    if (version === undefined) return undefined;
    const ofSchema = compiled.get(schema) ?? new Map<string, CompiledMapping>();
    compiled.set(schema, ofSchema);
    const key = `${message.mappingId}/${message.mappingVersion}`;
    const mapping = ofSchema.get(key) ?? compileMapping(version.mappings, schema);
    ofSchema.set(key, mapping);
    return mapping;
  }

  function identitiesOf(scope: Scope, dataset: StoredDataset, schema: XdmSchema): readonly IdentityField[] {
    const known = identities.get(schema);
    if (known?.epoch === descriptorEpoch) return known.fields;
    const fields = identityFields(descriptors.list(scope).filter(({ schemaId }) => schemaId === dataset.schemaId));
    identities.set(schema, { fields, epoch: descriptorEpoch });
    return fields;
  }

  // Named one by one: spreading the whole policy for every event shows in a profile.
  function settings() {
    const { current } = context.policy;
    return {
      nowMs: context.clock.now(),
      missingAttributeInMapping: current.missingAttributeInMapping,
      iifEvaluation: current.iifEvaluation,
      unevenArrays: current.unevenArrays,
      iterationShape: current.iterationShape,
      iterationIntoField: current.iterationIntoField,
      membersWithoutField: current.membersWithoutField,
      nullInStructures: current.nullInStructures,
      conversionInStructures: current.conversionInStructures,
      futureTimestamp: current.futureTimestamp,
      emptyStringOnIdentity: current.emptyStringOnIdentity,
    };
  }

  function entityOf(scope: Scope, message: Message, schema: XdmSchema): { entity: unknown; hasWarnings: boolean } {
    if (message.form === 'xdm') return { entity: xdmEntityOf(message.body), hasWarnings: false };
    const mapping = mappingOf(scope, message, schema);
    if (mapping === undefined) throw new RowFailure(`Mapping ${message.mappingId} does not exist`);
    if (!isRecord(message.body)) throw new RowFailure('The record is not an object');
    const { entity, warnings } = mapping.apply({ ...settings(), record: message.body });
    return { entity, hasWarnings: warnings.length > 0 };
  }

  return {
    judge(scope, message) {
      const dataset = datasets.get(scope, message.datasetId);
      const schema = dataset === undefined ? undefined : schemas.asValidated(scope, dataset.schemaId);
      if (dataset === undefined || schema === undefined) {
        const missing = `Dataset ${message.datasetId} or its schema does not exist`;
        return failed('INGEST-1211-400', missing, message.body, { _errors: { _ingestion: [{ message: missing }] } });
      }
      let mapped: { entity: unknown; hasWarnings: boolean };
      try {
        mapped = entityOf(scope, message, schema);
      } catch (error) {
        if (!(error instanceof RowFailure) && !(error instanceof MappingRowError)) throw error;
        const entry = { code: 'MAPPER-3700-400', message: error.message };
        return failed(entry.code, 'Mapper Transform Error', message.body, { _errors: { _mapper: [entry] } });
      }
      const { entity, hasWarnings } = mapped;
      if (!isRecord(entity)) {
        const violation = { ...ROOT, message: 'Payload body is missing xdmEntity' };
        return invalid(violation, {});
      }
      const fields = identitiesOf(scope, dataset, schema);
      const violation = checkEvent(schema, entity, fields, settings());
      if (violation !== undefined) return invalid(violation, entity);
      const isProfileEvent = isProfileEnabled(dataset) && hasIdentity(fields, entity) && isSmallEnough(entity);
      return { kind: 'row', entity, schema, dataset, hasWarnings, isProfileEvent };
    },
    eventIdOf(scope, message) {
      if (message.form === 'xdm') {
        const entity = xdmEntityOf(message.body);
        return isRecord(entity) && typeof entity['_id'] === 'string' ? entity['_id'] : undefined;
      }
      // The dataset may be gone; the mapping knows its schema.
      const version = mappingSets.get(scope, message.mappingId ?? '')?.versions[message.mappingVersion ?? 0];
      const schema = version === undefined ? undefined : schemas.asValidated(scope, version.schemaId);
      if (schema === undefined || !isRecord(message.body)) return undefined;
      try {
        return mappingOf(scope, message, schema)?.eventId({ ...settings(), record: message.body });
      } catch (error) {
        // A mapping that no longer fits its schema fails when the message is judged.
        if (error instanceof MappingRowError) return undefined;
        throw error;
      }
    },
  };
}

const ROOT = { schemaLocation: '#', pointerToViolation: '#', causingExceptions: [] } as const;

function failed(code: string, message: string, body: unknown, errors: Readonly<Record<string, unknown>>): Judgement {
  const record = isRecord(body) ? { ...body, ...errors } : errors;
  return { kind: 'failed', failure: { code, message, record } };
}

function invalid(violation: Violation, entity: Readonly<Record<string, unknown>>): Judgement {
  const violations = violation.causingExceptions.length > 0 ? violation.causingExceptions : [violation];
  const record = { ...entity, _validationErrors: violations };
  const failure = { code: 'DCVS-1100-400', message: "The message can't be validated", record, violation };
  return { kind: 'failed', failure };
}

/** The verdict of a placed fault, in the form of a real one. */
export function placedFailure(reason: string, body: unknown): Judgement {
  const entity = isRecord(body) ? body : {};
  return invalid({ ...ROOT, keyword: 'placed', message: reason }, entity);
}

function xdmEntityOf(message: unknown): unknown {
  const body = isRecord(message) ? message['body'] : undefined;
  return body !== undefined && isRecord(body) ? body['xdmEntity'] : undefined;
}

function isProfileEnabled(dataset: StoredDataset): boolean {
  const tags = dataset.document['tags'] as Record<string, readonly string[]> | undefined;
  return tags?.['unifiedProfile']?.some((tag) => tag.replaceAll(' ', '') === 'enabled:true') ?? false;
}

function hasIdentity(fields: readonly IdentityField[], entity: Readonly<Record<string, unknown>>): boolean {
  const map = entity['identityMap'];
  const inMap = typeof map === 'object' && map !== null && Object.keys(map).length > 0;
  return inMap || fields.some(({ read }) => typeof read(entity) === 'string' && read(entity) !== '');
}

function isSmallEnough(entity: Readonly<Record<string, unknown>>): boolean {
  return Buffer.byteLength(JSON.stringify(entity)) <= PROFILE_EVENT_LIMIT_BYTES;
}

/** 26 characters in Crockford's alphabet, the first ten of them the time, as Catalog's batch ids are. */
export function newBatchId(nowMs: number): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let time = '';
  for (let rest = nowMs; time.length < 10; rest = Math.floor(rest / 32)) time = (alphabet[rest % 32] ?? '0') + time;
  const random = Array.from(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), (byte) => alphabet[byte % 32]);
  return time + random.join('');
}

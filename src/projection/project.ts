/** From an original to the bytes that are posted to the inlet. */
import { MAX_EVENT_BYTES, canonicalEvent, wholeEvent } from '../chatlio/canonicalEvent.js';
import { jsonOf } from '../chatlio/canonicalJson.js';
import { occurredAtMs } from '../chatlio/eventTime.js';
import { type ChatlioBody, isObject, readPayload } from '../chatlio/payloads.js';
import { cleanText } from '../chatlio/shorten.js';
import { CANONICAL_FIELD_NAMES, CANONICAL_FIELDS } from '../domain/events/canonical.js';
import { KIND_FACTS } from '../domain/events/kinds.js';
import type { OriginalFacts } from '../domain/projection/original.js';
import { DERIVED_FIELDS, isDerived } from '../domain/projection/fields.js';
import { type Privacy, type Projection, RECIPE } from '../domain/projection/projection.js';
import { DERIVE } from './derive.js';
import { shortenBy } from './fit.js';
import { compilePrivacy } from './privacy.js';
import { parsedOriginal } from './parsedOriginal.js';
import { define, pruned, type ReadNode, readTree, withNulls } from './readSet.js';
import { unknownFieldsFor } from './unknownFields.js';

type Projected =
  | {
      readonly body: Buffer;
      /** Names of fields that the original has and the mapping does not read. */
      readonly unmapped: readonly string[];
    }
  | { readonly fault: string };

export type Project = (original: Buffer, facts: OriginalFacts) => Projected;

/** Below the inlet's limit of 1 MB, with room for what stands around the record. */
export const MAX_WHOLE_BYTES = 900_000;
/** For what is said in the record: that texts were shortened, how many messages were left out. */
const ROOM_FOR_MARKS = 64;

/**
 * Makes of a projection what is called for each event: a pure function of the original and its facts, so that every attempt sends
 * the same bytes.
 *
 * Integers beyond 2^53 are sent as JSON reads them, rounded, as docs/fields.md says; Chatlio's own identifiers are texts.
 *
 * @returns undefined for a recipe that this release does not know
 * @example
 * const project = compileProjection(projection);
 * const projected = project?.(original, facts);
 * if (projected !== undefined && 'body' in projected) await inlet.post(projected.body, { mayStart: () => true });
 */
export function compileProjection(projection: Projection): Project | undefined {
  if (projection.recipe !== RECIPE) return undefined;
  const { contents, absent } = projection;
  const tree = readTree(projection.reads);
  const unknownIn = unknownFieldsFor(projection.reads);
  const applyPrivacy = compilePrivacy(projection.privacy);
  const maxBytes = contents === 'full' ? MAX_WHOLE_BYTES : MAX_EVENT_BYTES;
  const eventOf = contents === 'full' ? wholeEvent : canonicalEvent;
  const fields = [...derivedFields(tree, projection.privacy), ...ownFields(tree)].map((field) => ({
    ...field,
    key: `${jsonOf(field.name)}:`,
  }));
  const readsCanonical = fields.some(({ name }) => Object.hasOwn(CANONICAL_FIELDS, name));

  return (original, facts) => {
    const body = parsedOriginal(original);
    if (body === undefined) return { fault: 'its body is not a JSON object' };
    const payload = readsCanonical ? readPayload(body) : undefined;
    const isTranscript = KIND_FACTS[facts.kind].shape === 'transcript';
    const at =
      payload === undefined ? 0 : (facts.occurredAtMs ?? occurredAtMs(payload, isTranscript, facts.receivedAtMs));
    applyPrivacy?.(body);
    const left = payload === undefined || applyPrivacy === undefined ? payload : readPayload(body);
    const event = left === undefined ? {} : eventOf({ ...facts, occurredAtMs: at, payload: left });

    let json = '';
    const values = fields.map(({ key, node, valueOf }) => {
      const value = absent === 'null' ? withNulls(valueOf(body, event), node) : valueOf(body, event);
      if (value !== undefined) json += `${json === '' ? '' : ','}${key}${jsonOf(value)}`;
      return value;
    });
    const bytes = Buffer.from(`{${json}}`);
    const sent = bytes.length <= maxBytes ? bytes : shortened(values, bytes.length - maxBytes);
    if (sent === undefined) return { fault: `what leaves of it is longer than ${maxBytes} bytes` };
    return { body: sent, unmapped: unknownIn(body, facts.kind) };
  };

  function shortened(values: readonly unknown[], excess: number): Buffer | undefined {
    const record: Record<string, unknown> = {};
    for (const [index, { name }] of fields.entries()) {
      if (values[index] !== undefined) define(record, name, values[index]);
    }
    const { texts, takenOff } = shortenBy(record, excess + ROOM_FOR_MARKS);
    const own = record[BODY];
    const messagesOmitted = Math.max(
      takenOff.get(record['messages']) ?? 0,
      takenOff.get(isObject(own) ? own['messages'] : undefined) ?? 0,
    );
    if ((texts || takenOff.size > 0) && tree.members.has('messageTruncated')) record['messageTruncated'] = true;
    if (messagesOmitted > 0 && tree.members.has('messagesOmitted')) record['messagesOmitted'] = messagesOmitted;
    const body = Buffer.from(JSON.stringify(record));
    return body.length <= maxBytes ? body : undefined;
  }
}

interface Field {
  readonly name: string;
  readonly node: ReadNode;
  readonly valueOf: (body: ChatlioBody, event: object) => unknown;
}

/** Below it stands Chatlio's own body, whatever is derived under the same names. */
const BODY = 'body';

/** How {@link canonicalEvent} writes them. */
const ENDS_CANONICAL: ReadonlySet<string> = new Set(['message', 'messageTruncated']);

/** In the order of the canonical event, which ends with the message, then of the table: the order of the reads does not count. */
const ORDER: readonly string[] = [
  ...CANONICAL_FIELD_NAMES.filter((name) => !ENDS_CANONICAL.has(name)),
  ...ENDS_CANONICAL,
  ...Object.keys(DERIVED_FIELDS).filter((name) => !Object.hasOwn(CANONICAL_FIELDS, name)),
];

/** Of these nothing stands in the body: who drops one does not ask for less than that. */
const COUNTS: ReadonlySet<string> = new Set(['messageCount', 'visitorMessageCount']);

function derivedFields(tree: ReadNode, { drop }: Privacy): Field[] {
  return ORDER.flatMap((name) => {
    const node = tree.members.get(name);
    if (node === undefined || (COUNTS.has(name) && drop.includes(name))) return [];
    const derive = isMore(name) ? DERIVE[name] : undefined;
    // What is derived has nothing in it that stands for "none".
    const read = node.whole ? (value: unknown) => value : (value: unknown) => pruned(value, node);
    const valueOf: Field['valueOf'] =
      derive === undefined
        ? (_body, event) => read((event as Readonly<Record<string, unknown>>)[name])
        : (body) => cleaned(read(derive(body)));
    return [{ name, node, valueOf }];
  });
}

/** As they are read first, and last the whole of the body. */
function ownFields(tree: ReadNode): Field[] {
  const named = [...tree.members].filter(([name]) => name !== BODY && !isDerived(name));
  const fields = named.map(([name, node]): Field => {
    return {
      name,
      node,
      valueOf: (body) => (Object.hasOwn(body, name) ? cleaned(pruned(body[name], node)) : undefined),
    };
  });
  const node = tree.members.get(BODY);
  if (node !== undefined) fields.push({ name: BODY, node, valueOf: (body) => cleaned(pruned(body, node)) });
  return fields;
}

function isMore(name: string): name is keyof typeof DERIVE {
  return Object.hasOwn(DERIVE, name);
}

/** Every text that leaves: half of a surrogate pair is none, and NUL is refused by stores that AEP exports to. In place. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    const inner = holder[key];
    const clean = cleaned(inner);
    if (clean !== inner) define(holder, key, clean);
  }
  return value;
}

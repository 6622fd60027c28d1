/** Whether a request has had anything that the mapping of its time does not read. Pure; reads mappings with an eye of its own. */
import { CANONICAL_FIELD_NAMES } from '../../../src/domain/events/canonical.js';
import type { MappingRow, MappingVersion } from '../platform.js';
import type { Difference } from './compare.js';
import type { InStore } from './records.js';
import type { Sent } from './sent.js';

/** What may leave of whole chats under one version of a mapping set. */
export interface Leaving {
  readonly mapping: MappingVersion;
  readonly rows: readonly MappingRow[];
  /** By privacy, though the mapping reads it. */
  readonly keptBack: readonly string[];
}

function mappingKey({ id, version }: MappingVersion): string {
  return `${id}/${version}`;
}

export function leaksOf(input: {
  readonly sent: readonly Sent[];
  readonly markedRows: readonly string[];
  readonly store: ReadonlyMap<string, InStore>;
  readonly leaving: readonly Leaving[];
}): Difference[] {
  const allowed = new Map(input.leaving.map((one) => [mappingKey(one.mapping), readsOf(one)]));
  const leaks: Difference[] = [];
  const add = (eventId: string, detail: string): void => void leaks.push({ wrong: 'leaked', eventId, detail });
  for (const { eventId, mapping, paths, isMarked } of input.sent) {
    // Cut when it was taken, it leaves as it is.
    const isWhole = input.store.get(eventId)?.form === 'whole';
    const reads = isWhole ? (allowed.get(mappingKey(mapping)) ?? []) : CANONICAL_FIELD_NAMES;
    const unread = paths.filter((path) => !reads.some((read) => isIn(path, read)));
    const under = `${isWhole ? 'whole' : 'cut'}, under version ${mapping.version} of the mapping`;
    if (unread.length > 0) add(eventId, `${unread.join(', ')}: ${under}`);
    if (isMarked) add(eventId, `what no mapping reads stood in a request: ${under}`);
  }
  for (const eventId of input.markedRows) add(eventId, 'what no mapping reads stands in the lake');
  return leaks;
}

function isIn(path: string, read: string): boolean {
  return path === read || path.startsWith(`${read}.`) || path.startsWith(`${read}[`);
}

function readsOf({ rows, keptBack }: Leaving): string[] {
  return rows.flatMap(attributesOf).filter((read) => !keptBack.includes(read));
}

const TEXT = /"[^"]*"|'[^']*'/g;
/** A name that no parenthesis follows is no function. */
const ATTRIBUTE = /[A-Za-z_]\w*(?:\.\w+|\[\*\])*(?![\w.[]|\s*\()/g;

function attributesOf({ sourceType, source }: MappingRow): string[] {
  if (/static/i.test(sourceType)) return [];
  if (/schema-path|attribute/i.test(sourceType)) return [source];
  return source.replaceAll(TEXT, '').match(ATTRIBUTE) ?? [];
}

/** Requests by what the event was taken as and the version of the mapping that its flow used. */
export function countSent(sent: readonly Sent[], store: ReadonlyMap<string, InStore>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { eventId, mapping } of sent) {
    const name = `${store.get(eventId)?.form ?? 'not in the log'}, version ${mapping.version} of ${mapping.id.slice(0, 8)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

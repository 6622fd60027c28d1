/** Makes a record shorter: longest texts first, then elements from the ends of lists. Never an identifier, an address, a time. */
import { jsonBytes, shorten } from '../chatlio/shorten.js';

interface Text {
  readonly holder: Record<string | number, unknown>;
  readonly key: string | number;
  readonly bytes: number;
}

interface Shortened {
  readonly texts: boolean;
  /** How many elements were taken off the end of each list. */
  readonly takenOff: ReadonlyMap<unknown, number>;
}

/** No text is cut below this while elements of lists can go. */
const LEAST_TEXT_BYTES = 256;
/** By the name of the member, ours and Chatlio's: half an identifier is another one's. */
const NEVER_CUT =
  /^(?:_?id|uuid|ts|email|emailPretty|handle|visitorHandle)$|(?:Id|ID|_id|UUID|Uuid|_uuid|Email|_email|At|_at)$/;

/**
 * In one pass over the texts and one over the lists, whatever the record looks like.
 *
 * @param record is changed
 * @param excess bytes of its JSON that are too many
 */
export function shortenBy(record: Record<string, unknown>, excess: number): Shortened {
  const texts = textsIn(record).sort((a, b) => b.bytes - a.bytes);
  const cap = capFor(texts, excess);
  let left = excess;
  for (const { holder, key, bytes } of texts) {
    if (bytes <= cap) break;
    const cut = shorten(holder[key] as string, cap);
    holder[key] = cut;
    left -= bytes - jsonBytes(cut);
  }
  return { texts: texts.some(({ bytes }) => bytes > cap), takenOff: takeOffEnds(record, left) };
}

/** To which length the longest texts must come down, so that together they are shorter by `excess`. */
function capFor(descending: readonly Text[], excess: number): number {
  let above = 0;
  for (const [index, { bytes }] of descending.entries()) {
    above += bytes;
    const next = descending[index + 1]?.bytes ?? 0;
    const cap = Math.floor((above - excess) / (index + 1));
    if (cap >= next) return Math.max(cap, LEAST_TEXT_BYTES);
  }
  return LEAST_TEXT_BYTES;
}

function textsIn(value: unknown, texts: Text[] = []): Text[] {
  if (typeof value !== 'object' || value === null) return texts;
  const holder = value as Record<string | number, unknown>;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const inner = holder[key];
    if (typeof inner !== 'string') textsIn(inner, texts);
    else if (typeof key === 'number' || !NEVER_CUT.test(key)) texts.push({ holder, key, bytes: jsonBytes(inner) });
  }
  return texts;
}

/** Off the longest list first, as many as needed. */
function takeOffEnds(record: Record<string, unknown>, excess: number): ReadonlyMap<unknown, number> {
  const takenOff = new Map<unknown, number>();
  if (excess <= 0) return takenOff;
  const gone = new Set<unknown>();
  let left = excess;
  for (const list of listsIn(record).sort((a, b) => b.length - a.length)) {
    if (left <= 0) break;
    // What stands in an element that is gone makes nothing shorter any more.
    while (left > 0 && list.length > 0 && !gone.has(list)) {
      const last = list.pop();
      left -= Buffer.byteLength(JSON.stringify(last) ?? '') + (list.length > 0 ? 1 : 0);
      takenOff.set(list, (takenOff.get(list) ?? 0) + 1);
      for (const inner of listsIn(last)) gone.add(inner);
    }
  }
  return takenOff;
}

function listsIn(value: unknown, lists: unknown[][] = []): unknown[][] {
  if (Array.isArray(value)) lists.push(value);
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) listsIn(inner, lists);
  return lists;
}

/**
 * Cursor arithmetic: what a partition's row says about the events behind its cursor.
 *
 * Every sequence number is in exactly one state:
 *
 * | state | means |
 * | --- | --- |
 * | `passed` | at or before the cursor: delivered, in the exceptions, or no event |
 * | `decided` | the same, but an earlier one is still open |
 * | `withdrawn` | intended once, known not to have been accepted: to be sent by a later intent |
 * | `undecided` | intended and not decided: may have been sent |
 * | `ahead` | after the last intent: certainly not sent |
 *
 * Windows are values: each function answers a new one. They hold only what undecided attempts keep from being passed,
 * some hundred events, so copying costs nothing beside the database round trip that every change comes with.
 *
 * @example
 * const intended = intend(emptyWindow(10), { seqs: [11, 12, 13] });
 * const known = record(intended, { decided: [11, 13], withdrawn: [] });
 * assert.equal(known.cursor, 11);
 * assert.equal(stateOf(known, 12), 'undecided');
 * assert.equal(stateOf(known, 13), 'decided');
 * assert.equal(record(known, { decided: [12], withdrawn: [] }).cursor, 13);
 */

/** Bit i, least significant first, stands for sequence number `cursor + 1 + i`. */
type Bitmap = Uint8Array;

export interface CursorWindow {
  /** Everything up to here is passed. */
  readonly cursor: number;
  /** Everything after this is ahead. Never below the cursor. */
  readonly intended: number;
  readonly decided: Bitmap;
  readonly withdrawn: Bitmap;
}

export type SequenceState = 'passed' | 'decided' | 'withdrawn' | 'undecided' | 'ahead';

const NO_BITS: Bitmap = new Uint8Array(0);

export function emptyWindow(cursor: number): CursorWindow {
  return { cursor, intended: cursor, decided: NO_BITS, withdrawn: NO_BITS };
}

export function stateOf(window: CursorWindow, seq: number): SequenceState {
  if (seq <= window.cursor) return 'passed';
  if (seq > window.intended) return 'ahead';
  if (isSet(window.decided, seq - window.cursor - 1)) return 'decided';
  return isSet(window.withdrawn, seq - window.cursor - 1) ? 'withdrawn' : 'undecided';
}

/** Sequence numbers of the window in the given state, ascending. */
export function sequencesIn(window: CursorWindow, state: 'decided' | 'withdrawn' | 'undecided'): number[] {
  const found: number[] = [];
  for (let seq = window.cursor + 1; seq <= window.intended; seq += 1) {
    if (stateOf(window, seq) === state) found.push(seq);
  }
  return found;
}

/** What became known since the last record. Sequence numbers that are not undecided any more are left as they are. */
export interface Known {
  readonly decided: Iterable<number>;
  readonly withdrawn: Iterable<number>;
}

/** Records outcomes, in any order, and moves the cursor over the decided prefix. */
export function record(window: CursorWindow, known: Known): CursorWindow {
  const decided = sized(window.decided, window);
  const withdrawn = sized(window.withdrawn, window);
  for (const seq of known.withdrawn) {
    if (stateOf(window, seq) === 'undecided') setBit(withdrawn, seq - window.cursor - 1);
  }
  for (const seq of known.decided) {
    const state = stateOf(window, seq);
    if (state === 'passed' || state === 'ahead') continue;
    setBit(decided, seq - window.cursor - 1);
    clearBit(withdrawn, seq - window.cursor - 1);
  }
  return advance({ ...window, decided, withdrawn });
}

/** Events that are to be sent next, and numbers among them that no event has. */
export interface Intent {
  readonly seqs: readonly number[];
  readonly absent?: readonly number[];
}

/**
 * Extends the window over the events to send. Numbers that it newly covers and that the intent does not name are marked
 * withdrawn, so that an event which a caller forgot is late at worst, never lost.
 */
export function intend(window: CursorWindow, intent: Intent): CursorWindow {
  const absent = intent.absent ?? [];
  const last = Math.max(window.intended, intent.seqs.at(-1) ?? 0, absent.at(-1) ?? 0);
  const wider = { ...window, intended: last };
  const decided = sized(window.decided, wider);
  const withdrawn = sized(window.withdrawn, wider);
  for (let seq = window.intended + 1; seq <= last; seq += 1) setBit(withdrawn, seq - window.cursor - 1);
  for (const seq of intent.seqs) {
    if (seq > window.cursor) clearBit(withdrawn, seq - window.cursor - 1);
  }
  for (const seq of absent) {
    if (seq <= window.cursor) continue;
    clearBit(withdrawn, seq - window.cursor - 1);
    setBit(decided, seq - window.cursor - 1);
  }
  return advance({ ...wider, decided, withdrawn });
}

export function countUndecided(window: CursorWindow): number {
  return window.intended - window.cursor - countBits(window.decided) - countBits(window.withdrawn);
}

/** A window as it comes from the database: bits beyond `intended`, left by an intent that was not granted, are dropped. */
export function restoreWindow(stored: CursorWindow): CursorWindow {
  const decided = sized(stored.decided, stored);
  const withdrawn = sized(stored.withdrawn, stored);
  const size = stored.intended - stored.cursor;
  for (let bit = size; bit < decided.length * 8; bit += 1) {
    clearBit(decided, bit);
    clearBit(withdrawn, bit);
  }
  return advance({ ...stored, decided, withdrawn });
}

function advance(window: CursorWindow): CursorWindow {
  let cursor = window.cursor;
  while (cursor < window.intended && isSet(window.decided, cursor - window.cursor)) cursor += 1;
  const by = cursor - window.cursor;
  if (by === 0) return window;
  return {
    cursor,
    intended: window.intended,
    decided: shift(window.decided, by),
    withdrawn: shift(window.withdrawn, by),
  };
}

/** A copy that has room for the whole window. */
function sized(bitmap: Bitmap, window: { readonly cursor: number; readonly intended: number }): Bitmap {
  const copy = new Uint8Array(Math.ceil((window.intended - window.cursor) / 8));
  copy.set(bitmap.subarray(0, copy.length));
  return copy;
}

/** Drops the first `by` bits. Trailing zero bytes go as well: an empty map costs no bytes in the row. */
function shift(bitmap: Bitmap, by: number): Bitmap {
  const bytes = by >> 3;
  const bits = by & 7;
  const shifted = new Uint8Array(Math.max(bitmap.length - bytes, 0));
  let length = 0;
  for (let i = 0; i < shifted.length; i += 1) {
    const low = (bitmap[i + bytes] ?? 0) >> bits;
    const high = bits === 0 ? 0 : (bitmap[i + bytes + 1] ?? 0) << (8 - bits);
    const byte = (low | high) & 0xff;
    shifted[i] = byte;
    if (byte !== 0) length = i + 1;
  }
  return shifted.subarray(0, length);
}

function isSet(bitmap: Bitmap, bit: number): boolean {
  return ((bitmap[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function setBit(bitmap: Bitmap, bit: number): void {
  bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7));
}

function clearBit(bitmap: Bitmap, bit: number): void {
  bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) & ~(1 << (bit & 7));
}

function countBits(bitmap: Bitmap): number {
  let count = 0;
  for (const byte of bitmap) {
    for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}

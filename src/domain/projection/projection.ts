/**
 * What leaves of an original: the attributes that the flow's mapping set reads, and nothing else.
 *
 * An original and a projection decide every byte that is sent. So a projection is never changed, only replaced by one of another
 * version, while the gate is closed.
 */

/** Of the code that makes the bytes. A new number wherever the same original would give other bytes; old ones stay. */
export const RECIPE = 1;

export const CONTENTS = ['full', 'compact'] as const;

/** `full`: texts whole, up to what the inlet takes. `compact`: below 8,000 bytes, for datasets that are enabled for Profile. */
export type Contents = (typeof CONTENTS)[number];

export const REDACTIONS = ['cards', 'emails', 'phones'] as const;

export type Redaction = (typeof REDACTIONS)[number];

/** Applied to the original before anything is derived of it, but for event id, MACs and times. Paths as a mapping writes them. */
export interface Privacy {
  /** Absent in what leaves, with everything that repeats it. */
  readonly drop: readonly string[];
  /** SHA-256 of the trimmed, lower-cased value, in hexadecimal. */
  readonly hash: readonly string[];
  /** Replaced in free texts. */
  readonly redact: readonly Redaction[];
}

export const NO_PRIVACY: Privacy = { drop: [], hash: [], redact: [] };

/** As a person says it. */
export interface WrittenPrivacy extends Privacy {
  /** Not even kept: removed from a body before it is sealed. Only where something was said. */
  readonly store?: { readonly drop: readonly string[] };
}

/** Of what was kept before, that leaves no more than of what is kept from now on. */
export function leavingPrivacy({ store, drop, hash, redact }: WrittenPrivacy): Privacy {
  return { drop: [...new Set([...drop, ...(store?.drop ?? [])])], hash, redact };
}

export interface Projection {
  readonly v: 1;
  /** A worker that does not know it takes no partition. */
  readonly recipe: number;
  readonly mappingSet: { readonly id: string; readonly version: number };
  /** Source attributes that the mapping set reads, in the spelling of Data Prep: `eventId`, `messages[*].text`, `body.visitor.UUID`. */
  readonly reads: readonly string[];
  readonly contents: Contents;
  readonly privacy: Privacy;
  /** What stands for an attribute that is read and that an event lacks. */
  readonly absent: 'omitted' | 'null';
  /** The mapping set does not tell events apart: see `domain/exceptions/proof.ts`. */
  readonly proof?: 'none';
}

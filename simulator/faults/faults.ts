/**
 * Faults placed on routes: what goes wrong, at which requests, and whether the call takes effect all the same.
 *
 * Rules are durable and so are their counts, so that a killed simulator goes on where it stood.
 */
import { randomUUID } from 'node:crypto';
import { INSTALLATION, type State } from '../state/state.js';

/** What the caller cannot see: whether the call took effect. */
type Effect = 'none' | 'done';

/** The body of an answer that a fault gives: of the service's own error family, a proxy's page, broken JSON, nothing. */
type FaultBody = 'service' | 'html' | 'malformed' | 'empty';

export type Fault =
  | {
      /** Answers this status; 429, 500, 502, 503, 504 and, with another body, 200 are the usual ones. */
      readonly kind: 'status';
      readonly status: number;
      /** Seconds, or an HTTP date as text. Absent: no Retry-After. */
      readonly retryAfter?: number | string;
      readonly body?: FaultBody;
      readonly effect?: Effect;
    }
  | { readonly kind: 'slow'; readonly ms: number; readonly when: 'before-effect' | 'after-effect' }
  /** The connection ends without an answer; with `done` this is commit-then-cut. */
  | { readonly kind: 'cut'; readonly effect: Effect }
  /** The connection stays open and nothing is ever answered. */
  | { readonly kind: 'hang'; readonly effect: Effect }
  /** No answer now; the call takes effect `ms` after the connection was cut or left hanging. */
  | { readonly kind: 'accept-late'; readonly ms: number; readonly connection: 'cut' | 'hang' }
  /** A list or search does not show objects younger than this. */
  | { readonly kind: 'stale-list'; readonly youngerThanMs: number }
  /** The token of this request is revoked before it is looked at. */
  | { readonly kind: 'token-revoked' }
  /** Something that only the service itself can do: the handler finds it as `request.fault`. */
  | { readonly kind: 'service'; readonly name: string; readonly parameters?: Readonly<Record<string, unknown>> };

/** All that is given must fit. */
interface FaultMatch {
  /** Name of a route; `*` stands for any run of characters: `flowservice.*`. */
  readonly route?: string;
  readonly method?: string;
  /** Regular expression on the path without query. */
  readonly path?: string;
  /** Text that the request's body contains. */
  readonly bodyIncludes?: string;
  /** The request's `x-sandbox-name`. */
  readonly sandbox?: string;
}

export interface FaultRule {
  readonly id: string;
  readonly match: FaultMatch;
  readonly fault: Fault;
  /** The first of the matching requests that is hit, counted from 1 since the rule was placed. Default 1. */
  readonly nth?: number;
  /** How many matching requests are candidates from there on. Default 1, with a probability all. 0 stands for all. */
  readonly times?: number;
  /** 0 to 1; each candidate is hit with this probability, drawn from `seed` and its number. */
  readonly probability?: number;
  readonly seed?: number;
}

interface PlacedFault {
  readonly rule: FaultRule;
  /** Matching requests so far. */
  readonly seen: number;
  readonly hits: number;
}

/** What a rule looks at. */
interface FaultSubject {
  readonly routeName: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly sandbox?: string;
}

export interface Faults {
  list(): readonly PlacedFault[];
  /** Places a rule, or replaces the one with its id; counts start at 0. */
  place(rule: Omit<FaultRule, 'id'> & { readonly id?: string }): PlacedFault;
  remove(id: string): boolean;
  clear(): void;
  /** Counts the request on every rule that matches and returns the faults that hit it. */
  strike(subject: FaultSubject): readonly Fault[];
}

/** A draw in [0, 1) that depends on nothing but seed and number (splitmix32). */
export function drawOf(seed: number, number: number): number {
  let z = (seed + Math.imul(number, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
}

/** Whether the rule hits its `number`-th matching request, counted from 1. */
export function hits(rule: FaultRule, number: number): boolean {
  const first = rule.nth ?? 1;
  const times = rule.times ?? (rule.probability === undefined ? 1 : 0);
  if (number < first || (times !== 0 && number >= first + times)) return false;
  return rule.probability === undefined || drawOf(rule.seed ?? 0, number) < rule.probability;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** New TCP connections are a route of their own: only a rule that names it concerns them, with `cut`. */
export const CONNECTION_ROUTE = 'connection';

export function matches(match: FaultMatch, subject: FaultSubject): boolean {
  if (subject.routeName === CONNECTION_ROUTE) return match.route === CONNECTION_ROUTE;
  if (match.route !== undefined) {
    const pattern = match.route.split('*').map(escapeRegExp).join('.*');
    if (!new RegExp(`^${pattern}$`).test(subject.routeName)) return false;
  }
  if (match.method !== undefined && match.method.toUpperCase() !== subject.method) return false;
  if (match.path !== undefined && !new RegExp(match.path).test(subject.path)) return false;
  if (match.sandbox !== undefined && match.sandbox !== subject.sandbox) return false;
  return match.bodyIncludes === undefined || subject.body.includes(match.bodyIncludes);
}

const KIND = 'faults';

/** @param defaultSeed of rules that have a probability and no seed */
export function createFaults(state: State, defaultSeed = 0): Faults {
  const placed = state.collection<PlacedFault>(KIND);
  return {
    list: () => placed.list(INSTALLATION),
    place(rule) {
      const id = rule.id ?? randomUUID();
      const entry = { rule: { seed: defaultSeed, ...rule, id }, seen: 0, hits: 0 };
      placed.put(INSTALLATION, id, entry);
      return entry;
    },
    remove: (id) => placed.delete(INSTALLATION, id),
    clear() {
      for (const { rule } of placed.list(INSTALLATION)) placed.delete(INSTALLATION, rule.id);
    },
    strike(subject) {
      return placed.list(INSTALLATION).flatMap((entry) => {
        if (!matches(entry.rule.match, subject)) return [];
        const seen = entry.seen + 1;
        const hit = hits(entry.rule, seen);
        placed.put(INSTALLATION, entry.rule.id, { ...entry, seen, hits: entry.hits + (hit ? 1 : 0) });
        return hit ? [entry.rule.fault] : [];
      });
    },
  };
}

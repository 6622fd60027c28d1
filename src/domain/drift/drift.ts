/**
 * What somebody else has changed in Adobe since the last operation: how it is told, kept and looked for. Plain JSON.
 *
 * Texts of Adobe are cut here and escaped where they are shown.
 */
import { counted } from '../counted.js';
import type { OperationInput } from '../delivery/pause.js';
import type { Remedy } from '../source/comparison.js';
import type { Resource, StepName } from '../source/steps.js';
import { DEFAULT_DRIFT, type DriftSettings } from './settings.js';

/** `gone`: the object was deleted. `disabled`: a flow that no pause has disabled. `changed`: a field is another. */
export type DriftKind = 'gone' | 'disabled' | 'changed';

/** One field of an object in Adobe that is not as it was left, or an object that is not there any more. */
export interface Drifted {
  readonly step: StepName;
  readonly id: string;
  readonly origin: Resource['origin'];
  readonly kind: DriftKind;
  /** `title`, `tags.team`, `mapping version`; of an object that is gone, `object`. */
  readonly field: string;
  /** As the manifest in use says. */
  readonly manifest?: string;
  /** As the last operation left it, where no manifest says so: ids, versions, the state of a flow. */
  readonly recorded?: string;
  /** As Adobe has it now; absent: nothing. */
  readonly found?: string;
  readonly remedy: Remedy;
}

/** What a look has found. */
export interface DriftReport {
  readonly v: 1;
  /** Bounded; the objects that are gone come first. */
  readonly drifted: readonly Drifted[];
  /** How many rows were left out. */
  readonly more: number;
}

/** In the state of a source: the last look. */
export interface SeenDrift extends DriftReport {
  /** Milliseconds since the epoch, workflow time. */
  readonly lookedAt: number;
  /** Why the look after it failed, since when (ms): what stands here may be old. */
  readonly failed?: { readonly code: string; readonly since: number };
}

/** Update `drift` of a live source: looks now. From the Temporal UI: `{}` is enough. */
export interface DriftInput {
  /** Who, for the record. */
  readonly by?: string;
}

export interface DriftLook extends DriftReport {
  /** The namespace knows the search attribute, so that it may be set. */
  readonly searchable: boolean;
}

interface LookInput extends OperationInput {
  /** A pause has disabled the flow, and meant to. */
  readonly flowDisabled: boolean;
}

interface NoteInput extends OperationInput {
  /** Rows, with those that were left out. */
  readonly count: number;
}

export interface DriftActivities {
  /** Reads the objects, one after the other, and changes nothing. */
  lookForDrift(input: LookInput): Promise<DriftLook>;
  /** Writes down how much has drifted, for the list of all sources and the metrics. May be done again. */
  noteDrift(input: NoteInput): Promise<void>;
}

/**
 * How long until the next look, ms; undefined: none by itself. A source's first look comes at a part of the interval that is its
 * own, so that a thousand of them do not ask Adobe in the same minute.
 */
export function untilLook(
  { uid, drift, liveSince = 0 }: { readonly uid: string; readonly drift?: SeenDrift; readonly liveSince?: number },
  { everyMs }: DriftSettings = DEFAULT_DRIFT,
  now: number,
): number | undefined {
  if (everyMs === 0) return undefined;
  const { failed, lookedAt = 0 } = drift ?? {};
  if (failed !== undefined) return Math.max(failed.since + Math.min(everyMs, SOONEST_AGAIN_MS) - now, 0);
  const due = lookedAt === 0 ? liveSince + Math.round(partOf(uid) * everyMs) : lookedAt + everyMs;
  return Math.max(due - now, 0);
}

/** After a look that has failed of whatever it has met with, many times. */
const SOONEST_AGAIN_MS = 3_600_000;

/** Of 1, the same for the same uid; those of many uids are spread evenly. FNV-1a. */
function partOf(uid: string): number {
  let hash = 0x811c9dc5;
  for (const character of uid) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  // The low bits of near texts are near; the finish of MurmurHash3 spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

export function countOf({ drifted, more }: Pick<DriftReport, 'drifted' | 'more'>): number {
  return drifted.length + more;
}

/** The worst of what has drifted, by which sources are searched for; undefined: nothing has. */
export function worstOf(drifted: readonly Drifted[]): DriftKind | undefined {
  return SEVERITY.find((kind) => drifted.some((one) => one.kind === kind));
}

const SEVERITY = ['gone', 'disabled', 'changed'] as const satisfies readonly DriftKind[];

const MOST_ROWS = 60;
const LONGEST_TEXT = 160;

/** Small enough for a workflow's state: of many rows the worst, of long texts the beginning. */
export function bounded(rows: readonly Drifted[]): DriftReport {
  const sorted = rows.toSorted((a, b) => SEVERITY.indexOf(a.kind) - SEVERITY.indexOf(b.kind));
  return { v: 1, drifted: sorted.slice(0, MOST_ROWS).map(cut), more: Math.max(rows.length - MOST_ROWS, 0) };
}

function cut(row: Drifted): Drifted {
  const short = (text: string | undefined): string | undefined =>
    text === undefined || text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
  const { manifest, recorded, found } = row;
  return {
    ...row,
    field: short(row.field) ?? '',
    manifest: short(manifest),
    recorded: short(recorded),
    found: short(found),
  };
}

/** `2 objects deleted, the flow disabled, 3 fields changed`. */
export function driftText(report: Pick<DriftReport, 'drifted' | 'more'>): string {
  const number = (kind: DriftKind): number => report.drifted.filter((one) => one.kind === kind).length;
  const [gone, changed] = [number('gone'), number('changed') + report.more];
  return [
    ...(gone === 0 ? [] : [`${counted(gone, 'object')} deleted`]),
    ...(number('disabled') === 0 ? [] : ['the flow disabled']),
    ...(changed === 0 ? [] : [`${counted(changed, 'field')} changed`]),
  ].join(', ');
}

/** The source workflow's state, and the messages it takes: the contract between workflow, worker and command line. */
import type { CatalogueError } from '../errors.js';
import type { SeenDrift } from '../drift/drift.js';
import type { RecordedOperation } from '../history.js';
import type { Adoption } from './adoption/adoption.js';
import type { Delivery, Manifest } from './manifest.js';
import type { Paused } from '../delivery/pause.js';
import type { Replaced } from './updating/replacing.js';
import type { Resource, Resources, StepName } from './steps.js';
import type { Teardown, TeardownWait } from './teardown.js';

export const TASK_QUEUES = { source: 'chatlio-aep-source', forwarder: 'chatlio-aep-forwarder' } as const;

export const WORKFLOW_TYPES = { source: 'source', forwarder: 'forwarder', inquiry: 'inquiry' } as const;

export function sourceWorkflowId(name: string): string {
  return `source:${name}`;
}

export function forwarderWorkflowId(name: string): string {
  return `forwarder:${name}`;
}

/** What the start of a source workflow takes. */
export interface SourceInput {
  readonly v: 1;
  /** Minted by the client; part of the marker. */
  readonly uid: string;
  readonly manifest: Manifest;
  /** Decided beforehand: whatever stands in the place of a step is taken over, and no step is held for it. */
  readonly adopt?: boolean;
  /** Decided beforehand: the objects of this flow are taken over. */
  readonly adoption?: Adoption;
  /** Who, for the record. 0.1 does not say. */
  readonly by?: string;
  /** Present in every run but the first: what the run before handed over. */
  readonly carried?: SourceState;
  /** What was done in the runs before and was not in the database yet, oldest first. */
  readonly unrecorded?: readonly RecordedOperation[];
  /** Test hook: continue as new after this many history events. */
  readonly maxHistoryEvents?: number;
  /** Test hook: how soon a dead worker is noticed. Default 15 s. */
  readonly heartbeatTimeoutMs?: number;
}

export type StepState = 'waiting' | 'running' | 'made' | 'adopted' | 'held' | 'undoing' | 'undone' | 'left';

export interface StepStatus {
  readonly step: StepName;
  readonly state: StepState;
  readonly id?: string;
  /** Milliseconds since the epoch, workflow time. */
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** Plain data, so that it survives continue-as-new: how to undo one step. */
export interface UndoEntry {
  readonly step: StepName;
  /** Known once the step has answered. Without it undo looks for the marker. */
  readonly resource?: Resource;
  /**
   * A create of this step may have taken effect unanswered, last at this time (ms since the epoch): until the
   * consistency window after it has passed, a lookup that finds nothing proves nothing.
   */
  readonly ambiguousSince?: number;
  /** Somebody has said so: also what holds the events. */
  readonly deletesData?: boolean;
  /** Of an object beside those that the source uses: see `Replaced`. */
  readonly generation?: number;
  /** Somebody has said so: also what was adopted. */
  readonly deletesAdopted?: boolean;
  /** A pause has disabled the flow: one that was adopted is given back enabled. */
  readonly isFlowPaused?: boolean;
}

/** What undo could not remove. */
export interface Remainder {
  readonly step: StepName;
  readonly id?: string;
  readonly reason: string;
}

export interface Hold {
  readonly step: StepName;
  /** Held while doing or while undoing. */
  readonly during: 'do' | 'undo';
  readonly error: CatalogueError;
  readonly since: number;
  /** Of a teardown that nothing is taken away for yet. */
  readonly waitsFor?: TeardownWait;
}

export type OperationKind = 'provision' | 'pause' | 'unpause' | 'configure' | 'update' | 'teardown' | 'repair';

/** One operation with its own undo log. Only that of provisioning has entries: what the others did stands, and may be repeated. */
export interface Operation {
  readonly kind: OperationKind;
  readonly startedAt: number;
  /** Who asked for it, as the caller says. 0.2 does not say. */
  readonly by?: string;
  readonly undo: readonly UndoEntry[];
}

export type SourcePhase = 'provisioning' | 'held' | 'undoing' | 'live' | 'aborted' | 'torn-down';

/** JSON only: carried through continue-as-new, and what the query `state` answers. */
export interface SourceState {
  readonly v: 1;
  readonly uid: string;
  readonly manifest: Manifest;
  readonly phase: SourcePhase;
  readonly steps: readonly StepStatus[];
  readonly resources: Resources;
  readonly operation?: Operation;
  readonly hold?: Hold;
  readonly remainders: readonly Remainder[];
  /** Once it is torn down: events that are held for a person to decide. */
  readonly heldEvents?: number;
  /** When provisioning was complete, ms. */
  readonly liveSince?: number;
  /** Events may be sent from this time on, ISO 8601: the flow's own last change plus the settle window. */
  readonly opensAt?: string;
  /** A person has paused the live source. Absent also while the gate is closed for another reason: PostgreSQL knows. */
  readonly paused?: Paused;
  /** It is being torn down on somebody's word: what for, and what it waits for. Stays once it is. */
  readonly teardown?: Teardown;
  /** What others have changed in Adobe, by the last look. Absent: nobody has looked yet. */
  readonly drift?: SeenDrift;
  /** The namespace knows the search attribute for it: somebody who knows has said so. */
  readonly driftSearchable?: boolean;
  readonly tenantId?: string;
  /** Connections, flows and datasets beside those that it uses, until they are removed. */
  readonly replaced?: readonly Replaced[];
  /** Newest generation that objects were ever marked with. Absent: the first. */
  readonly generation?: number;
}

/** Names of updates, signals and queries. */
export const SOURCE_MESSAGES = {
  resume: 'resume',
  abort: 'abort',
  /** Takes a PauseInput. */
  pause: 'pause',
  /** Takes an UnpauseInput; also opens a gate that something else has closed. */
  unpause: 'unpause',
  /** Takes a {@link ConfigureInput}. */
  configure: 'configure',
  /** Takes an UpdateInput. */
  update: 'update',
  /** Takes a TeardownInput. */
  teardown: 'teardown',
  /** Takes a DriftInput. */
  drift: 'drift',
  /** Takes a RepairInput. */
  repair: 'repair',
  state: 'state',
} as const;

/** Update `resume`: tries the held step again. From the Temporal UI: `{}` is enough. */
export interface ResumeInput {
  /** A corrected manifest; may change only what steps that are not made yet decide. */
  readonly manifest?: Manifest;
  /** Take over the object that stands in our place. */
  readonly adopt?: boolean;
  /** Of a teardown: receivers whose spools are not waited for. */
  readonly withoutReceivers?: readonly string[];
  /** Who, for the record. */
  readonly by?: string;
}

/** Update `configure` of a live source: other delivery settings, from the next request on. */
export interface ConfigureInput {
  /** The whole `delivery` of a parsed manifest. */
  readonly delivery: Delivery;
  /** Who, for the record. */
  readonly by?: string;
}

export interface ConfigureResult {
  readonly v: 1;
  /** False: they were so already. */
  readonly changed: boolean;
}

/** Update `abort`: undoes the held operation. From the Temporal UI: `{}` is enough. */
export interface AbortInput {
  readonly reason?: string;
  readonly by?: string;
}

/** Fields in which two manifests differ, dotted paths. Lists and maps are compared as a whole. */
export function manifestDifferences(a: Manifest, b: Manifest): string[] {
  const differences: string[] = [];
  const walk = (x: unknown, y: unknown, path: string, depth: number): void => {
    if (stableJson(x) === stableJson(y)) return;
    if (depth < 2 && isPlainObject(x) && isPlainObject(y)) {
      for (const key of [...new Set([...Object.keys(x), ...Object.keys(y)])].sort()) {
        walk(x[key], y[key], path === '' ? key : `${path}.${key}`, depth + 1);
      }
    } else {
      differences.push(path);
    }
  };
  walk(a, b, '', 0);
  return differences;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stableJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      isPlainObject(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
        : inner,
    ) ?? 'undefined'
  );
}

/** What the source workflow and its step activities say to each other. Plain JSON, no secrets. */
import type { CatalogueError } from '../errors.js';
import type { Adoption } from './adoption/adoption.js';
import type { RecordActivities } from '../history.js';
import type { Manifest } from './manifest.js';
import type { DriftActivities } from '../drift/drift.js';
import type { RepairActivities } from '../drift/repair.js';
import type { GateActivities, OperationInput } from '../delivery/pause.js';
import type { ReplacingActivities } from './updating/replacing.js';
import type { UndoEntry } from './source.js';
import type { Marker, Resource, Resources, StepName } from './steps.js';
import type { TeardownActivities } from './teardown.js';
import type { UpdateActivities } from './update.js';

/** What every step gets: the whole of what earlier steps made. */
export interface StepInput {
  readonly marker: Marker;
  readonly manifest: Manifest;
  readonly resources: Resources;
  /** A person has allowed to take over what stands in our place. */
  readonly adopt?: boolean;
  /** Decided beforehand: the objects of this flow are taken over. */
  readonly adoption?: Adoption;
  /** An earlier, ended execution of this step may have created the object unanswered, last at this time (ms). */
  readonly ambiguousSince?: number;
  /** Objects in whose place another one is to be made: they are not used again, whatever carries our marker. */
  readonly besides?: readonly string[];
}

export interface StepResult {
  readonly resource: Resource;
  /** The object was there before this execution: found by our marker, or adopted. */
  readonly found: boolean;
  /** Only of the `inlet` step: events may be sent from this time on, ISO 8601. */
  readonly opensAt?: string;
}

export interface UndoInput {
  readonly marker: Marker;
  readonly manifest: Manifest;
  readonly resources: Resources;
  readonly entry: UndoEntry;
  /** As in {@link StepInput}: these are not what is undone. */
  readonly besides?: readonly string[];
}

/** `left`: what cannot be deleted by any documented call, or may not, as it holds events; named for the report. */
export type UndoResult =
  | { readonly outcome: 'undone' | 'nothing' | 'kept' }
  | { readonly outcome: 'left'; readonly id: string; readonly reason: string };

/** The first detail of every failure that a step activity throws. */
export interface StepFailureDetails {
  readonly error: CatalogueError;
  readonly ambiguousSince?: number;
}

export function undoActivityName(step: StepName): `undo-${StepName}` {
  return `undo-${step}`;
}

/** Activities by name: one per step and one per undo, so that the Temporal UI reads like the plan. */
type StepActivities = { [S in StepName]: (input: StepInput) => Promise<StepResult> } & {
  [S in StepName as `undo-${S}`]: (input: UndoInput) => Promise<UndoResult>;
};

export interface SourceActivities
  extends StepActivities,
    GateActivities,
    UpdateActivities,
    TeardownActivities,
    DriftActivities,
    RepairActivities,
    ReplacingActivities,
    RecordActivities {
  /** Starts the forwarder, or wakes it when it runs (signal with start). */
  startForwarder(input: { readonly name: string; readonly uid: string; readonly manifest: Manifest }): Promise<void>;
  /** Closes the gate and stops the forwarder; nothing is sent from then on. */
  stopForwarder(input: { readonly name: string; readonly uid: string; readonly reason: string }): Promise<void>;
  /** Writes down the manifest's delivery settings, and has the running forwarder take them over. */
  configureForwarder(input: OperationInput): Promise<void>;
  /** Of a source that was torn down: what waits is held for a person. Answers how many events are held. */
  holdUnsent(input: OperationInput): Promise<{ readonly v: 1; readonly held: number }>;
}

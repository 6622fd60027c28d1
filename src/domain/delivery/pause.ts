/**
 * Pausing a live source and ending the pause: messages, and what the workflow says to its activities. Plain JSON.
 *
 * Whether events may be sent is decided by the gate, a row in PostgreSQL; what the workflow keeps is who closed it and why.
 */
import type { Manifest } from '../source/manifest.js';
import type { Marker, Resources } from '../source/steps.js';

/** Update `pause`: nothing is sent from then on; events are taken and wait. From the Temporal UI: `{}` is enough. */
export interface PauseInput {
  readonly reason?: string;
  /** Who, for the record. */
  readonly by?: string;
  /** Also disable the flow at Adobe, once nothing is under way any more. */
  readonly disableFlow?: boolean;
}

/** Update `unpause`. From the Temporal UI: `{}` is enough. */
export interface UnpauseInput {
  /** Who, for the record. */
  readonly by?: string;
}

/** In the state of a source that a person has paused. */
export interface Paused {
  /** Milliseconds since the epoch, workflow time. */
  readonly since: number;
  readonly reason?: string;
  readonly by?: string;
  /** The flow is disabled at Adobe, too. */
  readonly flowDisabled?: boolean;
}

export interface PauseResult {
  readonly v: 1;
  /** False: it was paused already, just so. */
  readonly changed: boolean;
  readonly paused: Paused;
}

export interface UnpauseResult {
  readonly v: 1;
  /** False: the gate was open already, and the flow enabled. */
  readonly changed: boolean;
  /** Events are sent from this time on, ISO 8601: the flow's own last change plus the settle window. */
  readonly opensAt: string;
}

/** Why the gate is closed, for people. */
export function pauseReason({ by, reason }: Paused): string {
  return `paused${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`;
}

/** What an operation on a live source is done to. */
export interface OperationInput {
  readonly marker: Marker;
  readonly manifest: Manifest;
  readonly resources: Resources;
}

interface GateClosing extends OperationInput {
  readonly reason: string;
  /** Whoever closes it is to open it again. Else it stays closed until somebody unpauses the source. */
  readonly reopens?: boolean;
}

export interface GateOpening {
  /** False: it was open already, and the flow enabled. */
  readonly opened: boolean;
  /** ISO 8601. */
  readonly opensAt: string;
}

/** Each may be done again after its answer was lost. */
export interface GateActivities {
  /** Closes the gate and waits until nothing that was intended before is under way. */
  closeGate(input: GateClosing): Promise<void>;
  /** Only once nothing is under way: data for a disabled flow is lost. */
  disableFlow(input: OperationInput): Promise<void>;
  /** Enables the flow where it is not, whoever has disabled it, and opens the gate for when the settle window is over. */
  openGate(input: OperationInput): Promise<GateOpening>;
}

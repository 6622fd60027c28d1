import type { IntakeReport } from '../../domain/events/shownEvents.js';
import type { SourceState } from '../../domain/source/source.js';
import type { ForwarderReport, PausedActivity, SourceRun } from '../../temporal/sources/port.js';
import type { SeenIntake } from './counting.js';

/** What is known of a source at one moment. Without a worker the state is unknown, or the last one that was seen. */
export interface Snapshot {
  readonly run: SourceRun;
  readonly state?: SourceState;
  readonly forwarder?: ForwarderReport;
  readonly intake?: SeenIntake;
  /** Looked for by `status`. */
  readonly pausedActivities?: readonly PausedActivity[];
}

/** What the store keeps of a source whose workflow Temporal has forgotten. */
export interface ForgottenSource {
  readonly name: string;
  readonly uid: string;
  readonly phase: 'torn-down' | 'terminated';
  readonly intake: IntakeReport;
}

/** What every simulated service is built on. */
import type { Logger } from 'pino';
import type { Clock } from './clock.js';
import type { Faults } from './faults/faults.js';
import type { Journal } from './admin/journal.js';
import type { PolicyStore } from './policy.js';
import type { Route } from './transport/request.js';
import type { Scope, State } from './state/state.js';

export interface Context {
  readonly state: State;
  readonly policy: PolicyStore;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly log: Logger;
  route(route: Route): void;
  /** Runs once everything is registered, and again after a reset: seed objects, schedule what was waiting. */
  onStart(task: () => void | Promise<void>): void;
  onClose(task: () => void | Promise<void>): void;
}

/** Figures of one flow in one hourly window, as the data plane counts them. */
export interface FlowRunFigures {
  readonly id: string;
  readonly flowId: string;
  /** Start of the hour, ms since the epoch. */
  readonly windowStartMs: number;
  readonly firstRecordAtMs: number;
  readonly lastRecordAtMs: number;
  readonly closed: boolean;
  readonly inputRecords: number;
  readonly outputRecords: number;
  readonly failedRecords: number;
  readonly warningRecords: number;
  /** With records that were received in the hour. */
  readonly failedBatches: readonly string[];
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly errors: ReadonlyArray<{ readonly code: string; readonly message: string }>;
}

/** What a dataset holds, for the admin page and API. */
export interface LandedFigures {
  readonly scope: Scope;
  readonly datasetId: string;
  readonly datasetName: string;
  readonly rows: number;
  readonly distinctIds: number;
  readonly failedRecords: number;
  /** Accepted, not visible yet. */
  readonly pending?: number;
  readonly rowsByEventType?: Readonly<Record<string, number>>;
  readonly newestAtMs?: number;
}

/** What the control plane asks the data plane. */
export interface DataPlane {
  flowRuns(scope: Scope, flowId?: string): Promise<readonly FlowRunFigures[]>;
  landed(): Promise<readonly LandedFigures[]>;
  /** Acceptances, rows and failures per event `_id`: for assertions in tests only. */
  truth(query: URLSearchParams): Promise<unknown>;
  /** Empties the lake. */
  reset(): Promise<void>;
  /** Where Query Service listens, from the start on. */
  queryServiceAddress(): { readonly host: string; readonly port: number };
}

/** Runs of a source's flow, as Adobe counts them: a run of a streaming flow covers an hour. JSON only, never chat text. */

/** `completed`: by Adobe's own definition it may have errors. `unknown`: a word that this release does not know. */
export type RunState =
  | 'queued'
  | 'scheduled'
  | 'in-progress'
  | 'success'
  | 'completed'
  | 'partial-success'
  | 'partial-failure'
  | 'failed'
  | 'unknown';

/** What Adobe does not tell is absent. */
export interface RunView {
  readonly id: string;
  /** ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  readonly state: RunState;
  readonly inputRecords?: number;
  readonly writtenRecords?: number;
  readonly failedRecords?: number;
  /** Written, but a row of the mapping gave nothing. */
  readonly warningRecords?: number;
  readonly inputBytes?: number;
  readonly outputBytes?: number;
  /** Adobe's codes. Its words stay at Adobe: they may quote what a visitor has written. */
  readonly codes: readonly string[];
}

export interface RunsReport {
  readonly v: 1;
  /** Those that the source leads or has led to, the newest first. Empty: it never had one. */
  readonly flowIds: readonly string[];
  /** The newest first. */
  readonly runs: readonly RunView[];
  /** There are older ones that the limit has left out. */
  readonly older?: boolean;
}

/** What the forwarder saw when it looked last. */
export interface FlowRunsView {
  /** ISO 8601. */
  readonly lookedAt: string;
  /** In runs that began in the 24 hours before; 0 when that look is older than 24 hours. */
  readonly failedRecords: number;
  /** Absent: there was none. */
  readonly lastRunId?: string;
  readonly lastRunAt?: string;
}

export const DEFAULT_RUNS = 24;
/** An answer stands in Temporal's history. */
export const MAX_RUNS = 500;

/** By Adobe's word in lower case, without underscores: it spells them in several ways. */
const STATES: Readonly<Record<string, RunState>> = {
  queued: 'queued',
  scheduled: 'scheduled',
  inprogress: 'in-progress',
  success: 'success',
  completed: 'completed',
  partialsuccess: 'partial-success',
  partialfailure: 'partial-failure',
  failed: 'failed',
};

export function runStateOf(status: string | undefined): RunState {
  return (status !== undefined && Object.hasOwn(STATES, status) ? STATES[status] : undefined) ?? 'unknown';
}

export function hasFailures({ failedRecords, state }: Pick<RunView, 'failedRecords' | 'state'>): boolean {
  return failedRecords === undefined ? state.startsWith('partial') || state === 'failed' : failedRecords > 0;
}

/** Such as `MAPPER-3700-400`. Whatever else stands where a code is expected may be anybody's text. */
const CODE = /^[A-Z]{2,12}(?:-\d{1,8}){1,3}$/;

export function isAdobeCode(text: string): boolean {
  return CODE.test(text);
}

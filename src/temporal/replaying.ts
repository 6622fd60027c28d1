/**
 * How workflow code is executed: anew from its history at every workflow task, never from a cached run.
 *
 * A query that waits for a worker is handed the history as it is when a worker comes: with events that no workflow task has
 * covered yet. The SDK (1.24) applies them, at the time of the last task, to a run that it then keeps. When their own task
 * comes, time has passed for every other worker, but not for this run: it decides by a clock that no replay will see again, and
 * from then on every replay fails with TMPRL1100. A worker that is killed while somebody watches is enough.
 *
 * It costs a replay for each task, so histories are kept short: a forwarder continues as new at {@link FORWARDER_HISTORY_EVENTS}.
 */
import type { WorkerOptions } from '@temporalio/worker';

export const REPLAYING: Pick<WorkerOptions, 'maxCachedWorkflows'> = { maxCachedWorkflows: 0 };

/** Some minutes under full load, days when little comes; a replay of so many takes a few milliseconds. */
export const FORWARDER_HISTORY_EVENTS = 500;

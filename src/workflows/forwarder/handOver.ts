/**
 * When a run makes room for its next: what has to end before is waited for while the drains go on, and the drains stop last.
 * So nothing else stands between what one run sends and what the next one does.
 */
import { allHandlersFinished, condition, isCancellation, workflowInfo } from '@temporalio/workflow';

/** So many times its usual length a history may have while something is waited for. */
const LONGEST_WAIT = 4;

/** @param maxHistoryEvents beside what the server suggests */
export function isLong(maxHistoryEvents: number | undefined): boolean {
  return workflowInfo().continueAsNewSuggested || hasReached(longest(maxHistoryEvents));
}

/** Whether no more may be waited for. */
export function isTooLong(maxHistoryEvents: number | undefined): boolean {
  return hasReached(LONGEST_WAIT * longest(maxHistoryEvents));
}

function longest(maxHistoryEvents: number | undefined): number {
  return maxHistoryEvents ?? Number.MAX_SAFE_INTEGER;
}

function hasReached(events: number): boolean {
  return workflowInfo().historyLength >= events;
}

/** What runs beside the drains. */
export interface Beside {
  /** Asks it to end. */
  end(): void;
  readonly ended: Promise<unknown>;
}

/**
 * Ends what runs beside as soon as the run is long. A look at the lake whose worker has died has ended first after its heartbeat
 * timeout, and a decision may take minutes.
 *
 * @returns whether the drains are to stop
 */
export function createHandOver(maxHistoryEvents: number | undefined, beside: Beside): () => boolean {
  let isAlone = false;
  async function endBeside(): Promise<void> {
    await condition(() => isLong(maxHistoryEvents));
    beside.end();
    await beside.ended;
    isAlone = true;
  }
  endBeside().catch((failure: unknown) => {
    if (!isCancellation(failure)) throw failure;
  });
  return () => isLong(maxHistoryEvents) && ((isAlone && allHandlersFinished()) || isTooLong(maxHistoryEvents));
}

/** Requests that an organisation may make to Adobe's services: one budget over its sources and workers. */

/** Why a request may not begin. */
export type Refusal = 'aborted' | 'used-up';

export interface RequestBudget {
  /** Resolves when the request may begin, after a bounded time. @returns why it may not */
  take(signal?: AbortSignal): Promise<Refusal | undefined>;
  /** Adobe has asked for it: nobody begins a request meanwhile. */
  pause(ms: number): Promise<void>;
}

/** Somebody had to wait in the last minute, or is to wait now. */
export interface BudgetStanding {
  readonly perSecond?: number;
  /** How long ago somebody last had to wait. */
  readonly waitedAgoMs?: number;
  /** Adobe has asked for it. */
  readonly pausedForMs?: number;
}

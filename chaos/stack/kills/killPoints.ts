/** The moments at which a process is killed, as faults that hold a source right there. */
import type { Fault } from '../../../simulator/faults/faults.js';
import type { Times } from '../environment.js';
import type { Rule } from '../simulatorAdmin.js';

export interface KillPoint {
  readonly what: string;
  readonly name: string;
  /** The request before which the source is parked until all of a wave have come to theirs. */
  readonly parkedAt: string;
  /** Which of them since the operation has begun, from 1. */
  readonly nth?: number;
  /** Of the requests. Absent: any. */
  readonly method?: string;
  /** Text in their path, such as the id of the object that they name. Absent: any. */
  readonly path?: string;
  /** The request that is under way when the process is killed. */
  readonly route: string;
  readonly fault: Fault;
}

/** Adobe's 60 s gateway, 65 s timeout, 90 s window and 15 s heartbeat, at about a tenth. Attempts: none runs out. */
export const KILL_TIMES: Times = {
  requestTimeoutMs: 6_000,
  consistencyWindowMs: 8_500,
  maxAttempts: 60,
  firstRetryDelayMs: 50,
};

/** The client keeps 16 connections, and a step may use two at a time. */
export const KILL_SANDBOXES = 8;

/** Longer than a wave needs to come to its points, shorter than the client's timeout: the answer comes after the kill. */
export const SLOW_MS = 5_000;

export const BEFORE_EFFECT: Fault = { kind: 'slow', ms: SLOW_MS, when: 'before-effect' };

/** What a request with an effect is killed in. */
export const WITHIN: Readonly<Record<string, Fault>> = {
  'effect done, answer comes after the kill': { kind: 'slow', ms: SLOW_MS, when: 'after-effect' },
  'effect done, answer lost': { kind: 'hang', effect: 'done' },
  'effect comes after the kill': BEFORE_EFFECT,
};

export function isBoundary({ route, parkedAt }: KillPoint): boolean {
  return route === parkedAt;
}

/**
 * Often enough that all are at their points before the first of them is answered, and no more: each time is a failed attempt, and
 * after many of them Temporal waits half a minute for the next one.
 */
const PARKED_S = 2;

/** Turned away, but asked to come again soon: the source waits at this request and holds no connection. */
export function parkRule(sandbox: string, point: KillPoint): Rule {
  const { parkedAt, nth } = point;
  return {
    match: matchOf(sandbox, point, parkedAt),
    fault: { kind: 'status', status: 429, retryAfter: PARKED_S },
    times: 0,
    ...(nth === undefined ? {} : { nth }),
  };
}

export function killRule(sandbox: string, point: KillPoint): Rule {
  const { route, fault } = point;
  // A step looks with several requests at once, and again after a while.
  return { match: matchOf(sandbox, point, route), fault, times: isBoundary(point) ? 0 : 1 };
}

/** No request of anybody else counts: neither of another source nor of what a live source asks beside the operation. */
function matchOf(sandbox: string, { method, path }: KillPoint, route: string): Rule['match'] {
  return {
    sandbox,
    route,
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
  };
}

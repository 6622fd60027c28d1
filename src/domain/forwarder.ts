/** The forwarder workflow's state and messages. */
import type { Delivery } from './manifest.js';

export interface ForwarderInput {
  readonly v: 1;
  readonly uid: string;
  readonly name: string;
  readonly delivery: Delivery;
  readonly carried?: ForwarderState;
  /** Test hook: continue as new after this many history events. */
  readonly maxHistoryEvents?: number;
}

export type ForwarderPhase = 'forwarding' | 'idle' | 'settling' | 'paused' | 'outage' | 'held';

/** JSON only: carried through continue-as-new, and what the query `state` answers. */
export interface ForwarderState {
  readonly v: 1;
  readonly phase: ForwarderPhase;
  readonly counters: ForwarderCounters;
  readonly lastError?: string;
  readonly holdReason?: string;
  readonly opensAt?: string;
}

export interface ForwarderCounters {
  readonly taken: number;
  readonly accepted: number;
  readonly waiting: number;
  readonly exceptions: Readonly<Record<string, number>>;
}

export const FORWARDER_MESSAGES = {
  /** Signal: there may be events to deliver. */
  wake: 'wake',
  /** Update: end a hold. */
  resume: 'resume',
  /** Update: take over other delivery settings. */
  configure: 'configure',
  state: 'state',
} as const;

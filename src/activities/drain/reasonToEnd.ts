/** Why a drain ends before its log is empty. */
import type { DestinationFault } from '../../domain/outcomeAccounting.js';
import type { PlannedEnd } from './ending.js';

export interface EndFacts {
  readonly mode: 'slice' | 'probe';
  readonly stop: 'no' | 'stop' | 'shutdown';
  readonly accepted: number;
  readonly notAccepted: number;
  /** Of those: never sent, so that they say nothing of the destination. */
  readonly unreadable: number;
  readonly fault?: DestinationFault;
  /** What the last outcome other than accepted said. */
  readonly lastFact?: string;
  readonly fenceHeld: boolean;
  readonly sliceIsOver: boolean;
}

export function reasonToEnd(facts: EndFacts): PlannedEnd | undefined {
  if (facts.stop !== 'no') {
    return { end: { kind: 'stopped' }, withdraw: true, waitForSlow: facts.stop === 'shutdown' };
  }
  if (facts.mode === 'probe') return probed(facts);
  if (facts.fault !== undefined) return { end: { kind: 'fault', fault: facts.fault }, withdraw: true };
  if (!facts.fenceHeld) return { end: { kind: 'stopped' }, withdraw: true };
  return facts.sliceIsOver ? { end: { kind: 'slice' }, withdraw: false } : undefined;
}

/** One answer, whatever it says. */
function probed({ accepted, notAccepted, unreadable, fault, lastFact }: EndFacts): PlannedEnd | undefined {
  if (accepted + notAccepted === unreadable) return undefined;
  const detail = fault?.detail ?? lastFact ?? '';
  return { end: { kind: 'probed', accepted: accepted > 0, detail }, withdraw: true };
}

/** What the inlet answers when it has taken something; spellings differ between Adobe's own pages, so a policy chooses. */
import { randomInt, randomUUID } from 'node:crypto';
import type { Policy } from '../policy.js';

export interface Receipt {
  readonly inletId: string;
  readonly receivedMs: number;
  readonly xactionId: string;
  readonly flowId?: string | undefined;
}

/** `ts:n:n` or a UUID; unique over restarts. */
export function newTransactionId(policy: Policy, nowMs: number): string {
  if (policy.xactionIdStyle === 'uuid') return randomUUID();
  return `${nowMs}:${randomInt(1_000, 10_000)}:${randomInt(0, 2 ** 40)}`;
}

/** The number after which the element of a batch is known. */
export function elementId(policy: Policy, batchId: string, index: number): string {
  return policy.xactionIdStyle === 'uuid' ? `${batchId}-${index}` : `${batchId}:${index}`;
}

function receivedTime(policy: Policy, receivedMs: number): number | string {
  return policy.receivedTimeMsAsString ? String(receivedMs) : receivedMs;
}

/** @param validation `pass` after synchronous validation, `skipped` without */
export function receiptBody(policy: Policy, receipt: Receipt, validation: 'pass' | 'skipped'): object {
  const skipped = policy.includeSyncSkipped ? { syncValidation: { skipped: true } } : {};
  return {
    [policy.inletIdKey]: receipt.inletId,
    xactionId: receipt.xactionId,
    receivedTimeMs: receivedTime(policy, receipt.receivedMs),
    ...(policy.includeFlowId && receipt.flowId !== undefined ? { flowId: receipt.flowId } : {}),
    ...(validation === 'pass' ? { syncValidation: { status: 'pass' } } : skipped),
  };
}

export type BatchElement =
  | { readonly accepted: true; readonly xactionId: string }
  | { readonly accepted: false; readonly xactionId: string; readonly status: number; readonly message: string };

export function batchBody(
  policy: Policy,
  batch: { readonly inletId: string; readonly batchId: string; readonly receivedMs: number },
  elements: readonly BatchElement[],
): object {
  const responses = elements.map((element) => {
    if (element.accepted) return { xactionId: element.xactionId };
    const { status, message, xactionId } = element;
    return { ...(policy.batchFailureHasXactionId ? { xactionId } : {}), [policy.batchFailureKey]: status, message };
  });
  return {
    [policy.inletIdKey]: batch.inletId,
    batchId: batch.batchId,
    receivedTimeMs: receivedTime(policy, batch.receivedMs),
    responses,
  };
}

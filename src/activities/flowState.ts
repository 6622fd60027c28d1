/** Waiting for a flow's state at Adobe, and changing it: for the steps and for the operations on a live source. */
import { setTimeout as delay } from 'node:timers/promises';
import { AdobeCallError } from '../adobe/http/errors.js';
import type { Flow, FlowService } from '../adobe/services/flowService.js';
import { codedError } from '../domain/errors.js';
import { oneLine } from '../domain/printable.js';
import type { Delivery } from '../domain/source/manifest.js';
import { formatDuration } from '../manifest/duration.js';

const TRANSITION_TIMEOUT_MS = 120_000;
const FIRST_POLL_MS = 1_000;
const SLOWEST_POLL_MS = 5_000;

/** What a flow is switched to: the state that is waited for, the action that leads there, and what is said when it does not. */
const SWITCHES = {
  enabled: { op: 'enable', missed: 'CAEP_FLOW_NOT_ENABLED' },
  disabled: { op: 'disable', missed: 'CAEP_FLOW_NOT_DISABLED' },
} as const;

export type SwitchedState = keyof typeof SWITCHES;

interface FlowAsked {
  readonly flowService: Pick<FlowService, 'getFlow' | 'flowAction'>;
  readonly flowId: string;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * Reads the flow until it is as wanted.
 *
 * @throws CodedError `CAEP_FLOW_NOT_ENABLED`, `CAEP_FLOW_NOT_DISABLED` after two minutes
 */
export async function awaitFlow<T extends Flow>(
  { flowService, flowId, signal }: FlowAsked,
  state: SwitchedState,
  isThere: (flow: Flow | undefined) => flow is T,
): Promise<T> {
  const deadline = Date.now() + TRANSITION_TIMEOUT_MS;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 1.5, SLOWEST_POLL_MS)) {
    const flow = await flowService.getFlow(flowId);
    if (isThere(flow)) return flow;
    if (Date.now() + pollMs > deadline) {
      throw codedError(SWITCHES[state].missed, {
        id: flowId,
        state: flow?.state ?? 'absent',
        waited: formatDuration(TRANSITION_TIMEOUT_MS),
        ...lastOperationOf(flow),
      });
    }
    await delay(pollMs, undefined, { signal });
  }
}

/** What Adobe says of it, where it says something: escaped, as whatever comes from outside is, and not longer than a screen. */
function lastOperationOf(flow: Flow | undefined): { readonly lastOperation?: string } {
  const { operation, status, errors = [] } = flow?.lastOperation ?? {};
  const said = [
    ...(operation === undefined ? [] : [operation]),
    ...(status === undefined ? [] : [status]),
    ...(errors.length === 0 ? [] : [errors.join('; ')]),
  ];
  return said.length === 0 ? {} : { lastOperation: shortened(oneLine(said.join(', '))) };
}

const MOST_SAID = 1_000;

function shortened(text: string): string {
  return text.length <= MOST_SAID ? text : `${text.slice(0, MOST_SAID)}…`;
}

/** @throws CodedError `CAEP_FLOW_GONE` */
export async function readFlow({ flowService, flowId }: Pick<FlowAsked, 'flowService' | 'flowId'>): Promise<Flow> {
  return present(await flowService.getFlow(flowId), flowId);
}

function present(flow: Flow | undefined, flowId: string): Flow {
  if (flow === undefined) throw codedError('CAEP_FLOW_GONE', { id: flowId });
  return flow;
}

/**
 * Enables or disables the flow and waits until it is. Looks first, so that it may be done again after a lost answer. When
 * somebody else was quicker between the look and the call (412), it looks once more.
 *
 * @throws CodedError `CAEP_FLOW_GONE`, `CAEP_FLOW_NOT_ENABLED`, `CAEP_FLOW_NOT_DISABLED`; AdobeCallError
 */
export async function switchFlow(asked: FlowAsked, wanted: SwitchedState): Promise<Flow> {
  const { flowService, flowId } = asked;
  const flowOnce = (isThere: (state: string | undefined) => boolean): Promise<Flow> =>
    awaitFlow(asked, wanted, (flow): flow is Flow => isThere(present(flow, flowId).state));
  const act = async (): Promise<void> => {
    // While it changes from one to the other, actions are refused.
    const { state, etag } = await flowOnce((seen) => seen === 'enabled' || seen === 'disabled');
    if (state !== wanted) await flowService.flowAction(flowId, SWITCHES[wanted].op, etag);
  };
  try {
    await act();
  } catch (error) {
    if (!isStale(error)) throw error;
    await act();
  }
  return flowOnce((seen) => seen === wanted);
}

/** Somebody else was quicker between our look and our call. */
export function isStale(error: unknown): boolean {
  return error instanceof AdobeCallError && error.error.httpStatus === 412;
}

/**
 * From when on data reaches the dataset: the flow's own last change plus the settle window, by the clock that the gate goes by. How
 * long ago the change was, Adobe's clock alone tells; without its word the window counts from now, which is later and so safe.
 *
 * @param now by the database's clock, read after the flow
 */
export function settleWindowEnd(
  { updatedAt, readAt }: Pick<Flow, 'updatedAt' | 'readAt'>,
  { settleWindowMs }: Pick<Delivery, 'settleWindowMs'>,
  now: Date,
): Date {
  const sinceMs = updatedAt === undefined || readAt === undefined ? 0 : Math.max(readAt - updatedAt, 0);
  return new Date(now.getTime() + settleWindowMs - sinceMs);
}

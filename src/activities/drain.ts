/** The activity `drain`: delivers one partition's events for a while. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { CodedError, codedError, ERROR_CATALOGUE, remedyOf } from '../domain/errors.js';
import type { DrainEnd, DrainInput, DrainReport } from '../domain/forwarder.js';
import type { Attempt } from '../domain/outcomes.js';
import type { Bell } from '../store/bell.js';
import { createDeliveryMetrics, type DeliveryMetrics, type SourceMeters } from '../metrics/delivery.js';
import {
  type Claim,
  claimPartition,
  type ClaimRequest,
  type KnownPosition,
  type PartitionId,
  releaseClaim,
} from '../store/claim.js';
import type { Database } from '../store/database.js';
import { expireUnanswered, nextDueMs } from '../store/exceptions.js';
import { readSourceFacts } from '../store/figures.js';
import { type Gate, gateReport, inletContext, readGate } from '../store/gate.js';
import { keepInletAnswers } from '../store/inletAnswers.js';
import type { KeyRing } from '../store/keyRing.js';
import { settleSetBack } from '../store/setBack.js';
import { findSourceId } from '../store/survey.js';
import { MAX_SLOW } from './drain/attempts.js';
import { createOpenBody } from './drain/body.js';
import { type Clock, createLease, type LeaseMark, markNow, SYSTEM_CLOCK } from './drain/lease.js';
import { type LoopResult, runLoop } from './drain/loop.js';
import { createHearing } from './drain/hearing.js';
import { createDrainSlots } from './drain/slots.js';
import { createInlets, type InletFactory } from './drain/inlets.js';

/** How often a busy partition is asked for again. */
const CLAIM_POLL_MS = 100;
const HEARTBEAT_EVERY_MS = 1_000;
/** Of the worker's shutdown: for requests that are under way. */
const SHUTDOWN_GRACE_MS = 10_000;

export interface DrainDependencies {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'open' | 'seal'>;
  readonly bell: Bell;
  readonly createInlet: InletFactory;
  /** Names this process to people who look at leases. */
  readonly holder: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The worker is about to end: drains finish at once. Temporal tells them only after its own grace time. */
  readonly shutdown?: AbortSignal;
  readonly clock?: Clock;
  readonly shutdownGraceMs?: number;
  readonly metrics?: DeliveryMetrics;
  /** Activities that this worker runs at once; by default without a bound. */
  readonly slots?: number;
}

/**
 * Sends what the partition's log holds, until it is empty, the slice is over, or somebody asks it to stop.
 *
 * Any number of drains of one partition may run by mistake: one has the fence, the others wait for it or are told that
 * they have lost it. A drain that fails is simply run again.
 */
export function createDrain(deps: DrainDependencies): (input: DrainInput) => Promise<DrainReport> {
  const clock = deps.clock ?? SYSTEM_CLOCK;
  const inlets = createInlets(deps.createInlet);
  const metrics = deps.metrics ?? createDeliveryMetrics(new Registry());
  const slots = createDrainSlots(deps.slots ?? Number.POSITIVE_INFINITY);

  /** Asked each time: a database that was set back may have given the number to another source. */
  async function sourceIdOf(uid: string): Promise<number> {
    const sourceId = await findSourceId(deps.database, uid);
    if (sourceId === undefined) {
      throw ApplicationFailure.nonRetryable('the source is not in the store', 'CAEP_SOURCE_UNKNOWN');
    }
    return sourceId;
  }

  async function drain(input: DrainInput): Promise<DrainReport> {
    const activity = watchActivity(deps.shutdown, clock);
    const partition = { sourceId: await sourceIdOf(input.uid), partition: input.partition };
    const known = furthest(input.known, activity.lastHeartbeat());
    const claimed = await claimWhenFree({ ...partition, leaseMs: input.delivery.leaseMs, known }, activity);
    if (claimed === 'stopped') return report(input, { kind: 'stopped' });
    if (claimed === 'set-back') return endSetBack(partition, known ?? { fence: 0 });
    const { fence, claimId, window } = claimed.claim;
    const holding = { ...partition, fence, claimId };
    activity.holds({ fence });
    if (claimed.claim.leftovers > 0) {
      deps.log.warn({ ...partition, events: claimed.claim.leftovers }, 'a drain ended without telling these outcomes');
    }
    const gate = await readGate(deps.database, partition.sourceId);
    if (gate === undefined || gate.opensInMs !== 0) {
      await expireUnanswered(deps.database, partition.sourceId);
      await releaseClaim(deps.database, holding);
      const position = { fence, intended: window.intended };
      return { ...report(input, { kind: 'gate', gate: gateReport(gate) }), position };
    }
    const { name, sandbox } = await readSourceFacts(deps.database, partition.sourceId);
    const meters = metrics.ofSource(name);
    const post = openInlet({ partition, gate, input, meters, sandbox });
    const hearing = createHearing(
      (answers) => keepInletAnswers(deps.database, deps.keyRing, partition.sourceId, answers),
      (error) => deps.log.warn({ ...partition, reason: String(error) }, "the inlet's words were not kept"),
    );
    const running = runLoop(
      {
        database: deps.database,
        bell: deps.bell,
        clock,
        partition,
        claim: claimed.claim,
        lease: createLease(input.delivery.leaseMs, claimed.mark, clock),
        gate,
        post,
        open: createOpenBody(deps.keyRing, partition.sourceId),
        heard: ({ first, resend }, text) => hearing.heard({ eventId: (first ?? resend).eventId, text }),
        stop: activity.stop,
        heartbeat: activity.heartbeat,
        databaseFailed: (error) => deps.log.warn({ ...partition, reason: String(error) }, 'PostgreSQL did not answer'),
        flushed: meters.flushed,
      },
      {
        mode: input.mode,
        concurrency: input.delivery.concurrency,
        requestsPerSecond: input.requestsPerSecond,
        sourceRequestsPerSecond: input.delivery.maxRequestsPerSecond,
        requestTimeoutMs: input.delivery.requestTimeoutMs,
        leaseMs: input.delivery.leaseMs,
        shortened: () => slots.shortened(input),
        graceMs: deps.shutdownGraceMs ?? SHUTDOWN_GRACE_MS,
      },
    );
    const result = await counted(running, meters);
    await hearing.settled();
    if (result.wasSetBack) throw await setBack(partition, fence);
    const dueInMs = await nextDueMs(deps.database, partition);
    return {
      ...report(input, result.end),
      accepted: result.accepted,
      notAccepted: result.notAccepted,
      dueInMs,
      position: { fence, intended: result.intended },
    };
  }

  /** The database does not know of a drain that others remember: whatever that one may have sent is unknown. */
  async function endSetBack(partition: PartitionId, known: KnownPosition): Promise<never> {
    await settleSetBack(deps.database, partition, known);
    throw await setBack(partition, known.fence);
  }

  async function setBack(partition: PartitionId, fence: number): Promise<CodedError> {
    const { name } = await readSourceFacts(deps.database, partition.sourceId);
    const fields = { name, partition: String(partition.partition), fence: String(fence) };
    const error = codedError('CAEP_DATABASE_SET_BACK', fields);
    deps.log.error({ ...partition, fence, code: error.error.code }, error.message);
    return error;
  }

  /** Waits until the drain before has handed over, or its lease has run out. */
  async function claimWhenFree(
    request: Omit<ClaimRequest, 'holder'>,
    activity: ActivityWatch,
  ): Promise<{ readonly claim: Claim; readonly mark: LeaseMark } | 'stopped' | 'set-back'> {
    while (activity.stop() === 'no') {
      activity.heartbeat();
      const mark = markNow(clock);
      const answer = await claimPartition(deps.database, { ...request, holder: deps.holder });
      if (answer.state === 'claimed') return { claim: answer.claim, mark };
      if (answer.state === 'set-back') return answer.state;
      await new Promise((resolve) => setTimeout(resolve, Math.min(CLAIM_POLL_MS, answer.leaseLeftMs)));
    }
    return 'stopped';
  }

  function openInlet({ partition, gate, input, meters, sandbox }: Opening) {
    if (gate.inletSealed === undefined || gate.flowId === undefined) {
      throw ApplicationFailure.nonRetryable('the gate is open and names no inlet', 'CAEP_INTERNAL');
    }
    const url = deps.keyRing.open(gate.inletSealed, inletContext(partition.sourceId)).toString();
    const inlet = inlets.get(input.uid, {
      url,
      flowId: gate.flowId,
      sandbox,
      requestTimeoutMs: input.delivery.requestTimeoutMs,
      on503: input.delivery.on503,
      connections: (input.delivery.concurrency + MAX_SLOW) * input.delivery.partitions,
    });
    return (body: Buffer, options: { readonly mayStart: () => boolean }): Promise<Attempt> =>
      meters.post(inlet.post(body, options));
  }

  async function inSlot(input: DrainInput): Promise<DrainReport> {
    const leave = slots.take();
    try {
      return await drain(input);
    } finally {
      leave();
    }
  }

  return (input) => inSlot(input).catch((error: unknown) => Promise.reject(toFailure(error)));
}

interface Opening {
  readonly partition: PartitionId;
  readonly gate: Gate;
  readonly input: DrainInput;
  readonly meters: SourceMeters;
  readonly sandbox: string | undefined;
}

async function counted(running: Promise<LoopResult>, meters: SourceMeters): Promise<LoopResult> {
  meters.drainBegan();
  let end: DrainEnd['kind'] | undefined;
  try {
    const result = await running;
    end = result.end.kind;
    return result;
  } finally {
    meters.drainEnded(end);
  }
}

function report(input: DrainInput, end: DrainReport['end']): DrainReport {
  return { v: 1, partition: input.partition, accepted: 0, notAccepted: 0, end };
}

/** What only a person can mend is not tried again: the forwarder holds, and shows this message. */
function toFailure(error: unknown): unknown {
  if (!(error instanceof CodedError) || ERROR_CATALOGUE[error.error.code].retryable) return error;
  const message = `${error.message} ${remedyOf(error.error)}`.replace(/\.$/, '');
  return ApplicationFailure.nonRetryable(message, error.error.code);
}

interface ActivityWatch {
  readonly stop: () => 'no' | 'stop' | 'shutdown';
  readonly heartbeat: () => void;
  /** What heartbeats say from now on. */
  readonly holds: (position: KnownPosition) => void;
  /** What the attempt before this one said last: its worker may have died. */
  readonly lastHeartbeat: () => KnownPosition | undefined;
}

/** Of two that remember, the one that has seen more. */
function furthest(a: KnownPosition | undefined, b: KnownPosition | undefined): KnownPosition | undefined {
  return (b?.fence ?? 0) > (a?.fence ?? 0) ? b : a;
}

function watchActivity(shutdown: AbortSignal | undefined, clock: Clock): ActivityWatch {
  const context = Context.current();
  let beatAtMs = Number.NEGATIVE_INFINITY;
  let position: KnownPosition | undefined;
  return {
    stop() {
      if (shutdown?.aborted === true || context.cancellationDetails?.workerShutdown === true) return 'shutdown';
      return context.cancellationSignal.aborted ? 'stop' : 'no';
    },
    heartbeat() {
      const now = clock.monotonicMs();
      if (now - beatAtMs < HEARTBEAT_EVERY_MS) return;
      beatAtMs = now;
      context.heartbeat(position);
    },
    holds(held) {
      position = held;
      context.heartbeat(position);
    },
    lastHeartbeat() {
      const said = context.info.heartbeatDetails as KnownPosition | undefined;
      return typeof said?.fence === 'number' ? said : undefined;
    },
  };
}

/** The activity `drain`: delivers one partition's events for a while. */
import { inletContext } from '../../store/keys/contexts.js';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { CodedError, codedError, ERROR_CATALOGUE, remedyOf } from '../../domain/errors.js';
import { canaryPauseMs } from '../../domain/delivery/canary.js';
import type { DrainEnd, DrainInput, DrainReport } from '../../domain/delivery/forwarder.js';
import type { Attempt } from '../../domain/delivery/outcomes.js';
import type { WakeListener } from '../../store/delivery/wakeListener.js';
import { createDeliveryMetrics, type DeliveryMetrics, type SourceMeters } from '../../metrics/delivery.js';
import {
  type Claim,
  claimPartition,
  type ClaimRequest,
  type Holding,
  type KnownPosition,
  type PartitionId,
  releaseClaim,
} from '../../store/delivery/claim.js';
import type { Database } from '../../store/connection/database.js';
import { expireUnanswered, nextDueMs } from '../../store/exceptions/exceptions.js';
import { noteUnmappedFields } from '../../store/bodies/unmappedFields.js';
import { messageOf } from '../../domain/messageOf.js';
import { readCanaries } from '../../store/delivery/canaries.js';
import { readSourceFacts } from '../../store/views/figures.js';
import { type Gate, gateReport, readGate } from '../../store/delivery/gate.js';
import { keepInletAnswers } from '../../store/delivery/inletAnswers.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { compileProjection, type Project } from '../../projection/project.js';
import { recordSetBack } from '../../store/delivery/setBack.js';
import { sourceIdOf } from '../sourceInStore.js';
import { type Clock, type Moment, momentOf, SYSTEM_CLOCK } from './lease.js';
import { type DrainResult, runDrain } from './loop.js';
import { createHearing } from './hearing.js';
import { createUnmappedCounts } from './unmapped.js';
import { openBody } from './roles/requests.js';
import { MAX_SLOW } from './roles/sending.js';
import { createLateAnswers, type LateAnswers } from './lateAnswers.js';
import { createPositions, furthest, type Positions } from './positions.js';
import { createDueResends, type DueResends } from './dueResends.js';
import type { OrganisationRate } from './organisationRate.js';
import { createDrainSlots } from './slots.js';
import type { DrainTerms } from './state.js';
import { createDrainStore } from './store.js';
import { createInlets, type InletFactory } from './inlets.js';

/** How often a busy partition is asked for again. */
const CLAIM_POLL_MS = 100;
const HEARTBEAT_EVERY_MS = 1_000;
/** Until a partition that waits for a canary is drained again: events of other kinds may have come meanwhile. */
const LONGEST_CANARY_WAIT_MS = 10_000;
/** For PostgreSQL to answer again when the drain ends. */
const GRACE_MS = 10_000;
/** Answers can be late by a connect before the first byte, and by a flush after the last. */
const ANSWER_MARGIN_MS = 15_000;

export interface DrainDependencies {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'open' | 'seal'>;
  readonly wakeListener: WakeListener;
  readonly createInlet: InletFactory;
  /** Names this process to people who look at leases. */
  readonly holder: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The worker is about to end: drains finish at once. Temporal tells them only after its own grace time. */
  readonly shutdown?: AbortSignal;
  readonly clock?: Clock;
  readonly graceMs?: number;
  readonly metrics?: DeliveryMetrics;
  /** Activities that this worker runs at once; by default without a bound. */
  readonly slots?: number;
  /** How far drains have come, shared with whoever compares it with the database. */
  readonly positions?: Positions;
  /** Shared by the drains of the process. */
  readonly dueResends?: DueResends;
  /** Absent: each source has its own rate alone. */
  readonly organisationRate?: OrganisationRate;
  /** Waited for at the end of the process. */
  readonly lateAnswers?: Pick<LateAnswers, 'expect'>;
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
  const positions = deps.positions ?? createPositions();
  const lateAnswers = deps.lateAnswers ?? createLateAnswers();
  const dueResends = deps.dueResends ?? createDueResends(deps.database, deps.log);

  async function drain(input: DrainInput): Promise<DrainReport> {
    const activity = watchActivity(deps.shutdown, clock);
    // Asked each time: a database that was set back may have given the number to another source.
    const partition = { sourceId: await sourceIdOf(deps.database, input.uid), partition: input.partition };
    const remembered = positions.of(input.uid, input.partition);
    const known = furthest(furthest(input.known, activity.lastHeartbeat()), remembered);
    const claimed = await claimWhenFree({ ...partition, leaseMs: input.delivery.leaseMs, known }, activity);
    if (claimed === 'stopped') return report(input, { kind: 'stopped' });
    if (claimed === 'set-back') return endSetBack(partition, known ?? { fence: 0 });
    const { fence, claimId, window } = claimed.claim;
    const resendClaims = { count: claimed.claim.resendClaims };
    const positionAt = (intended: number) => ({ fence, intended, resendClaims: resendClaims.count });
    const holding = { ...partition, fence, claimId };
    activity.holds({ fence });
    const comeTo = (intended: number): void => positions.note(input.uid, input.partition, positionAt(intended));
    comeTo(window.intended);
    if (claimed.claim.leftovers > 0) {
      deps.log.warn(
        { ...partition, events: claimed.claim.leftovers },
        'a drain ended before the outcomes of these events were recorded',
      );
    }
    const gate = await readGate(deps.database, partition.sourceId);
    if (gate === undefined || gate.opensInMs !== 0) {
      await expireUnanswered(deps.database, partition.sourceId);
      await releaseClaim(deps.database, holding);
      return { ...report(input, { kind: 'gate', gate: gateReport(gate) }), position: positionAt(window.intended) };
    }
    const project = await projectOf(gate, holding);
    const canaries = await readCanaries(deps.database, partition.sourceId);
    const pauseMs = canaryPauseMs(input.delivery.lakeLatencyMs);
    const unmapped = createUnmappedCounts();
    const { name, sandbox } = await readSourceFacts(deps.database, partition.sourceId);
    const meters = metrics.ofSource(name);
    const post = openInlet({ partition, gate, input, meters, sandbox });
    const hearing = createHearing(
      (answers) => keepInletAnswers(deps.database, deps.keyRing, partition.sourceId, answers),
      (error) => deps.log.warn({ ...partition, reason: messageOf(error) }, "the inlet's answers could not be stored"),
    );
    const running = runDrain(
      {
        store: createDrainStore(deps.database, holding, {
          claimed: resendClaims,
          canaryPauseMs: pauseMs,
          organisation: deps.organisationRate,
        }),
        onInsert: (heard) => deps.wakeListener.onWake(partition, heard),
        onDue: (heard) => dueResends.onDue(partition, heard),
        clock,
        post,
        open: (sendable) =>
          openBody(
            deps.keyRing,
            partition.sourceId,
            { project, unmapped: (kind, names) => unmapped.note(kind, names) },
            sendable,
          ),
        heard: ({ first, resend }, text) => hearing.heard({ eventId: (first ?? resend).eventId, text }),
        wishes: () => ({ stop: activity.stop(), ...slots.shortened(input) }),
        heartbeat(intended) {
          // Before anything of it is sent: whoever of this worker finds the database set back first knows it.
          comeTo(intended);
          // A worker that is killed leaves behind what its last heartbeat said.
          activity.heartbeat(() => positionAt(intended));
        },
        databaseFailed: (error) =>
          deps.log.warn({ ...partition, reason: messageOf(error) }, 'PostgreSQL did not answer'),
        leaveBehind(intended) {
          comeTo(intended);
          activity.holds(positionAt(intended));
        },
        flushed: meters.flushed,
        pause: (ms) => delay(ms),
        leaves: (requests, recorded) => lateAnswers.expect(requests, recorded),
      },
      {
        terms: termsOf(input, claimed.claim, gate, deps.graceMs ?? GRACE_MS),
        claim: claimed.claim,
        canaries,
        leasedAt: claimed.at,
        requestsPerSecond: Math.min(
          input.requestsPerSecond,
          (await deps.organisationRate?.share()) ?? Number.POSITIVE_INFINITY,
        ),
      },
    );
    const result = await counted(running, meters);
    comeTo(result.intended);
    await hearing.allKept();
    await noteUnmappedFields(deps.database, partition.sourceId, unmapped.counted()).catch((error: unknown) =>
      deps.log.warn(
        { ...partition, reason: messageOf(error) },
        'fields that the mapping does not read could not be counted',
      ),
    );
    if (result.wasSetBack) throw await setBack(partition, fence);
    const waitMs = Math.min(pauseMs, LONGEST_CANARY_WAIT_MS);
    const dueInMs = least(await nextDueMs(deps.database, partition, waitMs), result.awaitsCanary ? waitMs : undefined);
    return {
      ...report(input, result.end),
      accepted: result.accepted,
      notAccepted: result.notAccepted,
      dueInMs,
      position: positionAt(result.intended),
      ...(result.awaitsCanary ? { awaitsCanary: true } : {}),
    };
  }

  /** @throws CodedError `CAEP_RELEASE_TOO_OLD`; the partition is given back for a worker that knows the recipe */
  async function projectOf({ projection }: Gate, holding: Holding): Promise<Project | undefined> {
    if (projection === undefined) return undefined;
    const project = compileProjection(projection.projection);
    if (project !== undefined) return project;
    await releaseClaim(deps.database, holding);
    const what = `version ${projection.projection.recipe} of the rules by which an event is converted before it is sent`;
    throw codedError('CAEP_RELEASE_TOO_OLD', { what });
  }

  /** The database does not know of a drain that others remember: whatever that one may have sent is unknown. */
  async function endSetBack(partition: PartitionId, known: KnownPosition): Promise<never> {
    await recordSetBack(deps.database, partition, known);
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
  ): Promise<{ readonly claim: Claim; readonly at: Moment } | 'stopped' | 'set-back'> {
    while (!activity.stop()) {
      activity.heartbeat();
      const at = momentOf(clock);
      const answer = await claimPartition(deps.database, { ...request, holder: deps.holder });
      if (answer.state === 'claimed') return { claim: answer.claim, at };
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

/** Of those that are known. */
function least(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

interface Opening {
  readonly partition: PartitionId;
  readonly gate: Gate;
  readonly input: DrainInput;
  readonly meters: SourceMeters;
  readonly sandbox: string | undefined;
}

function termsOf(input: DrainInput, claim: Claim, gate: Gate, graceMs: number): DrainTerms {
  const { mode, delivery } = input;
  return {
    mode,
    concurrency: mode === 'probe' ? 1 : delivery.concurrency,
    partitions: delivery.partitions,
    leaseMs: delivery.leaseMs,
    graceMs,
    answerWithinMs: delivery.requestTimeoutMs + ANSWER_MARGIN_MS,
    serverSince: claim.serverSince,
    gateEpoch: claim.gateEpoch ?? gate.epoch,
    sourceRequestsPerSecond: delivery.maxRequestsPerSecond,
  };
}

async function counted(running: Promise<DrainResult>, meters: SourceMeters): Promise<DrainResult> {
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
  readonly stop: () => boolean;
  /** @param come how far the drain has come, where that is known; asked only when it is time for a heartbeat */
  readonly heartbeat: (come?: () => KnownPosition) => void;
  /** What heartbeats say from now on. */
  readonly holds: (position: KnownPosition) => void;
  /** What the attempt before this one said last: its worker may have died. */
  readonly lastHeartbeat: () => KnownPosition | undefined;
}

function watchActivity(shutdown: AbortSignal | undefined, clock: Clock): ActivityWatch {
  const context = Context.current();
  let beatAtMs = Number.NEGATIVE_INFINITY;
  let position: KnownPosition | undefined;
  return {
    stop: () => shutdown?.aborted === true || context.cancellationSignal.aborted,
    heartbeat(come) {
      const now = clock.monotonicMs();
      if (now - beatAtMs < HEARTBEAT_EVERY_MS) return;
      beatAtMs = now;
      position = come?.() ?? position;
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

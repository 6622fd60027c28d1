/** The activity `reconcile`: looks for events in the lake, and records what that shows. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { catalogueErrorOf } from '../../adobe/http/catalogue.js';
import { AdobeCallError, mayPass } from '../../adobe/http/errors.js';
import { emptyUntilMade } from '../../adobe/lake/emptyLake.js';
import { type LakeSession, openLakeSession } from '../../adobe/lake/lakeSession.js';
import { CodedError, codedError, sentenceOf } from '../../domain/errors.js';
import type { LakeView, ReconcileInput, ReconcileReport } from '../../domain/delivery/forwarder.js';
import { planningPauseMs } from '../../domain/delivery/forwarderState.js';
import { absenceDeadlineMs, latePauseMs } from '../../domain/exceptions/lookUp.js';
import { NO_PROOF } from '../../domain/exceptions/proof.js';
import type { Delivery } from '../../domain/source/manifest.js';
import { formatDuration } from '../../manifest/duration.js';
import type { Database } from '../../store/connection/database.js';
import { type Destination, noteDataset } from '../../store/exceptions/destinations.js';
import {
  dueConfirmations,
  lookUpsAhead,
  planLooks,
  postponeConfirmation,
} from '../../store/exceptions/confirmation.js';
import {
  dueLookUps,
  findLakeSource,
  type LakeSource,
  type LookedUp,
  lookUpsAwaitingLake,
  noteLake,
  recordLookUps,
  resumeLookUps,
} from '../../store/exceptions/lookUps.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { lookAtFlowRuns } from '../flowRunLook.js';
import { notInStore } from '../sourceInStore.js';
import { withHeartbeats } from '../heartbeats.js';
import { confirmDeliveries, confirmPage, type ConfirmationStep } from './accepted.js';
import { lookAtCanaries } from './canaries.js';
import { findLakeTable, type Gone, type LakeTable } from './dataset.js';
import { createObservers, type Observers } from './destinations.js';
import { createFailedBatches } from './failedBatches.js';
import { createObserver } from './observer.js';
import { lookUpUnknown, notLookedFor, tooEarly } from './unknown.js';
import { concludeUnproven, hasProvenToLookFor } from './unproven.js';

export interface ReconcileDependencies {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'seal'>;
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly configuration: { readonly queryServiceUrl?: string };
  /** Below it a verdict of absence would be a guess: see `src/adobe/http/hosts.ts`. */
  readonly minimumLakeLatencyMs: number;
  readonly log: Pick<Logger, 'warn'>;
  /** Aborted when the worker begins to end. */
  readonly shutdown?: AbortSignal;
}

interface Round {
  readonly sourceId: number;
  readonly observers: Observers;
  readonly delivery: Delivery;
  /** False: the rest is done in the next round. */
  readonly goesOn: () => boolean;
}

/** Absence from a lake without a table says nothing; presence in a failed batch is a verdict all the same. */
const NO_TABLE =
  'the dataset has no table in Query Service yet, as no event has come through; its failed batches were read';

function isInvalid({ outcome }: LookedUp): boolean {
  return outcome.kind === 'held' && outcome.reason === 'invalid';
}

const HEARTBEAT_EVERY_MS = 5_000;
/** As often as at flow and dataset. */
const RUN_LOOKS_PER_LATENCY = 12;
/** After it the rest is left to the next round, so that a deploy need not wait. */
const ROUND_MS = 240_000;
const LOOK_UPS_AT_ONCE = 1_000;

/**
 * One round: exceptions of unknown outcome, then accepted events, as far as they are due.
 *
 * While the lake cannot be read everything waits, whether it is away or refuses us: a refusal may pass as well. Unknown events
 * that have waited for long are held, never sent again by themselves, and looked for once the lake can be read.
 */
export function createReconcile(deps: ReconcileDependencies): (input: ReconcileInput) => Promise<ReconcileReport> {
  const { database } = deps;
  const failedBatches = createFailedBatches();

  async function placeOf(clients: AdobeClients, sourceId: number, destination: Destination): Promise<LakeTable | Gone> {
    const place = await findLakeTable(clients, destination);
    const { flowId, datasetId } = destination;
    if (flowId !== null && datasetId === null && !('gone' in place)) {
      await noteDataset(database.pool, sourceId, { flowId, datasetId: place.datasetId });
    }
    return place;
  }

  async function reconcile({ uid, delivery }: ReconcileInput): Promise<ReconcileReport> {
    requireLakeLatency(delivery, deps.minimumLakeLatencyMs);
    const source = await findLakeSource(database, uid);
    if (source === undefined) throw notInStore();
    // Plans of a source that may never read the lake would only pile up; where there is no proof they end without it.
    if (source.lake?.state !== 'refused' || source.lake.detail === NO_PROOF) {
      await planLooks(database, source.id, {
        dueInMs: absenceDeadlineMs(delivery),
        everyMs: planningPauseMs(delivery.lakeLatencyMs),
      });
    }
    const endAt = Date.now() + ROUND_MS;
    const goesOn = () => Date.now() < endAt && deps.shutdown?.aborted !== true;
    if (source.unproven !== undefined) await concludeUnproven(database, source.id, delivery, goesOn);
    await recordLookUps(
      database,
      source.id,
      tooEarly(await dueLookUps(database, source.id, LOOK_UPS_AT_ONCE), delivery),
    );
    const needsLake = source.unproven?.now !== true || (await hasProvenToLookFor(database, source.id, delivery));
    const lake = needsLake ? await look(source, delivery, goesOn) : ({ state: 'refused', detail: NO_PROOF } as const);
    await noteLake(database, source.id, lake.state, lake.detail);
    await lookAtRuns(source, delivery);
    const ahead = await lookUpsAhead(database, source.id);
    if (lake.state === 'readable') return { v: 1, lake, lookUps: ahead };
    const dueInMs = Math.min(ahead.dueInMs ?? Number.POSITIVE_INFINITY, latePauseMs(delivery));
    return { v: 1, lake, lookUps: { dueInMs, unplanned: ahead.unplanned && lake.state === 'away' } };
  }

  /** Of events that are no longer sent, but still looked for, too: that is when Adobe has judged them. */
  async function lookAtRuns({ id, sandbox }: LakeSource, { lakeLatencyMs }: Delivery): Promise<void> {
    if (sandbox === undefined) return;
    const clients = deps.adobe.forSandbox(sandbox, { signal: Context.current().cancellationSignal });
    await lookAtFlowRuns(database, clients, { sourceId: id, everyMs: lakeLatencyMs / RUN_LOOKS_PER_LATENCY });
  }

  async function look(source: LakeSource, delivery: Delivery, goesOn: () => boolean): Promise<LakeView> {
    let session: LakeSession | undefined;
    const stop = () => void session?.close();
    const { cancellationSignal } = Context.current();
    cancellationSignal.addEventListener('abort', stop);
    try {
      const { sandbox, flowId } = source;
      if (sandbox === undefined || flowId === undefined) {
        throw codedError('CAEP_LAKE_UNAVAILABLE', { reason: 'the source has no flow yet' });
      }
      const clients = deps.adobe.forSandbox(sandbox, { signal: cancellationSignal });
      session = await openLakeSession(clients.queryService, deps.configuration.queryServiceUrl);
      const present = { flowId, datasetId: source.datasetId ?? null };
      const findPlace = (destination: Destination) => placeOf(clients, source.id, destination);
      const place = await findPlace(present);
      if ('gone' in place) {
        throw codedError('CAEP_LAKE_UNAVAILABLE', { reason: `the flow ${flowId} writes to no dataset` });
      }
      const lake = session;
      const observers = createObservers({
        present: { ...present, place },
        findPlace,
        observerOf: (destination, table, noTable) =>
          createObserver({
            database,
            sourceId: source.id,
            flowId: destination.flowId,
            clients,
            session: { query: emptyUntilMade((text) => lake.query(text), noTable) },
            place: table,
            failedBatches,
            lakeLatencyMs: delivery.lakeLatencyMs,
          }),
      });
      const view = await lookAtAll({ sourceId: source.id, observers, delivery, goesOn });
      if (observers.hasTable(present)) return view;
      throw codedError('CAEP_LAKE_UNAVAILABLE', { reason: NO_TABLE });
    } catch (error) {
      if (cancellationSignal.aborted) throw error;
      const lake = lakeViewOf(error);
      if (source.lake?.state !== lake.state) {
        deps.log.warn({ sourceId: source.id, ...lake }, 'the lake could not be read');
      }
      await waitLonger(source.id, delivery, lake.detail ?? '');
      return lake;
    } finally {
      cancellationSignal.removeEventListener('abort', stop);
      await session?.close().catch(() => undefined);
    }
  }

  async function lookAtAll({ sourceId, observers, delivery, goesOn }: Round): Promise<LakeView> {
    const awaiting = await lookUpsAwaitingLake(database, sourceId, LOOK_UPS_AT_ONCE);
    const unknown = [...awaiting, ...(await dueLookUps(database, sourceId, LOOK_UPS_AT_ONCE))];
    const lookedUp = await lookUpUnknown(observers, unknown, delivery);
    await resumeLookUps(database, awaiting.filter(observers.hasTable));
    await recordLookUps(
      database,
      sourceId,
      lookedUp.filter((one) => isInvalid(one) || observers.hasTable(one.lookUp)),
    );
    const untold = unknown.filter((lookUp) => !observers.hasTable(lookUp));
    await recordLookUps(
      database,
      sourceId,
      untold.map((lookUp) => notLookedFor(lookUp, NO_TABLE, delivery)),
    );
    await lookAtCanaries({ ...deps, sourceId, delivery }, observers);
    await confirmDeliveries(database, observers, sourceId, delivery);
    const stuck = new Map<string, number[]>();
    for (const due of await dueConfirmations(database, sourceId)) {
      let step: ConfirmationStep = { state: 'more', due };
      while (step.state === 'more' && goesOn()) step = await confirmPage(database, observers, step.due, delivery);
      if (step.state !== 'stuck') continue;
      stuck.set(step.why, [...(stuck.get(step.why) ?? []), due.partition]);
      await postponeConfirmation(database, due, latePauseMs(delivery));
    }
    if (stuck.size === 0) return { state: 'readable' };
    const detail = [...stuck].map(([why, partitions]) => `partition ${partitions.join(', ')}: ${why}`).join('; ');
    return { state: 'readable', detail };
  }

  /** The lake cannot be read: what is due is looked for later, and given to a person when that has lasted too long. */
  async function waitLonger(sourceId: number, delivery: Delivery, why: string): Promise<void> {
    const due = await dueLookUps(database, sourceId, LOOK_UPS_AT_ONCE);
    await recordLookUps(
      database,
      sourceId,
      due.map((lookUp) => notLookedFor(lookUp, why, delivery)),
    );
    for (const due of await dueConfirmations(database, sourceId)) {
      await postponeConfirmation(database, due, latePauseMs(delivery));
    }
    await lookAtCanaries({ ...deps, sourceId, delivery });
  }

  return (input) => withHeartbeats(HEARTBEAT_EVERY_MS, () => reconcile(input));
}

function requireLakeLatency({ lakeLatencyMs }: Delivery, minimumMs: number): void {
  if (lakeLatencyMs >= minimumMs) return;
  const error = { code: 'CAEP_LAKE_LATENCY_TOO_SHORT', fields: { latency: formatDuration(lakeLatencyMs) } } as const;
  throw ApplicationFailure.nonRetryable(sentenceOf(error), error.code, { error });
}

/** Whose fault it is that the lake was not read; what is ours is thrown. */
function lakeViewOf(error: unknown): LakeView {
  if (error instanceof AdobeCallError) {
    const state = mayPass(error) ? 'away' : 'refused';
    return { state, detail: sentenceOf(catalogueErrorOf(error, { name: '', sandbox: '' })) };
  }
  if (!(error instanceof CodedError)) throw error;
  switch (error.error.code) {
    case 'CAEP_LAKE_REFUSED':
      return { state: 'refused', detail: error.error.fields['reason'] };
    case 'CAEP_LAKE_UNAVAILABLE':
      return { state: 'away', detail: error.error.fields['reason'] };
    default:
      throw error;
  }
}

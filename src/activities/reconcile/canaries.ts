/** Looks for canaries: see `domain/delivery/canary.ts`. */
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { attemptOf, canaryPauseMs, type CanaryVerdict, verdictOfCanary } from '../../domain/delivery/canary.js';
import type { Sighting } from '../../domain/exceptions/lookUp.js';
import type { Delivery } from '../../domain/source/manifest.js';
import { readClock } from '../../store/connection/clock.js';
import type { Database } from '../../store/connection/database.js';
import { type ChosenCanary, chosenCanaries, recordCanary } from '../../store/delivery/canaries.js';
import { checkQuiet, closeGate, openGate, readGate } from '../../store/delivery/gate.js';
import { keepInletAnswers } from '../../store/delivery/inletAnswers.js';
import { type RefusedCanary, sendReshaped } from '../../store/delivery/reshape.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import type { Observer } from './observer.js';

export interface CanaryLook {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'seal'>;
  readonly sourceId: number;
  readonly delivery: Delivery;
  readonly log: Pick<Logger, 'warn'>;
}

/** After it a later look goes on: requests that nobody answers keep a closed gate from being quiet. */
const LONGEST_QUIET_MS = 120_000;
const QUIET_POLL_MS = 200;

const RESHAPING = 'what is sent of each event is being changed';

interface Judged {
  readonly canary: ChosenCanary;
  readonly verdict: CanaryVerdict;
}

/**
 * A kind whose canary was seen goes on. Where canaries were refused, lacking attributes leave as null from then on, and the refused
 * ones again in that form; where they do already, the gate is closed for a person.
 *
 * @param observer undefined: the lake cannot be read
 */
export async function lookAtCanaries(look: CanaryLook, observer?: Observer): Promise<void> {
  const { database, sourceId, delivery } = look;
  const chosen = await chosenCanaries(database, sourceId);
  if (chosen.length === 0) return;
  const inMs = canaryPauseMs(delivery.lakeLatencyMs);
  const accepted = chosen.filter((canary) => attemptOf(canary) === 'accepted');
  for (const canary of chosen) {
    const attempt = attemptOf(canary);
    if (attempt === 'lost') await recordCanary(database, sourceId, canary, { kind: 'replaced' });
    if (attempt === 'under-way') {
      await recordCanary(database, sourceId, canary, { kind: 'look-again', inMs, isAccepted: false });
    }
  }
  const judged = judge(accepted, await observe(accepted, observer), delivery);
  for (const { canary, verdict } of judged) {
    if (verdict.kind === 'proven') await recordCanary(database, sourceId, canary, verdict);
    else await recordCanary(database, sourceId, canary, { kind: 'look-again', inMs, isAccepted: true });
  }
  // What is refused together is sent again together, in one other form.
  if (judged.some(({ verdict }) => verdict.kind === 'look-again')) return;
  const refused = judged.flatMap(({ canary, verdict }) => (verdict.kind === 'refused' ? [{ canary, ...verdict }] : []));
  if (refused.length > 0) await afterRefusal(look, refused);
}

async function observe(accepted: readonly ChosenCanary[], observer?: Observer): Promise<readonly Sighting[]> {
  if (observer === undefined || accepted.length === 0) return [];
  return observer.observe(
    accepted.map(({ eventId, occurredAt, accepted: since }) => ({
      eventId,
      occurredAt,
      attemptAt: since?.at ?? new Date(),
      flowId: null,
      datasetId: null,
    })),
  );
}

function judge(accepted: readonly ChosenCanary[], sightings: readonly Sighting[], delivery: Delivery): Judged[] {
  const { lakeLatencyMs } = delivery;
  return accepted.map((canary, index) => {
    const acceptedForMs = canary.accepted?.forMs ?? 0;
    const verdict = verdictOfCanary(sightings[index], { known: canary.refusedIn, acceptedForMs, lakeLatencyMs });
    return { canary, verdict };
  });
}

type Refused = Extract<CanaryVerdict, { readonly kind: 'refused' }> & { readonly canary: ChosenCanary };

async function afterRefusal(look: CanaryLook, refused: readonly Refused[]): Promise<void> {
  const { database, sourceId, log } = look;
  const gate = await readGate(database, sourceId);
  // Closed by somebody, who decides what leaves next.
  if (gate?.opensInMs === undefined) return;
  await keepWords(look, refused);
  const why = describe(refused, gate.projection?.version);
  if (gate.projection?.projection.absent === 'omitted') {
    log.warn(
      { sourceId, why },
      'Adobe has refused events without some attributes: they leave with null in their place',
    );
    return reshape(look, refused, gate.epoch);
  }
  const reason = `${why}; correct the mapping with update FILE, then unpause the source`;
  const closed = await closeGate(database, sourceId, reason, { ifEpoch: gate.epoch, until: 'unpaused' });
  if (closed === undefined) return;
  log.warn({ sourceId, reason }, 'sending has stopped, because Adobe refuses what is sent');
  for (const { canary, refusals } of refused) {
    const refusedIn = refusals.map(({ batchId }) => batchId);
    await recordCanary(database, sourceId, canary, { kind: 'refused', refusedIn });
  }
}

/** Should this end in the middle, the look at the destination opens the gate again, and the next look at the canaries comes here. */
async function reshape(
  { database, sourceId }: CanaryLook,
  refused: readonly Refused[],
  ifEpoch: number,
): Promise<void> {
  const closed = await closeGate(database, sourceId, RESHAPING, { ifEpoch, opensByItself: true });
  if (closed === undefined || !(await becomesQuiet(database, sourceId))) return;
  const gate = await readGate(database, sourceId);
  if (gate?.epoch !== closed.epoch || gate.projection === undefined) return;
  const { flowId, inletSealed, projection } = gate;
  if (flowId === undefined || inletSealed === undefined) return;
  const again = refused.map(
    ({ canary, refusals }): RefusedCanary => ({
      kind: canary.kind,
      eventId: canary.eventId,
      refusedIn: refusals.map(({ batchId }) => batchId),
      fact: `accepted by the inlet, then refused (${codesOf(refusals)}): sent again, with null for attributes that it lacks`,
    }),
  );
  await sendReshaped(database, sourceId, { ...projection.projection, absent: 'null' }, again);
  const opensAt = await readClock(database);
  await openGate(database, { sourceId, flowId, inletSealed, opensAt }, { ifEpoch: gate.epoch });
}

async function becomesQuiet(database: Database, sourceId: number): Promise<boolean> {
  const { cancellationSignal } = Context.current();
  const until = performance.now() + LONGEST_QUIET_MS;
  while (performance.now() < until) {
    if ((await checkQuiet(database, sourceId)).quiet) return true;
    await delay(QUIET_POLL_MS, undefined, { signal: cancellationSignal });
  }
  return false;
}

/** Adobe's words may quote the event. */
async function keepWords({ database, keyRing, sourceId }: CanaryLook, refused: readonly Refused[]): Promise<void> {
  const answers = refused.flatMap(({ canary, refusals }) =>
    refusals.flatMap(({ words }) =>
      words === undefined ? [] : [{ eventId: Buffer.from(canary.eventId, 'hex'), text: words }],
    ),
  );
  if (answers.length > 0) await keepInletAnswers(database, keyRing, sourceId, answers);
}

function describe(refused: readonly Refused[], version: number | undefined): string {
  const kinds = refused.map(
    ({ canary: { kind, eventId }, refusals }) => `${kind} (event ${eventId.slice(0, 12)}, ${codesOf(refusals)})`,
  );
  const since = version === undefined ? 'since the mapping was changed' : `under version ${version} of what leaves`;
  return `${since} Adobe has accepted the first event and then refused it: ${kinds.join('; ')}`;
}

function codesOf(refusals: Refused['refusals']): string {
  const codes = [...new Set(refusals.flatMap(({ codes }) => codes))];
  const batches = refusals.map(({ batchId }) => batchId).join(', ');
  return `${codes.length === 0 ? 'no code' : codes.join(', ')}, failed batch ${batches}`;
}

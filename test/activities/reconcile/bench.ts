/** A source whose events go to the simulator's inlet, and rounds of reconciliation against its lake. */
import { bodyContext, inletContext } from '../../../src/store/keys/contexts.js';
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createReconcile } from '../../../src/activities/reconcile/reconcile.js';
import { type Adobe, createAdobe } from '../../../src/adobe/clients.js';
import type { AdobeConfiguration } from '../../../src/configuration.js';
import type { ReconcileInput, ReconcileReport } from '../../../src/domain/delivery/forwarder.js';
import type { DecideInput, DecideResult } from '../../../src/domain/exceptions/heldEvents.js';
import type { Delivery } from '../../../src/domain/source/manifest.js';
import { decideHeld } from '../../../src/store/decisions/decisions.js';
import type { Database } from '../../../src/store/connection/database.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { readFigures } from '../../../src/store/views/figures.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import { surveySource } from '../../../src/store/views/survey.js';
import { type Bench as ForwarderBench, withBench } from '../drain/overHttp/bench.js';
import { DELIVERY } from '../../support/delivery.js';
import {
  canonicalEvent,
  makeSource,
  newEventId,
  type Source,
  truthOf,
  withSimulator,
} from '../../simulator/dataplane/harness.js';
import { takenEvent } from '../../support/store.js';

export const WAITS: Delivery = { ...DELIVERY, onNotFound: 'resend' };
/** Longer than any wait in {@link WAITS} before a person is asked. */
export const LONG_MS = 3_600_000;

export interface ReconcileBench extends ForwarderBench {
  /** Canonical events in the log; with a fault, it meets each of them at the inlet. @returns their ids */
  readonly take: (count: number, fault?: string) => Promise<string[]>;
  /** Sends everything, and lets the lake show it. */
  readonly deliver: () => Promise<void>;
  readonly reconcile: (
    change?: Partial<Delivery>,
    configuration?: Partial<AdobeConfiguration>,
  ) => Promise<ReconcileReport>;
  /** As if what was attempted or planned so far had been that long ago. */
  readonly age: (ms: number) => Promise<void>;
  readonly truth: (
    eventId: string,
  ) => Promise<{ readonly acceptances: readonly unknown[]; readonly rows: number } | undefined>;
  readonly counters: () => Promise<Awaited<ReturnType<typeof surveySource>>['counters']>;
  /** As metrics show it; undefined while it is not known. */
  readonly oldestUnconfirmedMs: () => Promise<number | undefined>;
  /** From now on this installation may not read the lake, or may. */
  readonly refuse: () => void;
  readonly allow: () => void;
  readonly decide: (input: Omit<DecideInput, 'by' | 'why'>) => Promise<DecideResult>;
  /** To which the source leads when a test begins. */
  readonly source: Source;
  /** From now on the source leads to another flow and another dataset. */
  readonly replaceFlow: () => Promise<Source>;
  readonly simulator: ReturnType<ReturnType<typeof withSimulator>>;
  readonly adobe: Adobe;
}

/** As if what was attempted or planned so far had been that long ago. */
export async function letPass(database: Database, sourceId: number, ms: number): Promise<void> {
  const earlier = `- ${ms} * interval '1 millisecond'`;
  await database.pool.query(
    `update exception set attempt_at = attempt_at ${earlier}, next_at = next_at ${earlier},
       resolved_at = resolved_at ${earlier} where source_id = ${sourceId}`,
  );
  await database.pool.query(`update receipt set recorded_at = recorded_at ${earlier} where source_id = ${sourceId}`);
  await database.pool.query(
    `update look_up_plan set planned_at = planned_at ${earlier}, due_at = due_at ${earlier}
     where source_id = ${sourceId}`,
  );
}

/** Call it at the top of a test file. */
export function withReconcileBench(): () => ReconcileBench {
  const simulated = withSimulator({ lakeDelayMs: 0 });
  const forwarder = withBench();
  let source: Source;
  let adobe: Adobe;
  let configuration: AdobeConfiguration;

  beforeAll(async () => {
    source = await makeSource(simulated());
    const { baseUrl, credentials } = simulated().simulator();
    configuration = {
      clientId: credentials.clientId,
      clientSecret: credentials.clientSecrets[0] ?? '',
      orgId: credentials.orgId,
      scopes: credentials.scopes,
      imsUrl: baseUrl,
      platformUrl: baseUrl,
      requestTimeoutMs: 30_000,
      consistencyWindowMs: 0,
      maxAttempts: 1,
      firstRetryDelayMs: 1,
    };
    adobe = createAdobe({ configuration, log: pino({ level: 'silent' }) });
  });
  afterAll(() => adobe.close());
  beforeEach(async () => {
    const { database, sourceId, keyRing } = forwarder();
    const { credentials, admin } = simulated().simulator();
    admin.faults.clear();
    admin.policy.change({ lakeOutage: null, queryServiceTls: null });
    await database.pool.query('update source set sandbox = $2 where id = $1', [sourceId, credentials.sandboxNames[0]]);
    const inletSealed = keyRing.seal(Buffer.from(source.inletUrl), inletContext(sourceId));
    await openGate(database, { sourceId, flowId: source.flowId, inletSealed, opensAt: new Date(Date.now() - 1_000) });
  });

  return () => {
    const bench = forwarder();
    const { database, sourceId, keyRing, uid } = bench;
    const eventLog = createEventLog(database);
    return {
      ...bench,
      simulator: simulated(),
      adobe,
      source,
      async replaceFlow() {
        const other = await makeSource(simulated());
        const inletSealed = keyRing.seal(Buffer.from(other.inletUrl), inletContext(sourceId));
        const { flowId, datasetId } = other;
        await openGate(database, { sourceId, flowId, datasetId, inletSealed, opensAt: new Date(Date.now() - 1_000) });
        return other;
      },
      async take(count, fault) {
        const ids = Array.from({ length: count }, newEventId);
        const events = ids.map((id) => {
          const eventId = Buffer.from(id, 'hex');
          const occurredAt = new Date().toISOString();
          const body = Buffer.from(JSON.stringify(canonicalEvent(id, { occurredAt })));
          return takenEvent(id, { eventId, sealed: keyRing.seal(body, bodyContext(sourceId, eventId)) });
        });
        await eventLog.append(sourceId, 0, events);
        for (const id of fault === undefined ? [] : ids) {
          simulated()
            .simulator()
            .admin.faults.place({
              id,
              match: { route: 'inlet.*', bodyIncludes: id },
              fault: {
                kind: 'service',
                name: fault ?? '',
                parameters: fault === 'duplicateInternally' ? { copies: 1 } : {},
              },
            });
        }
        return ids;
      },
      async deliver() {
        await bench.drain({ delivery: WAITS, lingerMs: 0 }).report;
        await simulated().advance(1_000);
      },
      reconcile(change = {}, other = {}) {
        const reconcile = createReconcile({
          database,
          keyRing,
          adobe,
          configuration: { ...configuration, ...other },
          minimumLakeLatencyMs: 0,
          log: { warn: () => undefined },
        });
        const input: ReconcileInput = { v: 1, uid, delivery: { ...WAITS, ...change } };
        return new MockActivityEnvironment().run<[ReconcileInput], ReconcileReport, typeof reconcile>(reconcile, input);
      },
      age: (ms) => letPass(database, sourceId, ms),
      truth: (eventId) => truthOf(simulated(), eventId),
      async oldestUnconfirmedMs() {
        const { sources } = await readFigures(database);
        return sources.find((one) => one.source === `source-${uid}`)?.oldestUnconfirmedMs;
      },
      refuse() {
        const fault = { kind: 'status', status: 403 } as const;
        const rule = { id: 'forbidden', match: { route: 'queryservice.*' }, fault, times: 0 };
        simulated().simulator().admin.faults.place(rule);
      },
      allow: () => void simulated().simulator().admin.faults.remove('forbidden'),
      decide: (input) =>
        decideHeld(
          database,
          { sourceId, name: uid, requestId: randomUUID(), input: { ...input, by: 'ana', why: 'seen' } },
          () => ({ fault: 'nothing is replaced here' }),
        ),
      counters: async () => (await surveySource(database, sourceId)).counters,
    };
  };
}

/** A source with an open gate, a key ring, events in its log, and drains over a scripted inlet. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createDrain, type DrainDependencies } from '../../src/activities/drain.js';
import { createInlet } from '../../src/adobe/inlet.js';
import type { DrainInput, DrainReport } from '../../src/domain/forwarder.js';
import type { Delivery } from '../../src/domain/manifest.js';
import { type Bell, createBell } from '../../src/store/bell.js';
import type { Database } from '../../src/store/database.js';
import { createEventLog } from '../../src/store/eventLog.js';
import { inletContext, openGate } from '../../src/store/gate.js';
import { type KeyRing, openKeyRing } from '../../src/store/keyRing.js';
import { registerSource } from '../../src/store/sources.js';
import { bodyContext } from '../../src/store/takenEvent.js';
import { silentLog, takenEvent, withDatabase } from '../support/store.js';
import { type ScriptedInlet, startInlet } from './scriptedInlet.js';

export const DELIVERY: Delivery = {
  partitions: 1,
  concurrency: 8,
  maxRequestsPerSecond: 100_000,
  requestTimeoutMs: 3_000,
  leaseMs: 3_000,
  settleWindowMs: 0,
  schemaSettleWindowMs: 0,
  on503: 'strict',
  onNotFound: 'hold',
  lakeLatencyMs: 1_000,
  quietWarningMs: 86_400_000,
  retentionMs: 86_400_000,
};

export interface Bench {
  readonly database: Database;
  readonly inlet: ScriptedInlet;
  readonly bell: Bell;
  readonly uid: string;
  readonly sourceId: number;
  readonly keyRing: KeyRing;
  readonly open: (opensAt?: Date) => Promise<void>;
  /** Puts events into the log. @returns their ids, hex */
  readonly log: (count: number, options?: { readonly bytes?: number; readonly prefix?: string }) => Promise<string[]>;
  /** As the worker runs it. */
  readonly drain: (input?: Partial<DrainInput>, deps?: Partial<DrainDependencies>) => RunningDrain;
  readonly exceptions: () => Promise<ExceptionRow[]>;
  readonly cursor: () => Promise<CursorView>;
}

interface RunningDrain {
  readonly report: Promise<DrainReport>;
  readonly cancel: () => void;
}

interface ExceptionRow {
  readonly id: number;
  readonly event_id: string;
  readonly reason: string;
  readonly state: string;
  readonly next_action: string | null;
  readonly version: number;
  readonly attempts: number;
  readonly resolution: string | null;
}

interface CursorView {
  readonly cursor_seq: number;
  readonly intended_seq: number;
  readonly undecided: number;
  readonly accepted_count: number;
  readonly fence: number;
  readonly holder: string | null;
}

/** Call it at the top of a test file: each test has a source and an inlet of its own. */
export function withBench(): () => Bench {
  const database = withDatabase();
  let keyRing: KeyRing;
  let bell: Bell;
  let bench: Bench | undefined;
  const inlets: ScriptedInlet[] = [];

  beforeAll(async () => {
    keyRing = await openKeyRing(join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json'), { create: true });
    bell = createBell(database(), silentLog);
  });
  beforeEach(async () => {
    const inlet = await startInlet();
    inlets.push(inlet);
    bench = await makeBench(database(), keyRing, bell, inlet);
  });
  afterAll(async () => {
    await bell.close();
    await Promise.all(inlets.map((inlet) => inlet.close()));
  });
  return () => {
    if (bench === undefined) throw new Error('the bench exists from beforeEach on');
    return bench;
  };
}

/** On a database of the caller's. */
export async function makeBench(
  database: Database,
  keyRing: KeyRing,
  bell: Bell,
  inlet: ScriptedInlet,
): Promise<Bench> {
  const uid = randomUUID();
  const sourceId = await registerSource(database, { uid, name: `source-${uid}`, partitions: 1 });
  const eventLog = createEventLog(database);
  const bench: Bench = {
    database,
    inlet,
    bell,
    uid,
    sourceId,
    keyRing,
    async open(opensAt = new Date(Date.now() - 1_000)) {
      const inletSealed = keyRing.seal(Buffer.from(inlet.url), inletContext(sourceId));
      await openGate(database, { sourceId, flowId: 'flow-1', inletSealed, opensAt });
    },
    async log(count, { bytes = 200, prefix = 'event' } = {}) {
      const names = Array.from({ length: count }, (_none, n) => `${prefix}-${n}`);
      const ids = names.map((name) => createHash('sha256').update(name).digest());
      const events = ids.map((eventId, n) => {
        const body = JSON.stringify({ eventId: eventId.toString('hex'), message: 'm'.repeat(bytes) });
        return takenEvent(names[n] ?? '', { sealed: keyRing.seal(Buffer.from(body), bodyContext(sourceId, eventId)) });
      });
      for (let start = 0; start < events.length; start += 500) {
        await eventLog.append(sourceId, 0, events.slice(start, start + 500));
      }
      return ids.map((id) => id.toString('hex'));
    },
    drain(input = {}, deps = {}) {
      const drain = createDrain({ database, keyRing, bell, createInlet, holder: 'test', log: silentLog, ...deps });
      const environment = new MockActivityEnvironment();
      const drainInput: DrainInput = {
        v: 1,
        uid,
        partition: 0,
        delivery: DELIVERY,
        requestsPerSecond: 100_000,
        mode: 'slice',
        sliceMs: 20_000,
        lingerMs: 0,
        ...input,
      };
      const report = environment.run<[DrainInput], DrainReport, typeof drain>(drain, drainInput);
      return { report, cancel: () => environment.cancel('CANCELLED') };
    },
    async exceptions() {
      const { rows } = await database.pool.query<ExceptionRow>(
        `select id, encode(event_id, 'hex') as event_id, reason, state, next_action, version, attempts, resolution from exception
         where source_id = $1 order by id`,
        [sourceId],
      );
      return rows;
    },
    async cursor() {
      const { rows } = await database.pool.query<CursorView>(
        `select cursor_seq, intended_seq, undecided, accepted_count, fence, holder from partition_cursor
         where source_id = $1 and partition = 0`,
        [sourceId],
      );
      return rows[0] as CursorView;
    },
  };
  return bench;
}

/** Were exactly these events counted, each once? */
export function everyOnce(counted: ReadonlyMap<string, number>, ids: readonly string[]): boolean {
  return counted.size === ids.length && ids.every((id) => counted.get(id) === 1);
}

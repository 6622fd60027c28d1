/** A source with an open gate, a key ring, events in its log, and drains over a scripted inlet. */
import { bodyContext, inletContext } from '../../../../src/store/keys/contexts.js';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createDrain, type DrainDependencies } from '../../../../src/activities/drain/drain.js';
import { createInlet } from '../../../../src/adobe/services/inlet.js';
import type { DrainInput, DrainReport } from '../../../../src/domain/delivery/forwarder.js';
import { createWakeListener, type WakeListener } from '../../../../src/store/delivery/wakeListener.js';
import type { Database } from '../../../../src/store/connection/database.js';
import { createEventLog } from '../../../../src/store/log/eventLog.js';
import { openGate } from '../../../../src/store/delivery/gate.js';
import { type KeyRing, openKeyRing } from '../../../../src/store/keys/keyRing.js';
import { registerSource } from '../../../../src/store/sources/sources.js';
import { DELIVERY } from '../../../support/delivery.js';
import { silentLog, takenEvent, withDatabase } from '../../../support/store.js';
import { type ScriptedInlet, startInlet } from './scriptedInlet.js';

export interface Bench {
  readonly database: Database;
  readonly inlet: ScriptedInlet;
  readonly wakeListener: WakeListener;
  readonly uid: string;
  readonly sourceId: number;
  readonly keyRing: KeyRing;
  readonly open: (opensAt?: Date) => Promise<void>;
  /** Puts events into the log. @returns their ids, hex */
  readonly log: (count: number, options?: { readonly bytes?: number; readonly prefix?: string }) => Promise<string[]>;
  /** As the worker runs it. */
  readonly drain: (
    input?: Partial<DrainInput>,
    deps?: Partial<DrainDependencies>,
    before?: { readonly heartbeatDetails: unknown },
  ) => RunningDrain;
  readonly exceptions: () => Promise<ExceptionRow[]>;
  readonly cursor: () => Promise<CursorView>;
}

interface RunningDrain {
  readonly report: Promise<DrainReport>;
  /** What its last heartbeat said. */
  readonly lastWords: () => unknown;
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
  let wakeListener: WakeListener;
  let bench: Bench | undefined;
  const inlets: ScriptedInlet[] = [];

  beforeAll(async () => {
    keyRing = await openKeyRing(join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json'), { create: true });
    wakeListener = createWakeListener(database(), silentLog);
  });
  beforeEach(async () => {
    const inlet = await startInlet();
    inlets.push(inlet);
    bench = await makeBench(database(), keyRing, wakeListener, inlet);
  });
  afterAll(async () => {
    await wakeListener.close();
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
  wakeListener: WakeListener,
  inlet: ScriptedInlet,
): Promise<Bench> {
  const uid = randomUUID();
  const sourceId = await registerSource(database, { uid, name: `source-${uid}`, partitions: 1 });
  const eventLog = createEventLog(database);
  const bench: Bench = {
    database,
    inlet,
    wakeListener,
    uid,
    sourceId,
    keyRing,
    async open(opensAt = new Date(Date.now() - 1_000)) {
      const inletSealed = keyRing.seal(Buffer.from(inlet.url), inletContext(sourceId));
      await openGate(database, { sourceId, flowId: 'flow-1', inletSealed, opensAt, unpauses: true });
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
    drain(input = {}, deps = {}, before) {
      const drain = createDrain({
        database,
        keyRing,
        wakeListener,
        createInlet,
        holder: 'test',
        log: silentLog,
        ...deps,
      });
      const environment = new MockActivityEnvironment(before);
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
      let lastWords: unknown;
      environment.on('heartbeat', (words: unknown) => (lastWords = words));
      return { report, lastWords: () => lastWords, cancel: () => environment.cancel('CANCELLED') };
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

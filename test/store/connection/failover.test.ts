/** A failover in each statement of what workers and receivers do: told as a fault that passes, and done once when it is done again. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { intend, record } from '../../../src/domain/delivery/cursor.js';
import { ensureBodyPartitions } from '../../../src/store/bodies/bodyPartitions.js';
import { type Database, inTransaction, openDatabase } from '../../../src/store/connection/database.js';
import { databaseFault } from '../../../src/store/connection/databaseFault.js';
import { isTransient } from '../../../src/store/connection/transient.js';
import { findFlush, flush, type Flush } from '../../../src/store/delivery/flush.js';
import { closeGate, openGate } from '../../../src/store/delivery/gate.js';
import { applyRestored } from '../../../src/store/delivery/restored.js';
import { recordDone } from '../../../src/store/history/operations.js';
import { openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { dropOldBodies } from '../../../src/store/log/retention.js';
import { migrate } from '../../../src/store/migrate.js';
import { copyStretch } from '../../../src/store/receivers/intakeJournal.js';
import { noteReceiver } from '../../../src/store/receivers/receiverReports.js';
import { createRoutes } from '../../../src/store/sources/routes.js';
import { registerSource, retireSource } from '../../../src/store/sources/sources.js';
import { claim, loggedSource } from '../delivery/claimedSource.js';
import { FAILOVERS, type Failover, startFailing } from '../../support/failover.js';
import { silentLog, takenEvent, withDatabase } from '../../support/store.js';

vi.setConfig({ testTimeout: 120_000 });
const database = withDatabase();
const url = () => database().pool.options.connectionString as string;

/** What is done once, and asked for again until it has succeeded. */
interface Doing {
  readonly run: (failing: Database) => Promise<unknown>;
  /** What of it can be seen afterwards. */
  readonly seen: () => Promise<unknown>;
  readonly url?: string;
}

const rows = async (sql: string, values: readonly unknown[] = [], of: Database = database()) =>
  (await of.pool.query<Record<string, unknown>>(sql, [...values])).rows;

const MIGRATING = 'an empty database gets its tables';
const KEYS = join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json');
beforeAll(() => openKeyRing(KEYS, { create: true }));

const DOINGS: Readonly<Record<string, () => Promise<Doing>>> = {
  'events are appended, one of them again': async () => {
    const { sourceId, events } = await loggedSource(database(), 1);
    const arriving = [...events, takenEvent(randomUUID())];
    return {
      run: (failing) => createEventLog(failing).append(sourceId, 0, arriving),
      seen: () =>
        rows(
          `select count(*), count(distinct event_id), (select count(*) as held from exception where source_id = $1)
              from event_body where source_id = $1`,
          [sourceId],
        ),
    };
  },
  'a source is registered': async () => {
    const [uid, name] = [randomUUID(), `source-${randomUUID()}`];
    return {
      run: (failing) => registerSource(failing, { uid, name, partitions: 3 }),
      seen: () => rows('select count(*) from source join partition_head on source_id = id where uid = $1', [uid]),
    };
  },
  'routes are made': async () => {
    const { sourceId } = await loggedSource(database(), 0);
    const keyRing = await openKeyRing(KEYS);
    return {
      run: (failing) => createRoutes(failing, keyRing, sourceId, [{ key: 'main', kinds: ['feedback', 'unanswered'] }]),
      seen: () => rows('select count(*), count(distinct kind) as kinds from route where source_id = $1', [sourceId]),
    };
  },
  'a gate is closed and opened again': async () => {
    const { sourceId } = await loggedSource(database(), 2);
    return {
      async run(failing) {
        await closeGate(failing, sourceId, 'paused', { until: 'unpaused' });
        const inletSealed = Buffer.alloc(1);
        await openGate(failing, { sourceId, flowId: 'flow', inletSealed, opensAt: new Date(0), unpauses: true });
      },
      seen: () => rows('select open, reason, awaits_unpause from gate where source_id = $1', [sourceId]),
    };
  },
  'intents and outcomes are recorded': async () => {
    const { id } = await loggedSource(database(), 3);
    const { fence, claimId, serverSince, window } = await claim(database(), id);
    const held = { ...id, fence, claimId, serverSince, leaseMs: 60_000, cursorLoggedAt: '-infinity' } as const;
    const intended = intend(window, { seqs: [1, 2, 3] });
    const recorded = record(intended, { decided: [1, 2], withdrawn: [3] });
    const nothing = { receipts: [], exceptions: [] };
    const flushes: Flush[] = [
      { ...held, ...nothing, number: 1, recorded: window, intended, accepted: 0 },
      { ...held, ...nothing, number: 2, recorded, intended: recorded, accepted: 2 },
    ];
    return {
      async run(failing) {
        // What has become of it is asked before it is made again.
        for (const one of flushes) {
          if ((await findFlush(failing, one)) === undefined) await flush(failing, one);
        }
      },
      seen: () =>
        rows(
          'select cursor_seq, intended_seq, decided, withdrawn, undecided, flush_number from partition_cursor where source_id = $1',
          [id.sourceId],
        ),
    };
  },
  'what was done is written down': async () => {
    const { sourceId } = await loggedSource(database(), 0);
    return {
      run: (failing) =>
        inTransaction(failing, (client) =>
          recordDone(client, sourceId, { id: 'once', kind: 'doctor --restored', by: 'ana' }),
        ),
      seen: () =>
        rows('select count(*) from operation o join source s on s.uid::text = o.source_uid where s.id = $1', [
          sourceId,
        ]),
    };
  },
  'a receiver reports, and copies its journal': async () => {
    const receiverId = randomUUID();
    const stretch = { receiverId, file: 'one', start: 0, end: 4, entries: Buffer.from('four') };
    return {
      async run(failing) {
        await noteReceiver(failing, { receiverId, startedAt: new Date(0), spooled: 0, details: {} });
        await copyStretch(failing, stretch);
      },
      seen: () =>
        rows(
          `select (select count(*) from receiver_report where receiver_id = $1) as reports,
              (select count(*) from intake_journal where receiver_id = $1) as stretches`,
          [receiverId],
        ),
    };
  },
  'a database that was set back is made safe': async () => {
    // It is done for every source that there is.
    await rows('update source set retired_at = now() where retired_at is null');
    const { sourceId } = await loggedSource(database(), 3);
    const since = new Date(Date.now() + 60_000);
    return {
      run: (failing) => applyRestored(failing, since, 'set back', 'ana'),
      seen: () =>
        rows(
          `select (select count(*) from exception where source_id = $1) as unknown, open from gate where source_id = $1`,
          [sourceId],
        ),
    };
  },
  'a source is retired': async () => {
    const { sourceId } = await loggedSource(database(), 0);
    const [source] = await rows('select uid from source where id = $1', [sourceId]);
    return {
      run: (failing) => retireSource(failing, source?.['uid'] as string),
      seen: () => rows('select retired_at is not null as retired from source where id = $1', [sourceId]),
    };
  },
  'days are made and dropped': async () => ({
    async run(failing) {
      await ensureBodyPartitions(failing, 6);
      await failing.pool.query(`select make_body_day('2020-01-02')`);
      await dropOldBodies(failing);
    },
    seen: () => rows(`select count(*) from pg_inherits where inhparent = 'event_body'::regclass`),
  }),
  [MIGRATING]: async () => {
    const name = `failover_${randomUUID().slice(0, 8)}`;
    await database().pool.query(`create database ${name}`);
    const there = Object.assign(new URL(url()), { pathname: `/${name}` }).href;
    const look = opened(there);
    return {
      url: there,
      run: (failing) => migrate(failing),
      seen: () => rows('select count(*), count(distinct name) as names from migration', [], look),
    };
  },
};

/** Statements of which there are so many that only some meet a failover. */
const STRIDE: Readonly<Record<string, number>> = { [MIGRATING]: 11 };

/** With a failover at each statement in turn, until none is left to meet it. */
async function throughAll(name: keyof typeof DOINGS, failover: Failover): Promise<number> {
  const make = DOINGS[name] as () => Promise<Doing>;
  const undisturbed = await make();
  await undisturbed.run(opened(undisturbed.url ?? url()));
  const expected = await undisturbed.seen();
  for (let at = 1; ; at += STRIDE[name] ?? 1) {
    const doing = await make();
    const failing = await startFailing(doing.url ?? url());
    const process = opened(failing.url);
    failing.arm(at, failover);
    const failure: unknown = await doing.run(process).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!failing.hasFailed()) return at - 1;
    expect(isTransient(failure), `at statement ${at}: ${String(failure)}`).toBe(true);
    expect(databaseFault(failure)?.error.code).toBe('CAEP_DATABASE_UNREACHABLE');
    await doing.run(process);
    expect(await doing.seen(), `after statement ${at}`).toEqual(expected);
    await process.close();
  }
}

function opened(at: string): Database {
  const process = openDatabase({ url: at, applicationName: 'test', maxConnections: 2, log: silentLog });
  onTestFinished(() => process.close().catch(() => undefined));
  return process;
}

describe.each(FAILOVERS)('a failover (%s)', (failover) => {
  it.each(Object.keys(DOINGS))('while %s', async (name) => {
    expect(await throughAll(name, failover)).toBeGreaterThan(2);
  });
});

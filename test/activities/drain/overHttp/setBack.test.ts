/** A real PostgreSQL that loses what it has committed: killed, and an older copy of its folder put in its place. */
import { chownSync, cpSync, mkdtempSync, readdirSync, realpathSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createWakeListener } from '../../../../src/store/delivery/wakeListener.js';
import { openDatabase } from '../../../../src/store/connection/database.js';
import { startEmbeddedPostgres } from '../../../../src/store/connection/embedded.js';
import { openKeyRing } from '../../../../src/store/keys/keyRing.js';
import { migrate } from '../../../../src/store/migrate.js';
import { startPlainPostgres } from '../../../support/plainPostgres.js';
import { silentLog } from '../../../support/store.js';
import { createPositions, watchForSetBack } from '../../../../src/activities/drain/positions.js';
import { type Bench, makeBench, withBench } from './bench.js';
import { DELIVERY } from '../../../support/delivery.js';
import { startInlet } from './scriptedInlet.js';

vi.setConfig({ testTimeout: 40_000 });

const shared = withBench();
const SHORT_LEASE = { ...DELIVERY, leaseMs: 1_500 };
const SET_BACK = { type: 'CAEP_DATABASE_SET_BACK', nonRetryable: true };

interface Losable extends Bench {
  /** The state to which the database is set back. */
  readonly remember: () => Promise<void>;
  /** Kills the server, and starts it as it was then. */
  readonly setBack: () => Promise<void>;
  readonly statements: () => number;
}

async function losable(): Promise<Losable> {
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'chatlio-aep-set-back-')));
  const cluster = join(dataDir, 'cluster');
  const first = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  const { url } = first;
  let server: { stop(signal?: 'SIGINT' | 'SIGKILL'): Promise<void> } = first;
  onTestFinished(() => server.stop());
  const database = openDatabase({ url, applicationName: 'test', log: silentLog });
  await migrate(database);
  const keyRing = await openKeyRing(join(dataDir, 'keys.json'), { create: true });
  const wakeListener = createWakeListener(database, silentLog);
  const inlet = await startInlet();
  onTestFinished(async () => {
    await wakeListener.close();
    await inlet.close();
    await database.close();
  });
  let statements = 0;
  const counted = new Proxy(database.pool, {
    get(pool, name) {
      if (name === 'query') statements += 1;
      const member: unknown = Reflect.get(pool, name);
      return typeof member === 'function' ? (member.bind(pool) as unknown) : member;
    },
  });
  const bench = await makeBench({ ...database, pool: counted }, keyRing, wakeListener, inlet);
  return {
    ...bench,
    statements: () => statements,
    async remember() {
      await server.stop();
      cpSync(cluster, `${cluster}.then`, { recursive: true, preserveTimestamps: true });
      own(`${cluster}.then`, cluster);
      server = await startPlainPostgres(dataDir, url);
    },
    async setBack() {
      await server.stop('SIGKILL');
      renameSync(cluster, `${cluster}.lost`);
      renameSync(`${cluster}.then`, cluster);
      server = await startPlainPostgres(dataDir, url);
    },
  };
}

/** The copy belongs to whom the original does. */
function own(copy: string, original: string): void {
  const { uid, gid } = statSync(original);
  for (const entry of ['', ...readdirSync(copy, { recursive: true, encoding: 'utf8' })])
    chownSync(join(copy, entry), uid, gid);
}

/** Every event that was posted is unknown, or known to be delivered; none is to be sent. */
async function expectNothingForgotten({ database, sourceId, inlet, exceptions }: Bench): Promise<void> {
  const known = new Map((await exceptions()).map((one) => [one.event_id, one]));
  expect(inlet.posts.size).toBeGreaterThan(0);
  for (const id of inlet.posts.keys()) {
    expect(known.get(id)).toMatchObject({
      reason: 'unknown',
      next_action: known.get(id)?.resolution === 'delivered' ? null : 'look-up',
    });
  }
  const gate = await database.pool.query('select open, reason from gate where source_id = $1', [sourceId]);
  expect(gate.rows).toEqual([{ open: false, reason: expect.stringContaining('gone back') }]);
}

it('a drain that finds the database behind its fence ends, makes unknown what it may have sent, and closes the gate', async () => {
  const bench = await losable();
  const { open, log, drain, inlet, statements, setBack } = bench;
  await open();
  // Then there was a drain, too: the row is there, with an earlier fence.
  await drain({ delivery: SHORT_LEASE }).report;
  await log(400);
  await bench.remember();
  inlet.behave(() => ({ acceptAfterMs: 20 }));
  const { report } = drain({ delivery: SHORT_LEASE, sliceMs: 60_000 });
  const ended = report.catch((failure: unknown) => failure);
  await inlet.arrived(60);
  const before = statements();
  await setBack();
  expect(await ended).toMatchObject(SET_BACK);
  // It was some hundreds of statements in the time that this takes, before it paused.
  expect(statements() - before).toBeLessThan(200);
  await expectNothingForgotten(bench);

  const posted = inlet.arrivals.length;
  expect((await drain({ delivery: SHORT_LEASE }).report).end.kind).toBe('gate');
  expect(inlet.arrivals).toHaveLength(posted);
});

it('a drain that has ended is remembered apart from the database: the next one finds it set back', async () => {
  const bench = await losable();
  const { open, log, drain, inlet, setBack } = bench;
  await open();
  await log(20);
  await bench.remember();
  const { position } = await drain({ delivery: SHORT_LEASE }).report;
  expect(position).toEqual({ fence: 1, intended: 20, resendClaims: 0 });
  expect(inlet.posts.size).toBe(20);
  await setBack();
  await expect(drain({ delivery: SHORT_LEASE, known: position }).report).rejects.toMatchObject(SET_BACK);
  await expectNothingForgotten(bench);
  expect(inlet.arrivals).toHaveLength(20);

  // What is taken from now on is no event of then, whatever number it has.
  await log(5, { prefix: 'later' });
  await open();
  expect(await drain({ delivery: SHORT_LEASE, known: position }).report).toMatchObject({ accepted: 5 });
  expect(inlet.arrivals).toHaveLength(25);
});

it('a server that was only started again costs a drain no event', async () => {
  const bench = await losable();
  const { open, log, drain, inlet } = bench;
  await open();
  const ids = await log(200);
  inlet.behave(() => ({ acceptAfterMs: 20 }));
  const { report } = drain({ delivery: SHORT_LEASE, sliceMs: 60_000 });
  await inlet.arrived(40);
  await bench.remember();
  const first = await report;
  expect(first.end.kind).toBe('slice');
  await drain({ delivery: SHORT_LEASE, known: first.position }).report;
  expect(inlet.posts.size).toBe(ids.length);
  expect(inlet.arrivals).toHaveLength(ids.length);
});

/** As a failover loses them: the last flushes of a drain, whose claim the standby had got. */
async function losingFlushes({ database, sourceId }: Bench, work: () => Promise<void>): Promise<void> {
  const whose = [sourceId];
  const where = 'where source_id = $1 and partition = 0';
  await database.pool.query(`create table cursor_then as select * from partition_cursor ${where}`, whose);
  await work();
  await database.pool.query(`delete from partition_cursor ${where}`, whose);
  await database.pool.query('insert into partition_cursor select * from cursor_then');
  await database.pool.query('drop table cursor_then');
}

/** An event that was turned down, and that a drain is to send again now. */
async function oneToResend({ open, log, database, drain, inlet, sourceId }: Bench): Promise<void> {
  await open();
  await log(1);
  inlet.behave(() => ({ status: 400 }));
  await drain({ delivery: SHORT_LEASE }).report;
  inlet.behave(() => 'accept');
  const { rowCount } = await database.pool.query(
    "update exception set state = 'waiting', next_action = 'resend', next_at = now() where source_id = $1",
    [sourceId],
  );
  expect(rowCount).toBe(1);
}

/** As a failover loses the claim of a resend and its answer: neither a fence nor a flush. */
async function losingResends({ database, sourceId }: Bench, work: () => Promise<void>): Promise<void> {
  const then = 'select * from exception where source_id = $1';
  await database.pool.query(`create table exception_then as ${then}`, [sourceId]);
  const { rows } = await database.pool.query<{ resend_claims: number }>(
    'select resend_claims from partition_cursor where source_id = $1',
    [sourceId],
  );
  await work();
  await database.pool.query('delete from exception where source_id = $1', [sourceId]);
  await database.pool.query('insert into exception overriding system value select * from exception_then');
  await database.pool.query('drop table exception_then');
  await database.pool.query('update partition_cursor set resend_claims = $2 where source_id = $1', [
    sourceId,
    rows[0]?.resend_claims,
  ]);
}

it('a resend whose claim and answer were lost is not sent again by the drain that has sent it, nor by the next', async () => {
  const { drain, inlet, exceptions, sourceId } = shared();
  await oneToResend(shared());
  const first = drain({ delivery: SHORT_LEASE, lingerMs: 20_000 });
  await losingResends(shared(), async () => {
    await inlet.arrived(2);
    await expect.poll(exceptions).toMatchObject([{ state: 'resolved' }]);
  });
  // It looks for resends every two seconds, and renews its lease more often.
  const flushes = async () => {
    const text = 'select flush_number from partition_cursor where source_id = $1';
    return (await shared().database.pool.query<{ flush_number: number }>(text, [sourceId])).rows[0]?.flush_number ?? 0;
  };
  const before = await flushes();
  await expect.poll(flushes, { timeout: 20_000 }).toBeGreaterThan(before + 6);
  first.cancel();
  const { position } = await first.report;
  expect(position).toMatchObject({ resendClaims: 1 });
  await expect(drain({ delivery: SHORT_LEASE, known: position }).report).rejects.toMatchObject(SET_BACK);
  expect(inlet.arrivals).toHaveLength(2);
  expect(await exceptions()).toMatchObject([{ state: 'waiting', reason: 'unknown' }]);
});

it('a drain that has ended is remembered also where only its last flushes were lost, and not its fence', async () => {
  const { open, log, drain, inlet, exceptions } = shared();
  await open();
  await log(10);
  const first = drain({ delivery: SHORT_LEASE, lingerMs: 20_000 });
  await inlet.arrived(10);
  await expect.poll(async () => (await shared().cursor()).undecided).toBe(0);
  let position: Awaited<typeof first.report>['position'];
  await losingFlushes(shared(), async () => {
    await log(10, { prefix: 'more' });
    await inlet.arrived(20);
    first.cancel();
    ({ position } = await first.report);
  });
  expect(position).toEqual({ fence: 1, intended: 20, resendClaims: 0 });
  await expect(drain({ delivery: SHORT_LEASE, known: position }).report).rejects.toMatchObject(SET_BACK);
  expect(inlet.arrivals).toHaveLength(20);
  expect(await exceptions()).toHaveLength(10);
});

it('a drain says with its heartbeats how far it has come: that is what a worker leaves behind that is killed', async () => {
  const { open, log, drain, inlet } = shared();
  await open();
  await log(10);
  const running = drain({ delivery: SHORT_LEASE, lingerMs: 20_000 });
  await inlet.arrived(10);
  await expect.poll(() => running.lastWords(), { timeout: 5_000 }).toMatchObject({ fence: 1, intended: 10 });
  const lastWords = running.lastWords();
  running.cancel();
  await running.report;
  await shared().database.pool.query(
    'update partition_cursor set intended_seq = 0, cursor_seq = 0 where source_id = $1',
    [shared().sourceId],
  );
  const next = drain({ delivery: SHORT_LEASE }, {}, { heartbeatDetails: lastWords });
  await expect(next.report).rejects.toMatchObject(SET_BACK);
  expect(inlet.arrivals).toHaveLength(10);
});

it('a drain that fails because PostgreSQL is away leaves to the next attempt how far it has come', async () => {
  const { open, log, drain, inlet, database } = shared();
  await open();
  await log(10);
  let isAway = false;
  const query = (...parameters: Parameters<typeof database.pool.query>) => {
    if (isAway) throw Object.assign(new Error('the database system is shutting down'), { code: '57P03' });
    return database.pool.query(...parameters);
  };
  const pool = Object.assign(Object.create(database.pool) as typeof database.pool, { query });
  const running = drain({ delivery: SHORT_LEASE, lingerMs: 20_000 }, { database: { ...database, pool }, graceMs: 100 });
  await inlet.arrived(10);
  await expect.poll(async () => (await shared().cursor()).undecided).toBe(0);
  await losingFlushes(shared(), async () => {
    await log(10, { prefix: 'more' });
    await inlet.arrived(20);
    isAway = true;
    running.cancel();
    await expect(running.report).rejects.toThrow('shutting down');
  });
  expect(running.lastWords()).toEqual({ fence: 1, intended: 20, resendClaims: 0 });
  const next = drain({ delivery: SHORT_LEASE }, {}, { heartbeatDetails: running.lastWords() });
  await expect(next.report).rejects.toMatchObject(SET_BACK);
  expect(inlet.arrivals).toHaveLength(20);
});

it.each([
  { forwarder: 'remembers nothing', known: undefined },
  { forwarder: 'knows an early heartbeat', known: { fence: 2, intended: 5, resendClaims: 0 } },
])(
  'the worker that has sent compares what it remembers, also where the forwarder $forwarder: another one’s drain sends nothing again',
  async ({ known }) => {
    const bench = await losable();
    const { open, log, drain, inlet, setBack, database } = bench;
    await open();
    await drain({ delivery: SHORT_LEASE }).report;
    await log(20);
    await bench.remember();
    const positions = createPositions();
    const errors: unknown[] = [];
    const watch = watchForSetBack({
      database,
      positions,
      log: { ...silentLog, error: (...told: unknown[]) => void errors.push(told[1]) },
    });
    onTestFinished(() => watch.close());
    await drain({ delivery: SHORT_LEASE }, { positions }).report;
    expect(inlet.posts.size).toBe(20);
    await watch.look();
    expect(errors).toEqual([]);

    await setBack();
    const other = drain({ delivery: SHORT_LEASE, known });
    await expect
      .poll(() =>
        watch.look().then(
          () => errors.length,
          () => 0,
        ),
      )
      .toBe(1);
    expect((await other.report).end.kind).toBe('gate');
    await expectNothingForgotten(bench);
    expect(inlet.arrivals).toHaveLength(20);
  },
);

it('a worker knows how far its drain has come while that one sends: finding the database set back first, it forgets nothing', async () => {
  const { open, log, drain, inlet, database, sourceId, uid } = shared();
  await open();
  await log(20);
  inlet.behave(() => ({ acceptAfterMs: 1_000 }));
  const positions = createPositions();
  const { report } = drain({}, { positions });
  const ended = report.catch((failure: unknown) => failure);
  await inlet.arrived(20);
  expect(positions.of(uid, 0)).toMatchObject({ intended: 20 });
  await database.pool.query(
    `update partition_cursor set fence = fence - 1, flush_number = 0, cursor_seq = 0, intended_seq = 0, decided = '', undecided = 0
     where source_id = $1`,
    [sourceId],
  );
  const watch = watchForSetBack({ database, positions, log: silentLog });
  onTestFinished(() => watch.close());
  await watch.look();
  await ended;
  await expectNothingForgotten(shared());
});

/** A real PostgreSQL that loses what it has committed: killed, and an older copy of its folder put in its place. */
import { chownSync, cpSync, mkdtempSync, readdirSync, realpathSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createBell } from '../../src/store/bell.js';
import { openDatabase } from '../../src/store/database.js';
import { startEmbeddedPostgres } from '../../src/store/embedded.js';
import { openKeyRing } from '../../src/store/keyRing.js';
import { migrate } from '../../src/store/migrate.js';
import { startPlainPostgres } from '../support/plainPostgres.js';
import { silentLog } from '../support/store.js';
import { type Bench, DELIVERY, makeBench } from './bench.js';
import { startInlet } from './scriptedInlet.js';

vi.setConfig({ testTimeout: 40_000 });

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
  const bell = createBell(database, silentLog);
  const inlet = await startInlet();
  onTestFinished(async () => {
    await bell.close();
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
  const bench = await makeBench({ ...database, pool: counted }, keyRing, bell, inlet);
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
async function expectNothingForgotten({ database, sourceId, inlet, exceptions }: Losable): Promise<void> {
  const known = new Map((await exceptions()).map((one) => [one.event_id, one]));
  for (const id of inlet.posts.keys()) {
    expect(known.get(id)).toMatchObject({
      reason: 'unknown',
      next_action: known.get(id)?.resolution === 'delivered' ? null : 'look-up',
    });
  }
  const gate = await database.pool.query('select open, reason from gate where source_id = $1', [sourceId]);
  expect(gate.rows).toEqual([{ open: false, reason: expect.stringContaining('set back') }]);
}

it('a drain that finds the database behind its fence ends, makes unknown what it may have sent, and closes the gate', async () => {
  const bench = await losable();
  const { open, log, drain, inlet, statements, setBack } = bench;
  await open();
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
  expect(position).toEqual({ fence: 1, intended: 20 });
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

/** Two real workers and one partition: what becomes of its events when the one that delivers them dies, or stands still. */
import { bodyContext } from '../../../../src/store/keys/contexts.js';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setInterval as every } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { createEventLog } from '../../../../src/store/log/eventLog.js';
import { type KeyRing, openKeyRing } from '../../../../src/store/keys/keyRing.js';
import { createProvisioningStore } from '../../../../src/store/sources/provisioning.js';
import { findSourceId } from '../../../../src/store/sources/sources.js';
import { type Cuttable, cuttable } from '../../../support/cuttable.js';
import { manifestFixture } from '../../../support/manifest.js';
import { withNamespace } from '../../../support/namespace.js';
import { type SpawnedProgram, spawnEntry } from '../../../support/processes.js';
import { takenEvent, withDatabase } from '../../../support/store.js';
import { withTemporal } from '../../../support/temporal.js';
import { DELIVERY } from '../../../support/delivery.js';
import { type ScriptedInlet, startInlet } from './scriptedInlet.js';

vi.setConfig({ testTimeout: 240_000 });

/** Also the heartbeat timeout of drains. */
const LEASE_MS = 4_000;
/** Some seconds, or more on a busy machine: far from the three minutes of a whole drain, after which Temporal asks another anyway. */
const TAKEOVER_MS = 45_000;
const ANSWERS_AFTER_MS = 50;
const PAUSE_MS = 50;
const EVENTS_AT_ONCE = 4;

const temporal = withTemporal();
const namespace = withNamespace(temporal);
const database = withDatabase();

/** One installation for all tests: a database knows its keys, and takes no worker with others. */
const home = mkdtempSync(join(tmpdir(), 'chatlio-aep-test-'));
let keyRing: KeyRing;
beforeAll(async () => {
  keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A source that two workers deliver, and events that keep coming. */
async function underTraffic({ concurrency }: { readonly concurrency: number }) {
  const uid = randomUUID();
  const manifest = {
    ...manifestFixture({ name: `taken-over-${uid.slice(0, 8)}` }),
    delivery: { ...DELIVERY, concurrency, leaseMs: LEASE_MS, requestTimeoutMs: 2_000 },
  };
  const marker = { uid, name: manifest.name };
  const opensAt = new Date(Date.now() - 1_000);
  const store = createProvisioningStore(database(), keyRing);
  const workers = await Promise.all([startWorker(), startWorker()]);
  const inlets = workers.map(({ inlet }) => inlet);
  const inletUrl = inlets[0]?.url ?? '';
  await store.saveInlet({ marker, manifest }, { flowId: 'flow-1', url: inletUrl, opensAt });
  const sourceId = (await findSourceId(database(), uid)) ?? 0;

  const loggedAt = new Map<string, number>();
  const firstPost = new Map<string, number>();
  for (const inlet of inlets) {
    inlet.behave((eventId) => {
      if (!firstPost.has(eventId)) firstPost.set(eventId, Date.now());
      return { acceptAfterMs: ANSWERS_AFTER_MS };
    });
  }
  const arrivals = () => inlets.reduce((sum, inlet) => sum + inlet.arrivals.length, 0);

  const eventLog = createEventLog(database());
  async function logSome(): Promise<void> {
    const events = Array.from({ length: EVENTS_AT_ONCE }, () => {
      const eventId = createHash('sha256').update(randomUUID()).digest();
      const body = JSON.stringify({ eventId: eventId.toString('hex') });
      const sealed = keyRing.seal(Buffer.from(body), bodyContext(sourceId, eventId));
      return takenEvent('', { eventId, sealed });
    });
    await eventLog.append(sourceId, 0, events);
    for (const { eventId } of events) loggedAt.set(eventId.toString('hex'), Date.now());
  }
  const stopping = new AbortController();
  const traffic = (async () => {
    for await (const _ of every(PAUSE_MS)) {
      if (stopping.signal.aborted) return;
      await logSome();
    }
  })();
  onTestFinished(() => stopping.abort());

  /** The worker that has the partition, and the other one. */
  async function holderAndOther(): Promise<readonly [TestWorker, TestWorker]> {
    const { rows } = await database().pool.query<{ holder: string | null }>(
      'select holder from partition_cursor where source_id = $1',
      [sourceId],
    );
    const [a, b] = workers;
    return rows[0]?.holder?.endsWith(`/${a.pid}`) === true ? [a, b] : [b, a];
  }

  return {
    holderAndOther,
    /** Until so many more requests have come. */
    moreArrive: async (count: number) => {
      const enough = arrivals() + count;
      await expect.poll(arrivals, { timeout: 60_000, interval: 20 }).toBeGreaterThanOrEqual(enough);
    },
    posts: (eventId: string) => inlets.reduce((sum, inlet) => sum + (inlet.posts.get(eventId) ?? 0), 0),
    /** When the first event that was logged after a time was posted. */
    postedOf: (afterMs: number) =>
      Math.min(...[...firstPost].flatMap(([id, at]) => ((loggedAt.get(id) ?? 0) > afterMs ? [at] : []))),
    /** What is not delivered, or not known to be, with the reason. */
    exceptions: () => exceptionsOf(sourceId),
    notDecided: () => countNotDecided(sourceId),
    /** Ends the traffic and waits until every event is decided. @returns their ids */
    allDelivered: async () => {
      stopping.abort();
      await traffic;
      for (const inlet of inlets) inlet.behave(() => 'accept');
      await expect.poll(() => undecided(sourceId), { timeout: 120_000, interval: 200 }).toBe(0);
      return [...loggedAt.keys()];
    },
  };
}

interface TestWorker extends SpawnedProgram {
  /** What this worker posts. */
  readonly inlet: ScriptedInlet;
  /** Its connection to Temporal: a worker that only stands still goes on being given tasks, for a minute. */
  readonly temporal: Cuttable;
}

async function startWorker(): Promise<TestWorker> {
  const nowhere = 'http://127.0.0.1:1';
  const [host = '', port] = temporal().address.split(':');
  const connection = await cuttable({ host, port: Number(port) });
  const inlet = await startInlet();
  onTestFinished(() => inlet.close());
  const worker = spawnEntry('src/worker', [], {
    CHATLIO_AEP_HOME: home,
    DATABASE_URL: database().pool.options.connectionString,
    TEMPORAL_ADDRESS: `127.0.0.1:${connection.port}`,
    TEMPORAL_NAMESPACE: namespace().options.namespace,
    ADOBE_CLIENT_ID: 'client',
    ADOBE_CLIENT_SECRET: 'secret',
    ADOBE_ORG_ID: 'org@AdobeOrg',
    ADOBE_IMS_URL: nowhere,
    ADOBE_PLATFORM_URL: nowhere,
    ADOBE_INLET_URL: new URL(inlet.url).origin,
    WORKER_METRICS_PORT: '',
    LOG_LEVEL: 'info',
  });
  await worker.waitFor('"msg":"ready"');
  return { ...worker, inlet, temporal: connection };
}

async function exceptionsOf(sourceId: number): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database().pool.query<{ id: string; reason: string }>(
    `select encode(event_id, 'hex') as id, reason from exception
     where source_id = $1 and resolution is distinct from 'delivered'`,
    [sourceId],
  );
  return new Map(rows.map(({ id, reason }) => [id, reason]));
}

/** Events that the holder means to send, whether it has begun to or not. */
async function countNotDecided(sourceId: number): Promise<number> {
  const { rows } = await database().pool.query<{ count: number }>(
    'select undecided as count from partition_cursor where source_id = $1',
    [sourceId],
  );
  return rows[0]?.count ?? Number.NaN;
}

/** Events of the log that the cursor has not passed, and those of the others whose answer may still come. */
async function undecided(sourceId: number): Promise<number> {
  const { rows } = await database().pool.query<{ left: number }>(
    `select last_seq - cursor_seq + (select count(*) from exception where source_id = $1 and state = 'sending') as left
     from partition_cursor join partition_head using (source_id, partition) where source_id = $1`,
    [sourceId],
  );
  return rows[0]?.left ?? Number.NaN;
}

/** What is wrong with each event: posted twice, or neither posted once nor known not to be. */
function faults(
  ids: readonly string[],
  exceptions: ReadonlyMap<string, string>,
  posts: (id: string) => number,
): string[] {
  return ids.flatMap((id) => {
    const times = posts(id);
    const reason = exceptions.get(id);
    if (times > 1) return [`${id} was posted ${times} times`];
    if (reason !== undefined) return reason === 'unknown' ? [] : [`${id} is ${reason}`];
    return times === 1 ? [] : [`${id} was never posted`];
  });
}

it('a worker that is killed in the middle of traffic: another goes on when its heartbeats stay away, nothing twice', async () => {
  const { holderAndOther, moreArrive, postedOf, posts, allDelivered, exceptions } = await underTraffic({
    concurrency: 8,
  });
  await moreArrive(50);
  const [holder] = await holderAndOther();
  await moreArrive(1);
  const killedAt = Date.now();
  await holder.end('SIGKILL');
  await expect
    .poll(() => postedOf(killedAt) - killedAt, { timeout: TAKEOVER_MS, interval: 20 })
    .toBeLessThan(TAKEOVER_MS);

  const ids = await allDelivered();
  expect(faults(ids, await exceptions(), posts)).toEqual([]);
});

it('a worker that stands still past its lease and then goes on: it posts nothing that another has taken over', async () => {
  // More comes than goes, so that it has intents that it has not begun.
  const { holderAndOther, moreArrive, posts, allDelivered, exceptions, notDecided } = await underTraffic({
    concurrency: 2,
  });
  await moreArrive(50);
  const [zombie, other] = await holderAndOther();
  zombie.inlet.behave(() => ({ acceptAfterMs: 2_000 }));
  await expect.poll(notDecided, { timeout: 60_000, interval: 20 }).toBeGreaterThan(2);
  process.kill(zombie.pid, 'SIGSTOP');
  zombie.temporal.cut();
  await expect.poll(async () => (await holderAndOther())[0], { timeout: 60_000, interval: 50 }).toBe(other);
  await moreArrive(20);
  const takenOver = [...(await exceptions()).keys()];
  const postedByZombie = () => takenOver.filter((id) => zombie.inlet.posts.has(id));
  const before = postedByZombie();
  expect(before.length).toBeLessThan(takenOver.length);
  zombie.temporal.mend();
  process.kill(zombie.pid, 'SIGCONT');
  await moreArrive(20);

  const ids = await allDelivered();
  // Ended in order: whatever it still had to do is done.
  expect(await zombie.end('SIGTERM')).toBe(0);
  expect(faults(ids, await exceptions(), posts)).toEqual([]);
  expect(postedByZombie()).toEqual(before);
});

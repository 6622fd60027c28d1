import { describe, expect, it } from 'vitest';
import type { RunningForwarder } from '../../src/activities/forwarders.js';
import { startWaker, type WakerDependencies } from '../../src/activities/waker.js';
import type { WakeInput } from '../../src/domain/forwarder.js';
import { closeGate } from '../../src/store/gate.js';
import type { ForwarderSettings } from '../../src/store/provisioning.js';
import { createRoutes } from '../../src/store/routes.js';
import { retireSource } from '../../src/store/sources.js';
import { findSendingSources, noteRescue } from '../../src/store/wakes.js';
import { silentLog } from '../support/store.js';
import { DELIVERY, everyOnce, withBench } from './bench.js';

const bench = withBench();

/** Of this test's source only. */
function settings(): ForwarderSettings {
  const { uid } = bench();
  return { uid, name: `source-${uid}`, sandbox: 'prod', delivery: DELIVERY };
}

const settingsOf = (id: number) => Promise.resolve(id === bench().sourceId ? settings() : undefined);

/** As Temporal would answer: a forwarder of each name, of this uid. */
function forwarders(
  uid: string | undefined,
  wake: (input: WakeInput) => Promise<void> = () => Promise.resolve(),
): WakerDependencies['forwarders'] & { readonly ended: string[] } {
  const ended: string[] = [];
  const { name } = settings();
  const running = (): RunningForwarder | undefined =>
    uid === undefined || ended.includes(uid) ? undefined : { name, uid, runId: 'run', isOld: false };
  return {
    ended,
    wake: (_settings, input) => wake(input),
    listRunning: () => {
      const one = running();
      return Promise.resolve(new Map(one === undefined ? [] : [[name, one]]));
    },
    // Of other tests' sources nothing is known here.
    findRunning: (asked) =>
      Promise.resolve(asked === name ? running() : { name: asked, uid: '', runId: '', isOld: false }),
    end: (one) => {
      if (one.uid !== '') ended.push(one.uid);
      return Promise.resolve();
    },
  };
}

describe('waker', () => {
  it('wakes for an insert at the very moment of going idle: every event is delivered within a second', async () => {
    const { database, bell, open, log, drain, inlet, uid } = bench();
    await open();
    let drains: Promise<unknown> = Promise.resolve();
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      // No poll within the test: only the bell may save an event.
      pollMs: 600_000,
      settingsOf,
      forwarders: forwarders(uid, () => {
        drains = drains.then(() => drain().report);
        return Promise.resolve();
      }),
    });
    const ids: string[] = [];
    for (let round = 0; round < 60; round += 1) {
      ids.push(...(await log(1, { prefix: `round-${round}` })));
      const loggedAt = Date.now();
      await inlet.arrived(ids.length);
      expect((inlet.arrivals.at(-1) ?? 0) - loggedAt).toBeLessThan(1_000);
      // The answer is on its way: the next insert meets the drain somewhere between its outcome and its end.
      if (round % 3 === 0) await drains;
    }
    await drains;
    await waker.close();
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('asks again when the signal could not be stored', async () => {
    const { database, bell, sourceId, open, log, uid } = bench();
    await open();
    await log(1);
    await noteRescue(database, { sourceId, partition: 0 });
    let calls = 0;
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      pollMs: 20,
      settingsOf,
      forwarders: forwarders(uid, () => {
        calls += 1;
        return calls < 3 ? Promise.reject(new Error('no Temporal')) : Promise.resolve();
      }),
    });
    await expect.poll(() => calls).toBe(3);
    const wakes = () =>
      database.pool.query('select from partition_head where source_id = $1 and wake_seq is not null', [sourceId]);
    await expect.poll(async () => (await wakes()).rowCount).toBe(0);
    await waker.close();
    expect(calls).toBe(3);
  });

  /** Nobody is asked to come, whatever waits: as under load, when no partition is idle. */
  async function forgetWakes(): Promise<void> {
    const { database, sourceId } = bench();
    await database.pool.query('update partition_head set idle = false, wake_seq = null where source_id = $1', [
      sourceId,
    ]);
  }

  async function takeWebhooks(): Promise<void> {
    const { database, keyRing, sourceId } = bench();
    await createRoutes(database, keyRing, sourceId, [{ key: 'main-site', kinds: ['feedback'] }]);
  }

  /** Looks once. @returns what the forwarder was woken with */
  async function lookOnce(
    uid: string | undefined,
    wake: () => Promise<void> = () => Promise.resolve(),
    change: Partial<WakerDependencies['forwarders']> = {},
  ): Promise<{ readonly wakes: WakeInput[]; readonly ended: readonly string[] }> {
    const { database, bell } = bench();
    const wakes: WakeInput[] = [];
    const fake = forwarders(uid, (input) => {
      wakes.push(input);
      return wake();
    });
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      pollMs: 600_000,
      settingsOf,
      forwarders: { ...fake, ...change },
    });
    await waker.close();
    return { wakes, ended: fake.ended };
  }

  it('starts a forwarder that does not run, whether or not anything waits', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    expect((await lookOnce(undefined)).wakes).toEqual([{}]);
    expect((await lookOnce(bench().uid)).wakes).toEqual([]);
  });

  it('ends the forwarder of another source that has the name, and starts its own once that has ended', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    expect(await lookOnce('an earlier source')).toEqual({ wakes: [{}], ended: ['an earlier source'] });
  });

  it('ends a forwarder whose source was torn down, and leaves one alone whose source it does not know', async () => {
    const { database, uid } = bench();
    await retireSource(database, uid);
    expect(await lookOnce(uid)).toEqual({ wakes: [], ended: [uid] });
    expect(await lookOnce('of another database')).toEqual({ wakes: [], ended: [] });
  });

  it('asks Temporal once for the forwarders of all sources, and no wake waits for the answer', async () => {
    const { database, bell, open, log, uid } = bench();
    await open();
    await takeWebhooks();
    await log(1);
    let asked = 0;
    let answer: () => void = () => undefined;
    const listed = new Promise<void>((resolve) => (answer = resolve));
    let woken = 0;
    const fake = forwarders(uid, () => Promise.resolve(void (woken += 1)));
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      pollMs: 20,
      settingsOf,
      forwarders: { ...fake, listRunning: () => ((asked += 1), listed.then(() => fake.listRunning())) },
    });
    await expect.poll(() => woken).toBeGreaterThan(0);
    answer();
    await waker.close();
    expect(asked).toBe(1);
  });

  it('leaves the forwarder of a source alone that closes its gate to be torn down', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    const { database, sourceId } = bench();
    const findRunning = async () => {
      await closeGate(database, sourceId, 'the source is being torn down');
      return undefined;
    };
    expect((await lookOnce(undefined, undefined, { findRunning })).wakes).toEqual([]);
    expect((await lookOnce(undefined)).wakes).toEqual([]);
  });

  it('wakes nobody for a webhook that comes while its source is torn down', async () => {
    const { database, log, uid } = bench();
    await log(1);
    await retireSource(database, uid);
    expect((await lookOnce(undefined)).wakes).toEqual([]);
    await database.pool.query('update source set retired_at = null where uid = $1', [uid]);
    expect((await lookOnce(undefined)).wakes).toEqual([{ partitions: [0] }]);
  });

  it('leaves a source alone that takes no webhooks yet', async () => {
    const { database, open, sourceId } = bench();
    await open();
    const sending = async () => (await findSendingSources(database)).map(({ id }) => id);
    expect(await sending()).not.toContain(sourceId);
    await takeWebhooks();
    expect(await sending()).toContain(sourceId);
  });

  it('wakes a partition that no drain has ever come to, again until the signal is stored, then not for long', async () => {
    const { database, sourceId, open, log, uid } = bench();
    await open();
    await log(1);
    await forgetWakes();
    const woken = [{ partitions: [0] }];
    expect((await lookOnce(uid, () => Promise.reject(new Error('no Temporal')))).wakes).toEqual(woken);
    expect((await lookOnce(uid)).wakes).toEqual(woken);
    expect((await lookOnce(uid)).wakes).toEqual([]);
    const cursors = await database.pool.query('select fence from partition_cursor where source_id = $1', [sourceId]);
    expect(cursors.rows).toEqual([{ fence: 0 }]);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { findException, pageOfExceptions } from '../../../src/store/views/exceptionPages.js';
import { LONG_MS, type ReconcileBench, WAITS, withReconcileBench } from './bench.js';

const bench = withReconcileBench();
vi.setConfig({ testTimeout: 60_000 });

const DEADLINE_MS = WAITS.leaseMs + WAITS.requestTimeoutMs + WAITS.lakeLatencyMs;
/** Before a person is asked. */
const PAST_DEADLINE_MS = 2 * DEADLINE_MS;

/** The simulator has batches of other tests as well. */
const UNREAD_BATCH = /the failed batch(es)? \w+.* not say which events are in/;

async function factsOf({ database, sourceId }: ReconcileBench): Promise<string[]> {
  const { rows } = await database.pool.query<{ fact: string }>(
    `select evidence -> -1 ->> 'fact' as fact from exception where source_id = $1 order by id`,
    [sourceId],
  );
  return rows.map(({ fact }) => fact);
}

describe('an event of unknown outcome', () => {
  it('is told from its twin: the one in the lake is delivered, the other is sent again, and both are there once', async () => {
    const { take, deliver, reconcile, age, exceptions, truth, simulator, counters } = bench();
    const [arrived] = await take(1, 'acceptThenReset');
    const [lost] = await take(1, 'resetAfterReadNotAccepted');
    await deliver();
    expect(await exceptions()).toMatchObject([{ reason: 'unknown' }, { reason: 'unknown' }]);
    await take(3);
    await deliver();
    await age(PAST_DEADLINE_MS);

    expect(await reconcile()).toMatchObject({ lake: { state: 'readable' } });
    const exceptionOf = new Map((await exceptions()).map((one) => [one.event_id, one]));
    expect(exceptionOf.get(arrived ?? '')).toMatchObject({ state: 'resolved', resolution: 'delivered', attempts: 1 });
    expect(exceptionOf.get(lost ?? '')).toMatchObject({ state: 'waiting', next_action: 'resend' });

    simulator.simulator().admin.faults.clear();
    await deliver();
    expect((await exceptions()).map(({ state, resolution }) => ({ state, resolution }))).toEqual([
      { state: 'resolved', resolution: 'delivered' },
      { state: 'resolved', resolution: 'delivered' },
    ]);
    for (const id of [arrived, lost]) expect(await truth(id ?? '')).toMatchObject({ acceptances: [{}], rows: 1 });
    expect((await counters()).confirmed).toBe(1);
  });

  it('is not looked for at once, and before the deadline nothing is said of its absence', async () => {
    const { take, deliver, reconcile, exceptions, age } = bench();
    await take(1, 'resetAfterReadNotAccepted');
    await deliver();
    await take(2);
    await deliver();
    const report = await reconcile({ lakeLatencyMs: LONG_MS });
    expect(report.lookUps.dueInMs).toBeGreaterThan(LONG_MS / 20);
    await age(LONG_MS / 2);
    await reconcile({ lakeLatencyMs: LONG_MS });
    expect(await exceptions()).toMatchObject([{ state: 'waiting', next_action: 'look-up' }]);
    expect(await factsOf(bench())).toEqual([expect.stringContaining('not in the lake')]);
  });

  it('is held, not sent again, when no later event is in the lake either', async () => {
    const { take, deliver, reconcile, age, exceptions, truth } = bench();
    const [id] = await take(1, 'resetAfterReadNotAccepted');
    await deliver();
    await age(PAST_DEADLINE_MS);
    await reconcile();
    expect(await exceptions()).toMatchObject([{ state: 'waiting', next_action: 'look-up' }]);
    await age(LONG_MS);
    await reconcile();
    expect(await exceptions()).toMatchObject([{ state: 'held', reason: 'unknown', attempts: 1 }]);
    expect(await factsOf(bench())).toEqual([expect.stringContaining('no later event')]);
    expect(await truth(id ?? '')).toBeUndefined();
  });

  it('is held when the manifest says so', async () => {
    const { take, deliver, reconcile, age, exceptions } = bench();
    await take(1, 'resetAfterReadNotAccepted');
    await deliver();
    await take(1);
    await deliver();
    await age(PAST_DEADLINE_MS);
    await reconcile({ onNotFound: 'hold' });
    expect(await exceptions()).toMatchObject([{ state: 'held', reason: 'unknown' }]);
  });

  it('waits while the lake refuses us, is held after long, and looked for by itself once it can be read', async () => {
    const { take, deliver, reconcile, age, exceptions, counters, refuse, allow, database } = bench();
    const [arrived] = await take(1, 'acceptThenReset');
    const [lost] = await take(1, 'resetAfterReadNotAccepted');
    await deliver();
    refuse();
    expect(await reconcile()).toMatchObject({ lake: { state: 'refused' }, lookUps: { unplanned: false } });
    await age(PAST_DEADLINE_MS);
    await reconcile();
    expect(await exceptions()).toMatchObject([{ state: 'waiting' }, { state: 'waiting' }]);
    expect(await factsOf(bench())).toEqual(
      Array(2).fill(expect.stringMatching(/^not looked for .*: Adobe says that these credentials lack the permission/)),
    );

    await age(LONG_MS);
    const report = await reconcile();
    expect(report.lookUps.dueInMs).toBeGreaterThan(0);
    const held = await exceptions();
    const isHeld = { state: 'held', reason: 'unknown', attempts: 1 };
    expect(held).toMatchObject([isHeld, isHeld]);
    expect(await factsOf(bench())).toEqual(Array(2).fill(expect.stringContaining('not sent again automatically')));
    expect((await counters()).confirmed).toBeUndefined();
    await reconcile();
    expect(await exceptions()).toEqual(held);

    await take(3);
    await deliver();
    allow();
    expect(await reconcile()).toMatchObject({ lake: { state: 'readable' } });
    const exceptionOf = new Map((await exceptions()).map((one) => [one.event_id, one]));
    expect(exceptionOf.get(arrived ?? '')).toMatchObject({ state: 'resolved', resolution: 'delivered', attempts: 1 });
    expect(exceptionOf.get(lost ?? '')).toMatchObject({ state: 'waiting', next_action: 'resend' });
    const { rows } = await database.pool.query<{ facts: string[] }>(
      `select array(select jsonb_array_elements(evidence) ->> 'fact') as facts from exception where id = any ($1)`,
      [held.map(({ id }) => id)],
    );
    const lookedFor = expect.arrayContaining(['the lake can be read again, so the event is looked for']) as string[];
    expect(rows).toEqual([{ facts: lookedFor }, { facts: lookedFor }]);
  });

  it('that was held while the lake could not be read is left as a person has decided', async () => {
    const { take, deliver, reconcile, age, exceptions, refuse, allow, decide } = bench();
    await take(2, 'acceptThenReset');
    await deliver();
    refuse();
    await age(LONG_MS);
    await reconcile();
    const [abandoned, resent] = (await exceptions()).map(({ id }) => id);
    await decide({ decision: 'abandon', ids: [abandoned ?? 0] });
    await decide({ decision: 'resend', ids: [resent ?? 0] });
    allow();
    await reconcile();
    expect(await exceptions()).toMatchObject([
      { state: 'resolved', resolution: 'abandoned' },
      { state: 'waiting', next_action: 'resend' },
    ]);
  });
});

describe('accepted events', () => {
  it('are confirmed once they are in the lake; lost, refused and doubled ones are found', async () => {
    const { take, deliver, reconcile, age, exceptions, counters } = bench();
    const [missing] = await take(1, 'loseAfterAccept');
    const [invalid] = await take(1, 'asyncInvalid');
    const [repeated] = await take(1, 'duplicateInternally');
    await take(20);
    await deliver();
    await reconcile();
    expect((await counters()).confirmed).toBe(0);
    await age(PAST_DEADLINE_MS);
    await take(2);
    await deliver();

    await reconcile();
    const found = new Map((await exceptions()).map(({ event_id: id, reason, state }) => [id, `${reason} ${state}`]));
    expect(found).toEqual(
      new Map([
        [missing, 'missing held'],
        [invalid, 'invalid held'],
        [repeated, 'repeated held'],
      ]),
    );
    expect(await counters()).toMatchObject({ accepted: 23, confirmed: 21, repeated: 1, exceptions: { repeated: 1 } });
  });

  it('that are in the lake more than once are shown to a person, who takes note of them', async () => {
    const { take, deliver, reconcile, age, exceptions, counters, database, sourceId, decide } = bench();
    const [repeated] = await take(1, 'duplicateInternally');
    await take(1);
    await deliver();
    await reconcile();
    await age(PAST_DEADLINE_MS);
    await reconcile();
    const { exceptions: listed } = await pageOfExceptions(database, sourceId, {
      filter: { reason: 'repeated' },
      states: ['held'],
      limit: 10,
    });
    expect(listed).toMatchObject([
      { eventId: repeated, kind: 'feedback', attempts: 1, lastFact: 'in the lake 2 times, sent once' },
    ]);
    const shown = await findException(database, sourceId, listed[0]?.id ?? 0);
    expect(shown?.details.allowed).toEqual(['acknowledge']);
    expect(shown?.details.bodyBytes).toBeGreaterThan(0);

    await expect(decide({ decision: 'resend', reason: 'repeated' })).rejects.toMatchObject({
      error: { code: 'CAEP_DECISION_UNFIT' },
    });
    expect(await decide({ decision: 'acknowledge', reason: 'repeated' })).toMatchObject({ decided: 1, remaining: 0 });
    expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered' }]);
    const counted = await counters();
    expect(counted).toMatchObject({ accepted: 2, confirmed: 2, repeated: 1 });
    expect(counted.exceptions).toEqual({});
  });

  it('of which nobody can tell are held as missing after some deadlines, and what lies behind them is confirmed', async () => {
    const { take, deliver, reconcile, age, exceptions, counters, simulator } = bench();
    simulator.simulator().admin.faults.place({
      id: 'no diagnostics',
      match: { route: 'dataaccess.batches.failed' },
      fault: { kind: 'status', status: 404 },
      times: 0,
    });
    const [missing] = await take(1, 'loseAfterAccept');
    const [invalid] = await take(1, 'asyncInvalid');
    await take(3);
    await deliver();
    await reconcile();
    await age(DEADLINE_MS);
    // Events keep coming all the time: what is planned for them does not make the first ones younger.
    for (let deadlines = 1; deadlines < 4; deadlines += 1) {
      await take(1);
      await deliver();
      const { lake } = await reconcile();
      expect(lake.detail).toMatch(UNREAD_BATCH);
      expect(await exceptions()).toEqual([]);
      await age(DEADLINE_MS);
    }
    await reconcile();
    const held = new Map((await exceptions()).map(({ event_id: id, reason, state }) => [id, `${reason} ${state}`]));
    expect(held).toEqual(new Map([missing, invalid].map((id) => [id, 'missing held'])));
    expect(await factsOf(bench())).toEqual(Array(2).fill(expect.stringMatching(UNREAD_BATCH)));
    expect(await counters()).toMatchObject({ accepted: 6, confirmed: 6 });
  });

  it('are told to be missing also when those that were accepted right after them are', async () => {
    const { take, deliver, reconcile, age, exceptions } = bench();
    await take(1, 'loseAfterAccept');
    await deliver();
    await reconcile();
    for (let flushes = 0; flushes < 6; flushes += 1) {
      await take(1, 'loseAfterAccept');
      await deliver();
    }
    await age(PAST_DEADLINE_MS);
    await take(1);
    await deliver();
    await reconcile();
    expect(await exceptions()).toMatchObject([{ state: 'held', reason: 'missing' }]);
  });

  it('wait while the lake stands still, and are confirmed after it', async () => {
    const { take, deliver, reconcile, age, exceptions, counters, simulator, oldestUnconfirmedMs } = bench();
    const { admin } = simulator.simulator();
    admin.policy.change({ lakeOutage: true });
    await take(5);
    await deliver();
    await reconcile();
    await age(LONG_MS);
    const report = await reconcile();
    expect(report.lake.detail).toContain('no later event of this flow is in the lake either');
    expect(await oldestUnconfirmedMs()).toBeGreaterThan(LONG_MS);
    expect(report.lookUps.dueInMs).toBeGreaterThan(0);
    expect(await exceptions()).toEqual([]);

    admin.policy.change({ lakeOutage: null });
    await admin.advance(5_000);
    await age(LONG_MS);
    await reconcile();
    expect(await counters()).toMatchObject({ accepted: 5, confirmed: 5 });
    expect(await oldestUnconfirmedMs()).toBe(0);
  });
});

describe('the connection', () => {
  it('is encrypted, unless the override says otherwise', async () => {
    const { reconcile, simulator } = bench();
    const { admin, queryServiceUrl } = simulator.simulator();
    expect(await reconcile()).toMatchObject({ lake: { state: 'readable' } });
    const plain = { queryServiceUrl: `${queryServiceUrl}?sslmode=disable` };
    expect(await reconcile({}, plain)).toMatchObject({ lake: { state: 'refused' } });
    admin.policy.change({ queryServiceTls: false });
    expect(await reconcile({}, plain)).toMatchObject({ lake: { state: 'readable' } });
    expect(await reconcile()).toMatchObject({ lake: { state: 'away' } });
  });
});

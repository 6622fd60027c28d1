import { describe, expect, it, vi } from 'vitest';
import { LONG_MS, type ReconcileBench, WAITS, withReconcileBench } from './bench.js';

const bench = withReconcileBench();
vi.setConfig({ testTimeout: 60_000 });

/** Past the deadline, before a person is asked. */
const PAST_DEADLINE_MS = 2 * (WAITS.leaseMs + WAITS.requestTimeoutMs + WAITS.lakeLatencyMs);

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
    const settled = new Map((await exceptions()).map((one) => [one.event_id, one]));
    expect(settled.get(arrived ?? '')).toMatchObject({ state: 'resolved', resolution: 'delivered', attempts: 1 });
    expect(settled.get(lost ?? '')).toMatchObject({ state: 'waiting', next_action: 'resend' });

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

  it('is held at once when this installation may not read the lake, and nothing counts as confirmed', async () => {
    const { take, deliver, reconcile, exceptions, simulator, counters } = bench();
    await take(1, 'acceptThenReset');
    await deliver();
    simulator.simulator().admin.faults.place({
      id: 'forbidden',
      match: { route: 'queryservice.*' },
      fault: { kind: 'status', status: 403 },
    });
    expect(await reconcile()).toMatchObject({ lake: { state: 'refused' }, lookUps: { unplanned: false } });
    expect(await exceptions()).toMatchObject([{ state: 'held', reason: 'unknown' }]);
    expect(await factsOf(bench())).toEqual([expect.stringContaining('not sent again by itself')]);
    expect((await counters()).confirmed).toBeUndefined();
  });
});

describe('accepted events', () => {
  it('are confirmed once they are in the lake; lost, refused and doubled ones are found', async () => {
    const { take, deliver, reconcile, age, exceptions, counters, database, sourceId } = bench();
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
      ]),
    );
    const { rows } = await database.pool.query(
      `select encode(event_id, 'hex') as id, copies, attempts from repeated_event where source_id = $1`,
      [sourceId],
    );
    expect(rows).toEqual([{ id: repeated, copies: 2, attempts: 1 }]);
    expect(await counters()).toMatchObject({ accepted: 25, confirmed: 21, repeated: 1 });
  });

  it('wait while the lake stands still, and are confirmed after it', async () => {
    const { take, deliver, reconcile, age, exceptions, counters, simulator } = bench();
    const { admin } = simulator.simulator();
    admin.policy.change({ lakeOutage: true });
    await take(5);
    await deliver();
    await reconcile();
    await age(LONG_MS);
    const report = await reconcile();
    expect(report.lake.detail).toContain('not in the lake yet');
    expect(report.lookUps.dueInMs).toBeGreaterThan(0);
    expect(await exceptions()).toEqual([]);

    admin.policy.change({ lakeOutage: null });
    await admin.advance(5_000);
    await age(LONG_MS);
    await reconcile();
    expect(await counters()).toMatchObject({ accepted: 5, confirmed: 5 });
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

/** What drains that have nothing to send ask of PostgreSQL. */
import { describe, expect, it, vi } from 'vitest';
import { SYSTEM_CLOCK } from '../../../../src/activities/drain/lease.js';
import { createDueResends } from '../../../../src/activities/drain/dueResends.js';
import { DELIVERY } from '../../../support/delivery.js';
import { silentLog } from '../../../support/store.js';
import { makeBench, withBench } from './bench.js';

const bench = withBench();

interface Statement {
  readonly text: string;
  readonly name?: string;
  readonly values?: readonly (readonly number[])[];
}

/** Statements that were made since. */
function noting(): () => readonly Statement[] {
  const query = vi.spyOn(bench().database.pool, 'query');
  return () =>
    query.mock.calls.map(([query]: readonly unknown[]) =>
      typeof query === 'string' ? { text: query } : (query as Statement),
    );
}

function sourcesOf({ values }: Statement): number[] {
  return [...(values?.[0] ?? [])].toSorted((a, b) => a - b);
}

/** A drain that shares a rate looks for others this often. */
const SHARE_EVERY_MS = 2_000;

describe('idle drains', () => {
  it('are looked at together, and count no others where a source has one partition', async () => {
    const { database, keyRing, wakeListener, inlet } = bench();
    const others = await Promise.all([1, 2, 3].map(() => makeBench(database, keyRing, wakeListener, inlet)));
    const benches = [bench(), ...others];
    for (const one of benches) await one.open();
    const made = noting();
    const dueResends = createDueResends(database, silentLog, 20);
    let monotonicMs = 0;
    const delivery = { ...DELIVERY, leaseMs: 60_000 };
    const drains = benches.map((one) =>
      one.drain(
        { delivery, lingerMs: 3 * SHARE_EVERY_MS },
        { dueResends, clock: { ...SYSTEM_CLOCK, monotonicMs: () => monotonicMs } },
      ),
    );
    const all = benches.map(({ sourceId }) => sourceId).toSorted((a, b) => a - b);
    const looks = () => made().filter(({ name }) => name === 'look-for-resends');
    const counts = () => made().filter(({ name }) => name === 'count-other-partitions').length;
    const lookedTogether = (since: number) =>
      vi.waitFor(() => expect(looks().slice(since).map(sourcesOf)).toContainEqual(all), { timeout: 10_000 });
    await lookedTogether(0);
    monotonicMs = SHARE_EVERY_MS;
    await vi.waitFor(() => expect(counts()).toBe(benches.length), { timeout: 10_000 });
    monotonicMs = 2 * SHARE_EVERY_MS;
    await lookedTogether(looks().length);
    monotonicMs = 6 * SHARE_EVERY_MS;
    const ends = await Promise.all(drains.map(({ report }) => report));
    expect(ends.map(({ end }) => end.kind)).toEqual(benches.map(() => 'idle'));
    expect(counts()).toBe(benches.length);
    // Each drain in its beginning alone; what comes after are looks for all.
    const ownLooks = made().filter(
      ({ name, text }) => name === undefined && /no answer was recorded in time/.test(text),
    );
    expect(ownLooks).toHaveLength(benches.length);
  });

  it('are told when resends of their own partition are due', async () => {
    const { database, sourceId } = bench();
    const other = await makeBench(database, bench().keyRing, bench().wakeListener, bench().inlet);
    const [due, overdue, quiet] = [vi.fn(), vi.fn(), vi.fn()];
    await database.pool.query(
      `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at, attempts)
       values ($1, 1, 1, sha256('a'), 1, now(), 'refused', 'waiting', 'resend', now(), 1),
              ($2, 0, 1, sha256('b'), 1, now(), 'in-flight', 'sending', null, now() - interval '1 second', 1)`,
      [sourceId, other.sourceId],
    );
    const dueResends = createDueResends(database, silentLog, 20);
    const ends = [
      dueResends.onDue({ sourceId, partition: 1 }, due),
      dueResends.onDue({ sourceId, partition: 0 }, quiet),
      dueResends.onDue({ sourceId: other.sourceId, partition: 0 }, overdue),
    ];
    await vi.waitFor(() => expect(due).toHaveBeenCalled());
    for (const end of ends) end();
    expect(quiet).not.toHaveBeenCalled();
    expect(overdue).not.toHaveBeenCalled();
    // Nobody will answer it any more.
    expect(await other.exceptions()).toMatchObject([{ reason: 'unknown', next_action: 'look-up' }]);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../../src/store/connection/database.js';
import { cuttable } from '../../../support/cuttable.js';
import { silentLog } from '../../../support/store.js';
import { everyOnce, withBench } from './bench.js';
import { DELIVERY } from '../../../support/delivery.js';

const bench = withBench();

/** The server is there and the connection is not: as pg says it. */
const CUT = () => new Error('Connection terminated unexpectedly');
const REFUSED = () => Object.assign(new Error('relation "event_body" does not exist'), { code: '42P01' });

/**
 * Fails statements by script.
 *
 * @param fault answers by the statement's name or text, `connect` for a transaction
 */
function failing(database: Database, fault: (statement: string) => Error | undefined): Database {
  const failWhenTold = (statement: string): void => {
    const error = fault(statement);
    if (error !== undefined) throw error;
  };
  const query = async (...parameters: Parameters<Database['pool']['query']>) => {
    const [statement] = parameters as unknown as [string | { readonly name?: string }];
    failWhenTold(typeof statement === 'string' ? statement : (statement.name ?? ''));
    return (await (database.pool.query(...parameters) as unknown)) as never;
  };
  const connect = async () => {
    failWhenTold('connect');
    return database.pool.connect();
  };
  return { ...database, pool: Object.assign(Object.create(database.pool) as Database['pool'], { query, connect }) };
}

/** Fails the given statements, from the first on that comes while `when` says so. */
function times(count: number, matches: (statement: string) => boolean, error: () => Error) {
  let failed = 0;
  return {
    fault(statement: string) {
      if (failed === count || !matches(statement)) return undefined;
      failed += 1;
      return error();
    },
    failed: () => failed,
  };
}

describe('while PostgreSQL is away', () => {
  it('a drain waits, and records every answer when it is back', async () => {
    const { database, open, log, drain, inlet, exceptions, cursor } = bench();
    const url = new URL(database.pool.options.connectionString ?? '');
    const connection = await cuttable({ host: url.hostname, port: Number(url.port) });
    url.port = String(connection.port);
    const cut = openDatabase({ url: url.href, applicationName: 'test', log: silentLog });
    onTestFinished(() => cut.close());
    await open();
    inlet.behave(() => ({ acceptAfterMs: 20 }));
    const ids = await log(1_500);
    const running = drain({}, { database: cut });
    await inlet.arrived(100);
    connection.cutAt('read-page');
    await expect.poll(() => connection.refused(), { timeout: 10_000 }).toBeGreaterThan(5);
    connection.mend();
    expect(await running.report).toMatchObject({ accepted: 1_500, end: { kind: 'idle' } });
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect([await exceptions(), await cursor()]).toMatchObject([[], { cursor_seq: 1_500, accepted_count: 1_500 }]);
  });

  it.each([
    { what: 'a page of the log', matches: (statement: string) => statement === 'read-page' },
    { what: 'due resends', matches: (statement: string) => statement.includes('no answer was recorded in time') },
    { what: 'the end of the log', matches: (statement: string) => statement === 'connect' },
    { what: 'the share of the rate', matches: (statement: string) => statement === 'count-other-partitions' },
  ])('$what is asked for again', async ({ matches }) => {
    const { database, open, log, drain, inlet, exceptions } = bench();
    await open();
    inlet.behave(() => ({ acceptAfterMs: 20 }));
    const ids = await log(600);
    let claimed = false;
    const blip = times(3, (statement) => claimed && matches(statement), CUT);
    const failingOften = failing(database, (statement) => {
      // Before the first page nothing is intended, and a failure costs nothing.
      claimed ||= statement === 'read-page';
      return blip.fault(statement);
    });
    // At this rate it lasts long enough for all that is looked at from time to time.
    const report = await drain({ requestsPerSecond: 200 }, { database: failingOften }).report;
    expect(report).toMatchObject({ accepted: 600, end: { kind: 'idle' } });
    expect(blip.failed()).toBe(3);
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect(await exceptions()).toEqual([]);
  });

  it('a drain that is told to stop does not wait to read on', async () => {
    const { database, open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    inlet.behave(() => ({ acceptAfterMs: 20 }));
    await log(1_000);
    let reads = 0;
    const noSecondPage = failing(database, (statement) => {
      if (statement === 'read-page') reads += 1;
      return statement === 'read-page' && reads > 1 ? CUT() : undefined;
    });
    const running = drain({}, { database: noSecondPage });
    await expect.poll(() => reads, { timeout: 10_000 }).toBeGreaterThan(2);
    running.cancel();
    expect(await running.report).toMatchObject({ end: { kind: 'stopped' } });
    expect([await exceptions(), await cursor()]).toMatchObject([[], { undecided: 0, holder: null }]);
  });
});

describe('a statement that fails for good', () => {
  it.each([
    { statement: 'read-page', after: 1 },
    { statement: 'flush', after: 5 },
  ])('ends the drain, and nothing that was answered becomes unknown: $statement', async ({ statement, after }) => {
    const { database, open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    inlet.behave(() => ({ acceptAfterMs: 100 }));
    const ids = await log(1_000);
    let seen = 0;
    const broken = failing(database, (one) => {
      seen += one === statement ? 1 : 0;
      return one === statement && seen === after + 1 ? REFUSED() : undefined;
    });
    const delivery = { ...DELIVERY, concurrency: 100 };
    await expect(drain({ delivery }, { database: broken }).report).rejects.toThrow('does not exist');
    expect(inlet.arrivals.length).toBeGreaterThan(0);
    expect(await cursor()).toMatchObject({ undecided: 0, holder: null, accepted_count: inlet.taken.size });
    await drain({ delivery }).report;
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect(await exceptions()).toEqual([]);
  });

  it('waits for no request beyond the grace time', async () => {
    const { database, open, log, drain, inlet, cursor } = bench();
    await open();
    inlet.behave(() => 'hang');
    await log(20);
    const refusesFlushes = failing(database, (statement) =>
      statement === 'flush' && inlet.arrivals.length > 0 ? REFUSED() : undefined,
    );
    await expect(drain({}, { database: refusesFlushes, graceMs: 100 }).report).rejects.toThrow('does not exist');
    // Whoever comes next waits for the end of the lease, and does not know what became of them.
    expect(await cursor()).toMatchObject({ holder: 'test', accepted_count: 0 });
    expect((await cursor()).undecided).toBeGreaterThanOrEqual(inlet.arrivals.length);
  });
});

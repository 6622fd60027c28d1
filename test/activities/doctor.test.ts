import { describe, expect, it } from 'vitest';
import { doctorReport, type DoctorDeps } from '../../src/activities/inquiry/doctor.js';
import { deliveryFindings, receiverFindings } from '../../src/activities/inquiry/findings/deliveryFindings.js';
import { codedError, remedyOf, sentenceOf } from '../../src/domain/errors.js';
import { localDataFolder } from '../../src/store/connection/database.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { noteReceiver } from '../../src/store/receivers/receiverReports.js';
import { readDeliveryHealth } from '../../src/store/views/deliveryHealth.js';
import { retireSource } from '../../src/store/sources/sources.js';
import { withHeldSource } from './held/source.js';
import { takenEvent } from '../support/store.js';

const source = withHeldSource();

function deps(changes: Partial<DoctorDeps>): DoctorDeps {
  const unasked = () => Promise.reject(new Error('not to be asked'));
  return {
    adobe: {
      tokens: { get: () => Promise.reject(codedError('CAEP_CREDENTIALS_REFUSED', { adobe: 'IMS: invalid_client' })) },
      forSandbox: () => ({ schemaRegistry: { stats: unasked } }),
    } as unknown as DoctorDeps['adobe'],
    database: source().database,
    databaseVersion: () => Promise.resolve('18.1'),
    processKeys: () => Promise.resolve([]),
    durability: unasked,
    clockSkewMs: () => Promise.resolve(3),
    disks: { home: '/', dataFolder: () => Promise.resolve(undefined) },
    ...changes,
  };
}

describe('doctor on the worker’s side', () => {
  it('names one root cause once: what needs it is not asked', async () => {
    const { findings } = await doctorReport(
      deps({ databaseVersion: () => Promise.reject(codedError('CAEP_DATABASE_UNREACHABLE', { reason: 'refused' })) }),
      'prod',
    );
    const failed = findings.filter(({ state }) => state === 'failed').map(({ check }) => check);
    expect(failed).toEqual(['Adobe token', 'database']);
    const rest = findings.filter(({ state }) => state === 'skipped').map(({ check, detail }) => `${check}: ${detail}`);
    expect(rest).toEqual([
      'Adobe sandbox: needs the Adobe token',
      'Chatlio source: needs the Adobe token',
      'Adobe permissions: needs the Adobe token',
      'Query Service: needs the Adobe token',
      'notifications: needs the database',
      'keys: needs the database',
      'held bodies: needs the database',
      'durability: needs the database',
      'clock: needs the database',
      'clocks of receivers: needs the database',
      'clock of Adobe: needs the Adobe token',
      'events: needs the database',
      'fields: needs the database',
      'receivers: needs the database',
    ]);
  });

  it.each([
    [-600_000, 'failed', 'The clocks of the worker and Adobe differ by'],
    [0, 'ok', 'between Adobe and the worker, give or take'],
  ])("compares Adobe's clock, here %i ms off", async (offMs, state, said) => {
    const flowService = { now: () => Promise.resolve(Math.floor((Date.now() + offMs) / 1_000) * 1_000) };
    const adobe = {
      tokens: { get: () => Promise.resolve('token') },
      forSandbox: () => ({ flowService, schemaRegistry: { stats: () => Promise.resolve({ tenantId: 't' }) } }),
    } as unknown as DoctorDeps['adobe'];
    const { findings } = await doctorReport(deps({ adobe }), 'prod');
    const finding = findings.find(({ check }) => check === 'clock of Adobe');
    expect(finding?.state).toBe(state);
    expect(finding?.detail).toContain(said);
  });

  it('compares the clock of each receiver that reports, by what it says of the database’s', async () => {
    const { database } = source();
    const say = async (receiverId: string, ms: number | undefined) => {
      const clock = ms === undefined ? null : { ms, giveOrTakeMs: 5 };
      await noteReceiver(database, { receiverId, startedAt: new Date(), spooled: 0, details: { clock } });
    };
    const clocks = async () => {
      const { findings } = await doctorReport(deps({ clockSkewMs: () => Promise.resolve(1_000) }), 'prod');
      return findings
        .filter(({ check }) => check.startsWith('clock') && check.includes('receiver'))
        .map(({ check, state, detail }) => `${state} ${check}: ${detail}`);
    };
    await say('of 0.1.1', undefined);
    expect(await clocks()).toEqual(['ok clocks of receivers: no receiver reports its time']);
    await say('right', 900);
    expect(await clocks()).toEqual(["ok clocks of receivers: 1, all close to the worker's"]);
    // The database is 9 s behind this receiver and 1 s ahead of the worker.
    await say('wrong', -9_000);
    expect(await clocks()).toEqual([
      'failed clock of receiver wrong: The clocks of the worker and receiver wrong differ by 10000 ms.',
    ]);
  });

  it('looks at the disks of its machine, also at PostgreSQL’s where it is there', async () => {
    const { database } = source();
    // The tests' server runs here, under an account that may know its folder.
    const dataFolder = await localDataFolder(database);
    expect(dataFolder).toContain('cluster');
    const GIB = 1024 ** 3;
    const room = (folder: string) => {
      if (folder === '/home/worker/temporal') return Promise.reject(new Error('ENOENT'));
      const isHome = folder === '/home/worker';
      return Promise.resolve({ device: isHome ? 1 : 2, freeBytes: isHome ? 20 * GIB : 10 * 1024 ** 2 });
    };
    const disks = { home: '/home/worker', dataFolder: () => Promise.resolve(dataFolder), room };
    const { findings } = await doctorReport(deps({ disks }), 'prod');
    expect(findings.filter(({ check }) => check.startsWith('disk'))).toMatchObject([
      { check: 'disk of home', state: 'ok', detail: "/home/worker on the worker's machine, 20 GiB free" },
      { check: 'disk of PostgreSQL', state: 'failed', error: { code: 'CAEP_DISK_FULL' } },
    ]);
  });

  it('names the disk once that home and databases share', async () => {
    const room = () => Promise.resolve({ device: 1, freeBytes: 500 * 1024 ** 2 });
    const disks = { home: '/home/worker', dataFolder: () => Promise.resolve(undefined), room };
    const { findings } = await doctorReport(deps({ disks }), 'prod');
    expect(findings.filter(({ check }) => check.startsWith('disk'))).toMatchObject([
      { check: 'disk of home, PostgreSQL, Temporal', state: 'warning' },
    ]);
  });

  it('sends nobody to a source that there is not: the command that goes on is its own', async () => {
    const { findings } = await doctorReport(deps({}), 'prod');
    for (const { error } of findings) {
      if (error === undefined) continue;
      expect(`${sentenceOf(error)} ${remedyOf(error)}`).not.toMatch(/NAME|\{|not known/);
    }
    const token = findings.find(({ check }) => check === 'Adobe token');
    expect(token?.error && remedyOf(token.error)).toContain('then run `chatlio-aep doctor`');
  });
});

describe('the events of sources', () => {
  it('are looked at in the database: what is held, closed or waits for long', async () => {
    const { database, sourceId, name, hold } = source();
    await hold(2, 'unknown');
    await createEventLog(database).append(sourceId, 0, [takenEvent('late')]);
    await database.pool.query(
      `update event_body set logged_at = now() - interval '2 hours'
       where source_id = $1 and seq = (select max(seq) from event_body where source_id = $1)`,
      [sourceId],
    );
    await database.pool.query(`update gate set open = true, opens_at = now(), reason = '' where source_id = $1`, [
      sourceId,
    ]);
    const mine = async () => (await readDeliveryHealth(database)).filter((one) => one.name === name);
    expect(deliveryFindings(await mine())).toEqual([
      {
        check: `events of ${name}`,
        state: 'warning',
        detail: `2 held for a decision: \`chatlio-aep held list ${name}\`; events have waited for 2h: \`chatlio-aep status ${name}\` says why`,
      },
    ]);
    await database.pool.query(`update gate set open = false, reason = 'paused by ana' where source_id = $1`, [
      sourceId,
    ]);
    expect(deliveryFindings(await mine())[0]?.detail).toContain(
      `nothing is sent: paused by ana (\`chatlio-aep unpause ${name}\` starts sending again)`,
    );
  });

  it('that are held are named also when their source was torn down, and nothing else of it', async () => {
    const { database, uid, name, hold } = source();
    await hold(1, 'refused');
    await retireSource(database, uid);
    const mine = (await readDeliveryHealth(database)).filter((one) => one.name === name);
    expect(deliveryFindings(mine)).toMatchObject([
      { state: 'warning', detail: `1 held for a decision: \`chatlio-aep held list ${name}\`` },
    ]);
  });

  it('are well in one line; many that are not do not fill the screen', () => {
    const well = {
      name: 'a',
      isRetired: false,
      isGateOpen: true,
      gateReason: '',
      opensByItself: false,
      opensInMs: 0,
      held: 0,
      silentKinds: [],
    };
    expect(deliveryFindings([well])).toMatchObject([{ check: 'events', state: 'ok' }]);
    expect(deliveryFindings([])).toMatchObject([{ state: 'ok', detail: 'there is no source yet' }]);
    const silent = { ...well, silentKinds: ['feedback'] };
    expect(deliveryFindings([silent])[0]?.detail).toContain('no feedback has arrived for a long time');
    const closed = { ...well, isGateOpen: false, gateReason: 'the flow f-1 was disabled at Adobe' };
    expect(deliveryFindings([closed])[0]?.detail).toBe(
      'nothing is sent: the flow f-1 was disabled at Adobe (`chatlio-aep unpause a` starts sending again)',
    );
    expect(deliveryFindings([{ ...closed, opensByItself: true }])[0]?.detail).toContain('sent once this is fixed');
    expect(deliveryFindings(Array.from({ length: 70 }, () => silent))).toHaveLength(51);
  });
});

describe('receivers', () => {
  const view = (silentForMs: number, spooled: number) => ({
    id: 'eu-1',
    startedAt: '',
    reportedAt: '',
    silentForMs,
    spooled,
  });

  it('that have gone with events in their hands, and that spool, are named', () => {
    expect(receiverFindings([view(400_000, 31)])[0]).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('not reported for 7m, and 31 event(s) were waiting on its disk') as string,
    });
    expect(receiverFindings([view(0, 3)])[0]?.detail).toContain('3 event(s) are waiting on its disk');
    expect(receiverFindings([view(0, 0), view(9_000_000, 0)])).toMatchObject([{ state: 'ok' }]);
    expect(receiverFindings([view(9_000_000, 0)])[0]).toMatchObject({ state: 'warning', check: 'receivers' });
  });

  it('that had too many connections are named', () => {
    expect(receiverFindings([{ ...view(0, 0), refusedConnections: 12 }])).toMatchObject([
      {
        state: 'warning',
        check: 'receiver eu-1',
        detail: expect.stringContaining('refused 12 connection(s)') as string,
      },
    ]);
  });

  it('whose disks have lost events are named first', () => {
    const [found] = receiverFindings([view(0, 3), { ...view(0, 0), unreadable: 2, vanished: 4 }]);
    expect(found).toMatchObject({
      state: 'warning',
      check: 'receiver eu-1',
      detail: expect.stringMatching(
        /^2 place\(s\) in its spool files are damaged.*; 4 event\(s\) that were answered with 2xx are missing/,
      ) as string,
    });
  });
});

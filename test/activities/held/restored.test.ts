import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pageOfEvents } from '../../../src/store/views/eventPages.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { applyRestored, previewRestored } from '../../../src/store/delivery/restored.js';
import { readHistory } from '../../../src/store/history/operations.js';
import { doctorRestored } from '../../../src/cli/commands/installation/doctorRestored.js';
import { readConfiguration } from '../../../src/configuration.js';
import { fakeSources, fakeWorld } from '../../cli/fakes.js';
import { takenEvent } from '../../support/store.js';
import { withHeldSource } from './source.js';

const source = withHeldSource();

async function log(count: number, agoMs = 0): Promise<void> {
  const { database, sourceId } = source();
  const events = Array.from({ length: count }, () => takenEvent(randomUUID()));
  await createEventLog(database).append(sourceId, 0, events);
  if (agoMs === 0) return;
  for (const table of ['event_id', 'event_body']) {
    await database.pool.query(`update ${table} set logged_at = $3 where source_id = $1 and event_id = any ($2)`, [
      sourceId,
      events.map(({ eventId }) => eventId),
      new Date(Date.now() - agoMs),
    ]);
  }
}

const HOUR_MS = 3_600_000;

describe('doctor --restored', () => {
  const asked = { since: new Date(Date.now() - HOUR_MS).toISOString(), by: 'ana' };
  const world = (environment: Record<string, string>) => {
    const fake = fakeWorld(fakeSources({ polledTaskQueues: () => Promise.resolve([]) }), { format: 'json' });
    return { ...fake, context: { ...fake.context, configuration: () => readConfiguration(environment) } };
  };

  it('works on the database itself where its URL is known, without a worker', async () => {
    const { database, name } = source();
    await log(4, 2 * HOUR_MS);
    const { context, stdout } = world({ DATABASE_URL: database.pool.options.connectionString ?? '' });
    expect(await doctorRestored(context, asked)).toBe(2);
    expect(JSON.parse(stdout())).toMatchObject({
      applied: false,
      sources: expect.arrayContaining([{ name, events: 4, exceptions: 0 }]) as object,
    });
    expect(await doctorRestored(context, { ...asked, confirm: true })).toBe(0);
    expect(JSON.parse(stdout())).toMatchObject({ applied: true });
  });

  it('says what it needs where neither a worker runs nor the URL is known', async () => {
    await expect(doctorRestored(world({}).context, asked)).rejects.toMatchObject({
      error: { code: 'CAEP_CONFIGURATION_INVALID', problems: [{ path: 'DATABASE_URL' }] },
    });
  });
});

describe('a database that was set back', () => {
  it('is first looked at only', async () => {
    const { database, name, rows } = source();
    await log(4, 2 * HOUR_MS);
    await log(3);
    const preview = await previewRestored(database, new Date(Date.now() - HOUR_MS));
    expect(preview.find((one) => one.name === name)).toEqual({ name, events: 4, exceptions: 0 });
    expect(await rows('select count(*) as count from exception where source_id = $1')).toEqual([{ count: 0 }]);
  });

  it('makes unknown what may have been sent since, closes the gate, and leaves what came later to be sent', async () => {
    const { database, sourceId, name, rows } = source();
    await database.pool.query('update gate set open = true, opens_at = now() where source_id = $1', [sourceId]);
    await log(6, 2 * HOUR_MS);
    // 1 is passed; of 2 to 4, 2 may have been sent, 3 is decided, 4 is withdrawn; 5 and 6 are ahead.
    await database.pool.query(
      `update partition_cursor set cursor_seq = 1, intended_seq = 4, decided = '\\x02', withdrawn = '\\x04', undecided = 1, fence = 7
       where source_id = $1 and partition = 0`,
      [sourceId],
    );
    await log(2);
    const since = new Date(Date.now() - HOUR_MS);
    const reports = await applyRestored(database, since, 'set back', 'ana');
    expect(reports.find((one) => one.name === name)).toEqual({ name, events: 4, exceptions: 0 });
    const { entries } = await readHistory(database, { name, limit: 1 });
    expect(entries).toMatchObject([
      { what: 'doctor --restored', by: 'ana', result: 'done', input: { since: since.toISOString() } },
    ]);
    expect(await rows('select seq, reason, next_action from exception where source_id = $1 order by seq')).toEqual(
      [2, 4, 5, 6].map((seq) => ({ seq, reason: 'unknown', next_action: 'look-up' })),
    );
    expect(await rows('select open, reason from gate where source_id = $1')).toEqual([
      { open: false, reason: 'set back' },
    ]);
    expect(
      await rows(
        'select cursor_seq, intended_seq, undecided, fence from partition_cursor where source_id = $1 and partition = 0',
      ),
    ).toEqual([{ cursor_seq: 6, intended_seq: 6, undecided: 0, fence: 1_000_009 }]);
    expect(await applyRestored(database, since, 'again', 'ana')).toContainEqual({ name, events: 0, exceptions: 0 });
    // Asked again after a lost answer.
    expect((await readHistory(database, { name, limit: 5 })).entries).toHaveLength(1);
  });

  it('makes exceptions unknown that were to be sent again', async () => {
    const { database, hold, name, rows } = source();
    const [id] = await hold(1, 'refused');
    await database.pool.query(
      `update exception set state = 'waiting', next_action = 'resend', next_at = now(), created_at = now() - interval '2 hours' where id = $1`,
      [id],
    );
    const reports = await applyRestored(database, new Date(Date.now() - HOUR_MS), 'set back');
    expect(reports.find((one) => one.name === name)).toMatchObject({ exceptions: 1 });
    expect(await rows('select reason, next_action, version from exception where source_id = $1')).toEqual([
      { reason: 'unknown', next_action: 'look-up', version: 2 },
    ]);
  });
});

describe('pages of the log', () => {
  it('begin with the newest, go on without a gap, and say where each event stands', async () => {
    const { database, sourceId, hold } = source();
    await hold(2, 'unknown');
    await log(3);
    const newest = await pageOfEvents(database, { sourceId, limit: 4 });
    expect(newest.events.map(({ seq, state, reason }) => [seq, state, reason])).toEqual([
      [2, 'held', 'unknown'],
      [3, 'waiting', undefined],
      [4, 'waiting', undefined],
      [5, 'waiting', undefined],
    ]);
    expect((await pageOfEvents(database, { sourceId, after: newest.position, limit: 10 })).events).toEqual([]);
    await log(5);
    const seqs: number[] = [];
    let { position } = newest;
    for (let page = 0; page < 3; page += 1) {
      const next = await pageOfEvents(database, { sourceId, after: position, limit: 2 });
      seqs.push(...next.events.map(({ seq }) => seq));
      position = next.position;
    }
    expect(seqs).toEqual([6, 7, 8, 9, 10]);
  });
});

import { describe, expect, it } from 'vitest';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { surveySource } from '../../../src/store/views/survey.js';
import { withBench } from '../../activities/drain/overHttp/bench.js';
import { takenEvent } from '../../support/store.js';

const bench = withBench();

async function counters() {
  const { database, sourceId } = bench();
  return (await surveySource(database, sourceId)).counters;
}

describe('counters', () => {
  it('count an event once, however often it came, in the log and while it waits', async () => {
    const { open, log, drain } = bench();
    await log(5);
    await log(5);
    await log(2, { prefix: 'other' });
    expect(await counters()).toMatchObject({ taken: 7, waiting: 7, accepted: 0 });
    await open();
    await drain().report;
    await log(5);
    expect(await counters()).toMatchObject({ taken: 7, waiting: 0, accepted: 7 });
  });

  it('count what was decided out of order as not waiting, a number of no event not at all', async () => {
    const { database, sourceId, log } = bench();
    // Numbers 1 and 2, then 3 and 4 for the same two, then 5.
    await log(2);
    await log(2);
    await log(1, { prefix: 'last' });
    await database.pool.query(
      `insert into partition_cursor (source_id, partition, intended_seq, decided) values ($1, 0, 5, '\\x0e')`,
      [sourceId],
    );
    expect(await counters()).toMatchObject({ taken: 3, waiting: 2 });
    await database.pool.query(`update partition_cursor set cursor_seq = 4, decided = '' where source_id = $1`, [
      sourceId,
    ]);
    expect(await counters()).toMatchObject({ taken: 3, waiting: 1 });
  });

  it('count arrivals that were held as taken, the same one once', async () => {
    const { database, sourceId, log } = bench();
    const eventLog = createEventLog(database);
    await log(1);
    const held = { ...takenEvent('raw'), reason: 'unreadable', facts: ['not JSON'] } as const;
    await eventLog.hold(sourceId, 0, held);
    await eventLog.hold(sourceId, 0, held);
    expect(await counters()).toMatchObject({ taken: 2, waiting: 1, exceptions: { unreadable: 1 } });
  });

  it('stay when bodies are let go', async () => {
    const { database, sourceId, open, log, drain } = bench();
    await open();
    await log(4);
    await drain().report;
    expect(await counters()).toMatchObject({ taken: 4, waiting: 0 });
    await database.pool.query('delete from event_body where source_id = $1', [sourceId]);
    await log(2, { prefix: 'later' });
    expect(await counters()).toMatchObject({ taken: 6, waiting: 2 });
  });
});

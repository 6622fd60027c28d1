/** What the audit reads of an event's exceptions. */
import { expect, it } from 'vitest';
import { loggedEvents } from '../../src/audit/log.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { inTransaction } from '../../src/store/connection/database.js';
import { withHeldSource } from '../activities/held/source.js';
import { takenEvent } from '../support/store.js';

const source = withHeldSource();

it('an event that Adobe has more than once is accepted, whether somebody has taken note of that or not', async () => {
  const { database, sourceId } = source();
  await createEventLog(database).append(sourceId, 0, [takenEvent('noted'), takenEvent('not noted')]);
  await database.pool.query('update partition_cursor set cursor_seq = 2, intended_seq = 2 where source_id = $1', [
    sourceId,
  ]);
  await database.pool.query(
    `insert into exception (source_id, partition, kind, event_id, reason, state, resolution, resolved_at, decision)
     select source_id, partition, kind, event_id, 'repeated', case seq when 1 then 'resolved' else 'held' end,
       case seq when 1 then 'delivered' end, case seq when 1 then now() end, case seq when 1 then 'acknowledge' end
     from event_body where source_id = $1`,
    [sourceId],
  );
  const window = { sourceId, since: new Date(Date.now() - 60_000), until: new Date(Date.now() + 60_000) };
  const standings = await inTransaction(database, async (client) => {
    const read: string[] = [];
    for await (const { standing } of loggedEvents(client, window)) read.push(standing);
    return read;
  });
  expect(standings).toEqual(['accepted', 'accepted']);
});

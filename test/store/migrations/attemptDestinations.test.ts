/** Migrations 0032 and 0033 on a database that a release before them has filled. */
import { beforeAll, expect, it } from 'vitest';
import { migrate } from '../../../src/store/migrate.js';
import { knownMigrations } from '../../../src/store/schemaFit.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import { readConfirmationPage } from '../../../src/store/exceptions/confirmation.js';
import { dueLookUps } from '../../../src/store/exceptions/lookUps.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { takeBack } from '../../support/migrations.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

let sourceId = 0;
let withoutFlow = 0;

/** One event delivered, one of unknown outcome, one undecided; the gate closed since, and once more. */
beforeAll(async () => {
  const { pool } = database();
  sourceId = await freshSource(database());
  withoutFlow = await freshSource(database());
  await createEventLog(database()).append(
    sourceId,
    0,
    ['delivered', 'unknown', 'undecided'].map((name) => takenEvent(name)),
  );
  await takeBack(database(), (await knownMigrations()).filter((name) => name >= '0032').length);
  await pool.query(`update gate set epoch = 9, open = false, flow_id = 'flow A' where source_id = $1`, [sourceId]);
  await pool.query(
    `insert into partition_cursor (source_id, partition, fence, cursor_seq, intended_seq, decided, undecided, intended_epoch, intended_at)
     values ($1, 0, 4, 2, 3, '', 1, 7, now() - interval '1 day')`,
    [sourceId],
  );
  await pool.query(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at, attempts, attempt_at)
     select source_id, partition, kind, event_id, seq, logged_at, 'unknown', 'waiting', 'look-up', now(), 1, now() - interval '1 day'
     from event_body where source_id = $1 and seq = 2`,
    [sourceId],
  );
  await migrate(database());
  // The source is made anew before anybody has looked for what was sent.
  await openGate(database(), {
    sourceId,
    flowId: 'flow B',
    datasetId: 'dataset of flow B',
    inletSealed: Buffer.alloc(1),
    opensAt: new Date(0),
  });
});

it('a gate that there was leads to where it led, since ever; its dataset is not known until somebody asks', async () => {
  const { rows } = await database().pool.query(
    'select epoch, flow_id, dataset_id, since::text from epoch_destination where source_id = any ($1) order by epoch',
    [[sourceId, withoutFlow]],
  );
  expect(rows).toEqual([
    { epoch: 9, flow_id: 'flow A', dataset_id: null, since: '-infinity' },
    { epoch: 10, flow_id: 'flow B', dataset_id: 'dataset of flow B', since: expect.stringMatching(/^\d/) },
  ]);
});

it('an attempt of before is looked for where the gate led then', async () => {
  expect(await dueLookUps(database(), sourceId, 10)).toMatchObject([{ flowId: 'flow A', datasetId: null }]);
});

it('what was sent before is confirmed where the gate led then, also where nobody has planned a look in time', async () => {
  const audit = { sourceId, partition: 0, throughSeq: 1, confirmedSeq: 0, confirmedLoggedAt: '-infinity' };
  const { events } = await readConfirmationPage(database(), audit, 10);
  expect(events).toMatchObject([{ flowId: 'flow A', excepted: false }]);
});

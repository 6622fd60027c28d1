import { appendFile, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { openKeyRing } from '../../src/store/keyRing.js';
import { JOURNALLED_IDS, UNREADABLE_JOURNALS } from '../../src/store/intakeJournal.js';
import { readSilences } from '../../src/store/lastEvents.js';
import { temporaryFolder } from '../support/processes.js';
import { withDatabase } from '../support/store.js';
import { postTo, startTestReceiver, withReceiver } from './receiver.js';

describe('what a receiver reports', () => {
  const database = withDatabase();
  const setup = withReceiver(database);

  const journalled = async (sourceId: number) => {
    const { rows } = await database().pool.query<{ event_id: Buffer }>(JOURNALLED_IDS, [sourceId]);
    return rows.map(({ event_id: id }) => id.toString('hex'));
  };

  it('each of several receivers: a row of its own, the journal of both together, in PostgreSQL when they have stopped', async () => {
    const { keyRing, path, sourceId } = setup();
    const home = temporaryFolder();
    const receivers = [
      await startTestReceiver({ database: database(), keyRing, home }),
      await startTestReceiver({ database: database(), keyRing, home }),
    ];
    const ids: string[] = [];
    for (const [index, { receiver }] of receivers.entries()) {
      for (let seed = 0; seed < 20; seed += 1) {
        const body = fixture('feedback', { seed: index * 1_000 + seed, atMs: 1 });
        ids.push((await postTo(receiver, path('feedback'), body)).body.eventId as string);
      }
      const held = await postTo(receiver, path('feedback'), `no JSON ${index}`);
      ids.push(held.body.eventId as string);
    }
    for (const { receiver } of receivers) await receiver.close();

    expect(await journalled(sourceId)).toEqual(ids.sort());
    expect(await journalled(sourceId + 1)).toEqual([]);
    const { rows } = await database().pool.query<{ details: { counts: object } }>(
      `select details from receiver_report where spool_depth = 0 and details->'counts'->>'logged' = '20'`,
    );
    expect(rows.map(({ details }) => details.counts)).toEqual([
      { logged: 20, held: 1 },
      { logged: 20, held: 1 },
    ]);
    const silences = await readSilences(database());
    expect(silences.filter(({ kind }) => kind === 'feedback')).toHaveLength(1);
    expect(silences[0]).toMatchObject({ isTooLong: false });
  });

  it('a kind that is silent for longer than its source allows is said', async () => {
    const { sourceId } = setup();
    await database().pool.query(`update source set delivery = '{"quietWarningMs": 60000}' where id = $1`, [sourceId]);
    await database().pool.query(
      `insert into last_event values ($1, 5, now() - interval '2 minutes'), ($1, 4, now() - interval '30 seconds')`,
      [sourceId],
    );
    const silences = await readSilences(database());
    expect(silences.filter(({ isTooLong }) => isTooLong).map(({ kind }) => kind)).toEqual(['transcript']);
    expect(silences.map(({ kind }) => kind)).toContain('offline-message');
  });

  it('copies on restart what was not copied, names a file that is torn', async () => {
    const { path, sourceId } = setup();
    const home = temporaryFolder();
    const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
    const before = new Set(await journalled(sourceId));
    const post = async (seed: number) => {
      const { receiver } = await startTestReceiver({ database: database(), keyRing, home });
      const { body } = await postTo(receiver, path('unanswered'), fixture('unanswered', { seed, atMs: 1 }));
      await receiver.close();
      return body.eventId as string;
    };
    const first = await post(1);
    const folder = join(home, 'receivers', '1', 'journal');
    const [file] = (await readdir(folder)) as [string];
    await database().pool.query('delete from intake_journal where file = $1', [file.replace('.journal', '')]);
    await appendFile(join(folder, file), 'torn');
    const second = await post(2);
    const since = (await journalled(sourceId)).filter((id) => !before.has(id));
    expect(since).toEqual([first, second].sort());
    const { rows } = await database().pool.query(UNREADABLE_JOURNALS);
    expect(rows).toEqual([{ receiver_id: expect.any(String) as string, file: file.replace('.journal', '') }]);
    await truncate(join(folder, file), 0);
  });
});

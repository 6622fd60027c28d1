import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { journalledIds, readJournalState } from '../../src/audit/journal.js';
import { fixture } from '../../src/chatlio/fixtures.js';
import { encodeBatch } from '../../src/receiver/journal/entries.js';
import type { Journal } from '../../src/receiver/journal/journal.js';
import { startReporting } from '../../src/receiver/report.js';
import { placeOf } from '../../src/receiver/slot.js';
import type { Receiver } from '../../src/receiver/start.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { inTransaction, openDatabase } from '../../src/store/connection/database.js';
import { readPublicUrl } from '../../src/store/receivers/receiverReports.js';
import { readSilences } from '../../src/store/views/lastEvents.js';
import { readReceivers } from '../../src/store/receivers/receiverReports.js';
import { temporaryFolder } from '../support/processes.js';
import { silentLog, withDatabase } from '../support/store.js';
import { AWAY, postTo, startTestReceiver, withReceiver } from './receiver.js';

describe('what a receiver reports', () => {
  const database = withDatabase();
  const setup = withReceiver(database);

  const windowOf = (sourceId: number) => ({
    sourceId,
    since: new Date(Date.now() - 3_600_000),
    until: new Date(Date.now() + 1_000),
  });
  const journalled = async (sourceId: number) => {
    return inTransaction(database(), async (client) => {
      const ids: string[] = [];
      for await (const { id } of journalledIds(client, windowOf(sourceId))) ids.push(id);
      return ids;
    });
  };

  it('the address under which Chatlio reaches it, where it was told', async () => {
    const { keyRing } = setup();
    const url = 'https://chat.example.com';
    const { receiver } = await startTestReceiver({
      database: database(),
      keyRing,
      home: temporaryFolder(),
      publicUrl: url,
    });
    await expect.poll(() => readPublicUrl(database())).toBe(url);
    const { receiver: untold } = await startTestReceiver({ database: database(), keyRing, home: temporaryFolder() });
    await Promise.all([receiver.close(), untold.close()]);
    expect(await readPublicUrl(database())).toBe(url);
  });

  it('the database’s clock compared with its own, for `doctor`', async () => {
    const { keyRing } = setup();
    const home = temporaryFolder();
    const { receiver } = await startTestReceiver({ database: database(), keyRing, home });
    onTestFinished(() => receiver.close());
    const readClocks = async () => (await readReceivers(database())).flatMap(({ clock }) => (clock ? [clock] : []));
    await expect.poll(readClocks, { timeout: 10_000 }).not.toHaveLength(0);
    for (const { ms, giveOrTakeMs } of await readClocks()) expect(Math.abs(ms)).toBeLessThanOrEqual(giveOrTakeMs + 5);
  });

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
    const { notKnown } = await readJournalState(database().pool, windowOf(sourceId), new Date());
    expect(notKnown).toEqual([expect.stringContaining(`for ${file.slice(0, 11)}:00Z could not be read in full`)]);
    await truncate(join(folder, file), 0);
  });

  it('says what is spooled of each source; what another has adopted, also one that could not report, is spooled there only', {
    timeout: 60_000,
  }, async () => {
    const { path, keyRing, sourceId } = setup();
    const home = temporaryFolder();
    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    onTestFinished(() => away.close());
    // Leaves the routes in the folder.
    await (await startTestReceiver({ database: database(), keyRing, home })).receiver.close();
    const places: { readonly receiver: Receiver; readonly id: string }[] = [];
    for (const place of ['1', '2']) {
      const { receiver } = await startTestReceiver({ database: away, keyRing, home });
      const { body } = await postTo(receiver, path('feedback'), fixture('feedback', { seed: Number(place), atMs: 9 }));
      expect(body.arrival).toBe('spooled');
      places.push({ receiver, id: await readFile(join(home, 'receivers', place, 'id'), 'utf8') });
    }
    for (const { receiver, id } of places) {
      await receiver.close();
      await database().pool.query(
        `insert into receiver_report (receiver_id, started_at, reported_at, spool_depth, details)
         values ($1, now(), now(), 1, jsonb_build_object('spooled', jsonb_build_object($2::text, 1)))
         on conflict (receiver_id) do update set spool_depth = excluded.spool_depth, details = excluded.details`,
        [id, String(sourceId)],
      );
    }
    const spooled = async () => {
      const { rows } = await database().pool.query<{ spool_depth: number; spooled: object }>(
        `select spool_depth, details->'spooled' as spooled from receiver_report where receiver_id = any ($1)
         order by array_position($1, receiver_id)`,
        [places.map(({ id }) => id)],
      );
      return rows.map(({ spool_depth: depth, spooled: bySource }) => [depth, bySource]);
    };
    const adopter = await startTestReceiver({ database: away, keyRing, home });
    expect(adopter.receiver.spoolDepth()).toMatchObject({ records: 2, bySource: { [sourceId]: 2 } });
    await adopter.receiver.close();
    expect(await spooled()).toEqual([
      [1, { [sourceId]: 1 }],
      [1, { [sourceId]: 1 }],
    ]);

    const last = await startTestReceiver({ database: database(), keyRing, home });
    onTestFinished(() => last.receiver.close());
    await expect.poll(spooled, { timeout: 20_000 }).toEqual([
      [0, {}],
      [0, {}],
    ]);
  });

  it('says what of a spool cannot be read: to the log the rest, to status and audit that there is damage', async () => {
    const { keyRing, path, sourceId } = setup();
    const home = temporaryFolder();
    await (await startTestReceiver({ database: database(), keyRing, home })).receiver.close();
    const away = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    onTestFinished(() => away.close());
    const { receiver: cutOff } = await startTestReceiver({ database: away, keyRing, home });
    const ids: string[] = [];
    for (let seed = 0; seed < 10; seed += 1) {
      const { body } = await postTo(cutOff, path('feedback'), fixture('feedback', { seed: 700 + seed, atMs: 1 }));
      ids.push(body.eventId as string);
    }
    await cutOff.close();
    const { spoolFolder } = placeOf(home, '1');
    for (const segment of await readdir(spoolFolder)) {
      const content = await readFile(join(spoolFolder, segment));
      const at = content.indexOf(ids[1] as string);
      if (at >= 0) content[at] = 0x58;
      await writeFile(join(spoolFolder, segment), content);
    }

    const { receiver } = await startTestReceiver({ database: database(), keyRing, home });
    onTestFinished(() => receiver.close());
    const logged = async () => {
      const { rows } = await database().pool.query<{ id: string }>(
        `select encode(event_id, 'hex') as id from event_id where source_id = $1`,
        [sourceId],
      );
      const known = new Set(rows.map(({ id }) => id));
      return ids.filter((id) => known.has(id));
    };
    await expect.poll(logged).toEqual(ids.filter((_, index) => index !== 1));
    await expect.poll(() => receiver.spoolDamage()).toEqual({ unreadable: 1, vanished: 0 });
    const damaged = async () => (await readReceivers(database())).filter(({ unreadable }) => unreadable === 1).length;
    await expect.poll(damaged, { timeout: 10_000 }).toBe(1);
    const { notKnown } = await readJournalState(database().pool, windowOf(sourceId), new Date());
    expect(notKnown).toEqual(
      expect.arrayContaining([expect.stringMatching(/1 places in the spool files of the receiver .* are damaged/)]),
    );
  });

  it('copies no entry before the spool is reported that its event went to', async () => {
    const { sourceId } = setup();
    const path = join(temporaryFolder(), 'file');
    const eventId = Buffer.alloc(32, 7);
    const batch = encodeBatch([{ eventId, sourceId, kind: 1, taken: 'spooled', takenAtMs: Date.now() }]);
    await writeFile(path, batch);
    let bytes = 0;
    const journal: Journal = {
      record: () => undefined,
      files: () => [{ name: `${new Date().toISOString().slice(0, 13).replaceAll('-', '')}-000001`, path, bytes }],
      dropped: () => 0,
      writtenUntilMs: () => Date.now(),
      write: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const reporter = startReporting({
      database: database(),
      receiverId: 'spools-in-between',
      adoption: { orphans: () => [], startOver: () => undefined },
      spoolDamage: () => ({ unreadable: 0, vanished: 0 }),
      journal,
      spoolDepth() {
        // An event is spooled and journalled right after this was asked for.
        const records = bytes === 0 ? 0 : 1;
        bytes = batch.length;
        return { records, bytes, bySource: {} };
      },
      counts: () => ({}),
      nearMisses: () => [],
      refused: { count: () => 0, lastAtMs: () => undefined },
      log: silentLog,
    });
    const reported = async () => {
      const { rows } = await database().pool.query<{ spool_depth: number; copied: number }>(
        `select spool_depth, (select count(*) from intake_journal where receiver_id = $1) as copied
         from receiver_report where receiver_id = $1 and details ? 'journalledUntil'`,
        ['spools-in-between'],
      );
      return rows;
    };
    await expect.poll(reported).toEqual([{ spool_depth: 0, copied: 0 }]);
    await reporter.close();
    expect(await reported()).toEqual([{ spool_depth: 1, copied: 1 }]);
  });
});

import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readJournalState } from '../../../src/audit/journal.js';
import { createJournalCopy, type JournalCopy } from '../../../src/receiver/journal/copy.js';
import { type Journal, openJournal } from '../../../src/receiver/journal/journal.js';
import { temporaryFolder } from '../../support/processes.js';
import { silentLog, withDatabase } from '../../support/store.js';

const ENTRY_BYTES = 42;
const database = withDatabase();

let folder: string;
let receiverId: string;
let copy: JournalCopy;

beforeEach(async () => {
  folder = join(temporaryFolder(), 'journal');
  receiverId = randomUUID();
  copy = createJournalCopy(database(), receiverId);
  await database().pool.query('delete from intake_journal');
});

function entries(count: number) {
  return Array.from({ length: count }, () => ({
    eventId: randomBytes(32),
    sourceId: 1,
    kind: 1,
    taken: 'logged' as const,
    takenAtMs: Date.now(),
  }));
}

/** A receiver's life: some entries, in a file of their own. */
async function life(count: number): Promise<void> {
  const journal = await openJournal({ folder, log: silentLog });
  journal.record(entries(count));
  await journal.close();
}

/** Copies as a receiver does that starts now. */
async function copyAll(): Promise<void> {
  const journal = await openJournal({ folder, log: silentLog });
  await copy.run(journal.files());
  await journal.close();
}

async function copied(): Promise<number> {
  const { rows } = await database().pool.query<{ n: number }>(
    'select coalesce(sum(length(entries)), 0)::int as n from intake_journal where receiver_id = $1',
    [receiverId],
  );
  return (rows[0]?.n ?? 0) / ENTRY_BYTES;
}

async function notKnown(): Promise<readonly string[]> {
  const window = { sourceId: 1, since: new Date(Date.now() - 3_600_000), until: new Date() };
  return (await readJournalState(database().pool, window, new Date())).notKnown;
}

const unreadable = () => [expect.stringMatching(`the journal of the receiver ${receiverId} for .* in full`) as string];
const names = async () => (await readdir(folder)).sort();
const numbers = async () => (await names()).map((name) => Number(name.slice(12, 18)));

describe('the files of a journal', () => {
  it('are numbered throughout, also after all of them are gone', async () => {
    await life(1);
    await life(1);
    expect(await numbers()).toEqual([1, 2]);
    const [first = ''] = await names();
    await rm(join(folder, first));
    await life(1);
    expect(await numbers()).toEqual([2, 3]);
    await rm(folder, { recursive: true });
    await life(1);
    expect(await numbers()).toEqual([4]);
  });

  it('leave no gap where a process ended before it had written anything', async () => {
    await life(1);
    const [first = ''] = await names();
    await writeFile(join(folder, first.replace('000001', '000002')), '');
    await life(0);
    await life(1);
    expect(await numbers()).toEqual([1, 2]);
  });
});

describe('the copy of a journal', () => {
  it('is known to be whole as long as it is', async () => {
    for (const count of [3, 2_000, 1]) await life(count);
    await copyAll();
    expect(await copied()).toBe(2_004);
    expect(await notKnown()).toEqual([]);
  });

  it.each([
    ['the first that was not copied yet', 1],
    ['one in the middle', 2],
    ['the newest', 3],
  ])('tells when a whole file is lost: %s', async (_which, lost) => {
    await life(1);
    await copyAll();
    for (let n = 0; n < 3; n += 1) await life(1);
    await rm(join(folder, (await names())[lost] ?? ''));
    await life(1);
    await copyAll();
    expect(await copied()).toBe(4);
    expect(await notKnown()).toEqual(unreadable());
  });

  it('tells when all of them are lost', async () => {
    await life(1);
    await copyAll();
    await life(1);
    await rm(folder, { recursive: true });
    await life(1);
    await copyAll();
    expect(await notKnown()).toEqual(unreadable());
  });

  it.each([
    ['is removed', (path: string) => rm(path)],
    ['loses its end', (path: string) => truncate(path, 60)],
  ])('goes on with the next file when one %s under a receiver that runs, and tells', async (_what, harm) => {
    let journal: Journal | undefined = await openJournal({ folder, log: silentLog });
    journal.record(entries(1));
    await journal.write();
    journal.record(entries(1));
    await journal.close();
    await harm(join(folder, (await names())[0] ?? ''));
    const files = journal.files();
    journal = await openJournal({ folder, log: silentLog });
    journal.record(entries(5));
    await journal.close();
    const next = journal.files().at(-1);
    await copy.run(next === undefined ? files : [...files, next]);
    expect(await copied()).toBeLessThanOrEqual(6);
    expect(await copied()).toBeGreaterThanOrEqual(5);
    expect(await notKnown()).toEqual(unreadable());
  });
});

describe('the copy of a journal whose database was set back', () => {
  const setBack = async (minutes: number) => {
    await database().pool.query(
      `delete from intake_journal where receiver_id = $1 and copied_at > now() - $2 * interval '1 minute'`,
      [receiverId, minutes],
    );
  };
  const age = async () => {
    await database().pool.query(`update intake_journal set copied_at = copied_at - interval '1 hour'`);
  };

  it.each([
    ['all of it', 120, 6],
    ['the newest stretch of a file', 10, 6],
    ['nothing', 0, 6],
  ])('is made again by a receiver that runs: %s', async (_what, minutes, expected) => {
    const journal = await openJournal({ folder, log: silentLog });
    journal.record(entries(1));
    await journal.write();
    await copy.run(journal.files());
    await age();
    journal.record(entries(2));
    await journal.write();
    await copy.run(journal.files());
    await setBack(minutes);
    // One that comes in between does not cover up what is missing before it.
    journal.record(entries(3));
    await journal.write();
    for (let run = 0; run < 3; run += 1) await copy.run(journal.files());
    expect(await copied()).toBe(expected);
    expect(await notKnown()).toEqual([]);
    await journal.close();
  });

  it('tells, so that what others have left is copied again as well', async () => {
    let times = 0;
    copy = createJournalCopy(database(), receiverId, () => (times += 1));
    await life(2);
    await copyAll();
    expect(times).toBe(0);
    await setBack(120);
    await copyAll();
    expect(times).toBe(1);
    expect(await copied()).toBe(2);
  });
});

it('a damaged byte costs its batch, and the copy says so', async () => {
  const journal = await openJournal({ folder, log: silentLog });
  for (let batch = 0; batch < 4; batch += 1) {
    journal.record(entries(10));
    await journal.write();
  }
  await journal.close();
  const file = join(folder, (await names())[0] ?? '');
  const content = await readFile(file);
  content[2 * (8 + 10 * ENTRY_BYTES) + 100] = 0x7f;
  content[8 + 10 * ENTRY_BYTES] = 0x7f;
  await writeFile(file, content);
  await copyAll();
  expect(await copied()).toBe(20);
  expect(await notKnown()).toEqual(unreadable());
});

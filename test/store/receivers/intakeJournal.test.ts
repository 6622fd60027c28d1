import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  areCopied,
  copyStretch,
  forgetOldJournals,
  lastStretches,
} from '../../../src/store/receivers/intakeJournal.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();
const FILE = '20261121T12-000001';
let receiverId: string;

beforeEach(() => {
  receiverId = randomUUID();
});

const copy = (start: number, end: number, file = FILE) =>
  copyStretch(database(), { receiverId, file, start, end, entries: Buffer.alloc(42) });

describe('the copy of a journal', () => {
  it('has no gaps: a stretch is taken only behind the one before it, and once', async () => {
    expect(await copy(50, 100)).toBe(false);
    expect(await copy(0, 50)).toBe(true);
    expect(await copy(50, 100)).toBe(true);
    expect(await copy(50, 100)).toBe(false);
    expect(await copy(100, 150, '20261121T13-000002')).toBe(false);
    expect(await lastStretches(database(), receiverId)).toEqual([{ file: FILE, start: 50, end: 100 }]);
    expect(await lastStretches(database(), randomUUID())).toEqual([]);
  });

  it('is known to be there in full, or not', async () => {
    await copy(0, 50);
    const last = { file: FILE, start: 50, end: 100 };
    expect(await areCopied(database(), receiverId, [last])).toBe(false);
    await copy(50, 100);
    expect(await areCopied(database(), receiverId, [last])).toBe(true);
    expect(await areCopied(database(), receiverId, [last, { ...last, file: '20261121T13-000002' }])).toBe(false);
    expect(await areCopied(database(), randomUUID(), [last])).toBe(false);
  });

  it('is forgotten after 35 days', async () => {
    await copy(0, 50);
    await copy(0, 50, '20261121T13-000002');
    const age = async (file: string, days: number) =>
      database().pool.query(
        `update intake_journal set copied_at = now() - $3 * interval '1 day' where receiver_id = $1 and file = $2`,
        [receiverId, file, days],
      );
    await age(FILE, 36);
    await age('20261121T13-000002', 34);
    await forgetOldJournals(database());
    expect(await lastStretches(database(), receiverId)).toMatchObject([{ file: '20261121T13-000002' }]);
  });
});

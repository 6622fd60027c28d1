import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startKeyReports } from '../../../src/store/keys/processKeys.js';
import type { Database } from '../../../src/store/connection/database.js';

const REPORT_MS = 15_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a report of the keys', () => {
  it('that fails is said once for as long as it fails, and again when it fails after it has worked', async () => {
    const warn = vi.fn();
    const query = vi.fn<(sql: string) => Promise<void>>().mockRejectedValue(new Error('ECONNREFUSED'));
    const database = { pool: { query } } as unknown as Pick<Database, 'pool'>;
    const reports = startKeyReports(database, 'worker a/1', () => ({ keys: [], active: '00000001' }), { warn });
    const reported = async (times: number) => {
      await vi.waitFor(() => expect(query).toHaveBeenCalledTimes(times));
    };
    vi.advanceTimersByTime(2 * REPORT_MS);
    await reported(3);
    query.mockResolvedValueOnce();
    vi.advanceTimersByTime(REPORT_MS);
    await reported(4);
    expect(warn.mock.calls).toEqual([
      [{ reason: 'ECONNREFUSED' }, 'cannot report to PostgreSQL which keys this process has'],
    ]);
    vi.advanceTimersByTime(2 * REPORT_MS);
    await reports.close();
    expect(warn).toHaveBeenCalledTimes(2);
  });
});

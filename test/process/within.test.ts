import { describe, expect, it, vi } from 'vitest';
import { within } from '../../src/process/within.js';

describe('waiting within a bound', () => {
  it('ends with what the work says, or why it failed, and leaves no timer', async () => {
    vi.useFakeTimers();
    await expect(within(1_000, Promise.resolve('done'), () => 'late')).resolves.toBe('done');
    await expect(within(1_000, Promise.reject(new Error('refused')), () => 'late')).rejects.toThrow('refused');
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('ends with what is said for it once the bound has passed, though the work goes on', async () => {
    vi.useFakeTimers();
    const forEver = new Promise<never>(() => undefined);
    const answered = within(1_000, forEver, () => 'late');
    const refused = within(1_000, forEver, () => {
      throw new Error('no answer');
    });
    const told = Promise.allSettled([answered, refused]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await told).toMatchObject([{ value: 'late' }, { reason: new Error('no answer') }]);
    vi.useRealTimers();
  });
});

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAllowance } from '../../../../chaos/forward/load/allowance.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('the load is held back while a source is updated, and goes on when its gate is closed and when it is over', async () => {
  let allowed = 0;
  const allowance = createAllowance({ answered: () => 200, allow: (posts) => (allowed = posts) }, 1_000);
  let goOn = (): void => undefined;
  let end = (): void => undefined;
  const slowly = allowance.slowly((then) => {
    goOn = then;
    return new Promise((resolve) => (end = resolve));
  });
  allowance.until(900);
  expect(allowed).toBe(200);
  vi.advanceTimersByTime(1_000);
  expect(allowed).toBe(210);
  vi.advanceTimersByTime(60_000);
  expect(allowed).toBe(260);
  goOn();
  vi.advanceTimersByTime(60_000);
  expect(allowed).toBe(320);
  end();
  await slowly;
  expect(allowed).toBe(900);
});

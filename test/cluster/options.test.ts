import { expect, it } from 'vitest';
import { readCommand } from '../../cluster/options.js';

it('brings up two workers and two receivers on the newest server, unless it is told otherwise', () => {
  expect(readCommand([])).toEqual({ server: '1.32.2', workers: 2, receivers: 2, realTime: false });
  const args = ['--workers', '3', '--receivers', '1', '--server', '1.29.1', '--real-time'];
  expect(readCommand(args)).toEqual({ server: '1.29.1', workers: 3, receivers: 1, realTime: true });
});

it.each([
  [['--workers', '0'], '--workers must be a whole number from 1 to 8, got 0'],
  [['--receivers', 'many'], '--receivers must be a whole number from 1 to 8, got many'],
  [['--server', '1.2.3'], '--server must be 1.32.2 or 1.29.1, got 1.2.3'],
  [['--fast'], "Unknown option '--fast'"],
])('refuses %s, and says what it takes', (args, said) => {
  const reason = `npm run cluster takes --workers N, --receivers N, --server VERSION and --real-time: ${said}`;
  expect(() => readCommand(args)).toThrow(
    expect.objectContaining({ error: expect.objectContaining({ code: 'CAEP_USAGE' }) }),
  );
  expect(() => readCommand(args)).toThrow(reason);
});

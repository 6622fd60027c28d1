import { expect, it } from 'vitest';
import { createCountedProgress } from '../../../src/cli/following/countedProgress.js';
import { fakeSources, fakeWorld } from '../fakes.js';

it('a command that does many things says from time to time how far it is, on stderr', () => {
  const { context, stdout, stderr } = fakeWorld(fakeSources({}));
  let nowMs = 0;
  const progress = createCountedProgress(
    { ...context, now: () => nowMs },
    (count) => `Posted ${count} of 1000 events …`,
  );
  for (let posted = 0; posted < 1_000; posted += 1) {
    nowMs += 5;
    progress.done();
  }
  progress.end();
  expect(stderr()).toBe('Posted 400 of 1000 events …\nPosted 800 of 1000 events …\n');
  expect(stdout()).toBe('');
});

import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { init } from '../../../../src/cli/commands/installation/init.js';
import { createInterview } from '../../../../src/cli/terminal/interview.js';
import { fakeSources, fakeWorld } from '../../fakes.js';

/** A terminal whose keys are typed by the test. */
function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input }) as PassThrough;
  const output = new PassThrough();
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  return { input, output, shown: () => shown };
}

describe('the questions of init', () => {
  it('end with Ctrl-C: nothing more is asked, nothing is written', async () => {
    const { input, output, shown } = terminal();
    const { context, stdout } = fakeWorld(fakeSources({}));
    const done = init({ ...context, interview: createInterview({ input, output }) }, { widgets: [] });
    input.write('\u0003');
    expect(await done).toBe(130);
    expect(shown()).toContain('Name of the source');
    expect(shown()).toContain('Nothing was written.');
    expect(shown()).not.toContain('sandbox');
    expect(stdout()).toBe('');
  });
});

describe('an answer that does not fit', () => {
  it('is told by its option, not by the line of a file that is not there', async () => {
    const { context } = fakeWorld(fakeSources({}));
    const args = { name: 'A b', sandbox: 'prod', widgets: ['main-site'] };
    const failure = init(context, args);
    await expect(failure).rejects.toMatchObject({ error: { code: 'CAEP_USAGE' } });
    await expect(failure).rejects.toThrow('--name "A b"');
    await expect(failure).rejects.not.toThrow('line');
  });
});

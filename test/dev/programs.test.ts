import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CodedError } from '../../src/domain/errors.js';
import { programService } from '../../src/dev/programs.js';
import { identityOf, type ProcessIdentity } from '../../src/process/programs/identity.js';
import { temporaryFolder } from '../support/processes.js';
import { withDatabase } from '../support/store.js';

const database = withDatabase();

/** The simulator on the database of these tests. */
function simulator(logDir: string, args: readonly string[] = []) {
  const spawned: ProcessIdentity[] = [];
  const facts: Record<string, unknown> = {};
  const service = programService({
    name: 'simulator',
    entry: 'simulator/main',
    args: ['--port=0', `--database-url=${database().pool.options.connectionString}`, ...args],
    environment: { PATH: process.env['PATH'] },
    logDir,
    onReady: (told) => Object.assign(facts, told),
  });
  return { facts, spawned, start: () => service.start((identity) => spawned.push(identity)) };
}

it('serves, as a program tells it, also where not a line of its log can be written', { timeout: 60_000 }, async () => {
  const logDir = temporaryFolder();
  symlinkSync('/dev/full', join(logDir, 'simulator.log'));
  const { facts, start } = simulator(logDir);
  const running = await start();
  onTestFinished(() => running.stop());
  expect(facts).toMatchObject({ environment: { ADOBE_ORG_ID: expect.stringContaining('@AdobeOrg') as string } });
});

it.each([['text'], ['json']])(
  'one that ends instead is told with what it said last, as a sentence: %s',
  { timeout: 60_000 },
  async (format) => {
    const { spawned, start } = simulator(temporaryFolder(), ['--policy=noSuchPolicy=1', `--output=${format}`]);
    const failure: unknown = await start().catch((error: unknown) => error);
    const { reason } = (failure as CodedError).error.fields;
    expect(reason).toContain('noSuchPolicy');
    expect(reason).not.toMatch(/✖|[{}]|CAEP_|\.$/);
    expect(spawned.map(({ pid }) => identityOf(pid))).toEqual([undefined]);
  },
);

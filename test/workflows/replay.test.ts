import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { brokenWorkflows } from '../../chaos/deploy/builds.js';
import { bundleWorkflows } from '../support/workflowBundle.js';

const HISTORIES = fileURLToPath(new URL('../histories/', import.meta.url));
const files = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  workflowBundle = await bundleWorkflows();
});

/**
 * Histories of released versions, as they ran: workflows that began under them go on under today's code. A failure here
 * is a determinism break: put the change behind `patched`, never record anew.
 */
describe('replay of released histories', () => {
  it('has some to replay', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)('%s', async (file) => {
    const history = historyFromJSON(JSON.parse(readFileSync(`${HISTORIES}${file}`, 'utf8')));
    await expect(Worker.runReplayHistory({ workflowBundle, replayName: file }, history)).resolves.toBeUndefined();
  });
});

/** `npm run chaos:deploy` rolls it out, and back. */
describe('the build that does not fit', () => {
  it('is told so by the history of each forwarder, and by that of no source', async () => {
    const broken = { ...workflowBundle, code: brokenWorkflows(workflowBundle.code) };
    const replay = (file: string) => {
      const history = historyFromJSON(JSON.parse(readFileSync(`${HISTORIES}${file}`, 'utf8')));
      return Worker.runReplayHistory({ workflowBundle: broken, replayName: file }, history);
    };
    await expect(replay('v0.3.0/forwarder-draining.json')).rejects.toThrow(/TMPRL1100/);
    await expect(replay('v0.3.0/source-held.json')).resolves.toBeUndefined();
  });
});

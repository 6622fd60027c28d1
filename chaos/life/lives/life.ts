/** One life: provisioned, changed, torn down with its data. Goes on where it stands, also after a new start of everything. */
import { createHash } from 'node:crypto';
import { withDatabase } from '../../stack/database.js';
import { patiently } from '../../stack/patience.js';
import { newSource, type SourceUnderTest, standOf, waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import { ADOBE_STEPS } from '../../stack/product/stepRequests.js';
import { changedManifest, type Subject } from '../operations.js';
import { waitUntilOver } from '../state/ending.js';
import { typed } from '../typed.js';
import { foundOf, type Found } from './inventory.js';

const LIVE_WITHIN_MS = 180_000;
/** Each look costs as much as a step, and there are many lives at a time. */
const POLL_MS = 1_500;
const DEFAULT_HEARTBEAT_MS = 15_000;

/** Its place in the run decides who it is, so that a run that goes on finds it again. */
export async function sourceOf(
  stack: ChaosStack,
  sandbox: string,
  seed: number,
  index: number,
): Promise<SourceUnderTest> {
  const name = `life-${index}`;
  const hash = createHash('sha256').update(`${seed}/${index}`).digest('hex');
  const uid = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `4${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ];
  return newSource(stack, sandbox, { name, uid: uid.join('-'), heartbeatTimeoutMs: DEFAULT_HEARTBEAT_MS });
}

/**
 * @param again called with the answer because of which a command is typed once more
 * @returns what is wrong. Nobody resumes anything: a hold is a fault.
 */
export async function live(subject: Subject, again: (code: string) => void): Promise<string[]> {
  const { stack, source } = subject;
  const faults: string[] = [];
  const run = await patiently(() => stack.sources.describe(source.name));
  if (run === undefined) await source.start();
  if (run === undefined || standOf(run) !== 'completed') {
    if (run?.phase !== 'undoing') {
      await waitForStand(source, run === undefined ? ['live'] : ['live', 'completed'], LIVE_WITHIN_MS, POLL_MS);
      faults.push(...(await change(subject, run !== undefined, again)));
    }
    await tearDown(subject, again);
  }
  return [...faults, ...unlike(await foundOf(stack, source), { afterTeardown: true })];
}

/** @param isBegun some of it may have been done by an earlier start of the run */
async function change(subject: Subject, isBegun: boolean, again: (code: string) => void): Promise<string[]> {
  const { stack, source } = subject;
  if (isBegun) {
    // An earlier start of the run may have asked for the teardown, and have ended before it was answered.
    const isTornDown = async () => standOf(await source.describe()) === 'completed';
    if ((await source.state()).teardown !== undefined) return [];
    await waitUntilOver(subject, { endsAs: 'live' }).catch(async (error: unknown) => {
      if (!(await isTornDown())) throw error;
    });
    if (await isTornDown()) return [];
  }
  // Asked twice, the second one finds that it is so already.
  if (!isBegun || !(await isUpdated(stack, source))) {
    await typed(() => stack.sources.update(source.name, { manifest: changedManifest(source) }), { again });
  }
  return unlike(await foundOf(stack, source), { afterTeardown: false });
}

async function tearDown(subject: Subject, again: (code: string) => void): Promise<void> {
  const { stack, source } = subject;
  const run = await source.describe();
  if (run.open && run.phase === 'live') {
    const ask = () => stack.sources.teardown(source.name, { deleteData: true });
    await typed(ask, { again }).catch(async (error: unknown) => {
      // Taken after all, and on its way.
      if ((await source.describe()).phase === 'live') throw error;
    });
  }
  await waitUntilOver(subject, { endsAs: 'completed' }, POLL_MS);
}

async function isUpdated({ databaseUrl }: ChaosStack, { uid }: SourceUnderTest): Promise<boolean> {
  const { rows } = await withDatabase(databaseUrl, (client) =>
    client.query(`select from operation where source_uid = $1 and kind = 'update' and result = 'done'`, [uid]),
  );
  return rows.length > 0;
}

function unlike({ steps, mappingSets }: Found, { afterTeardown }: { readonly afterTeardown: boolean }): string[] {
  const expected = afterTeardown ? [] : ADOBE_STEPS.filter((step) => step !== 'mapping-set');
  const when = afterTeardown ? 'after the teardown' : 'while it was live';
  const [found, wanted] = [steps.toSorted().join(', '), expected.toSorted().join(', ')];
  const sets = afterTeardown ? mappingSets <= 1 : mappingSets === 1;
  return [
    ...(found === wanted ? [] : [`${when} there were: ${found || 'none'}; expected: ${wanted || 'none'}`]),
    ...(sets ? [] : [`${when} it had ${mappingSets} mapping sets`]),
  ];
}

/** After an undo: the same source once more. A mapping set that was left must be used again. */
import { type SourceUnderTest, waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import type { CellResult } from '../../stack/result.js';
import { countObjects, faultsOfLive } from '../../stack/product/verify.js';

const LIVE_TIMEOUT_MS = 120_000;

export async function provisionAgain(
  stack: ChaosStack,
  source: SourceUnderTest,
): Promise<Required<Pick<CellResult, 'faults' | 'mappingSets'>>> {
  const left = (await countObjects(stack, source)).ids['mapping-set'];
  await source.start();
  await waitForStand(source, ['live'], LIVE_TIMEOUT_MS);
  const faults = await faultsOfLive(stack, source);
  const now = (await countObjects(stack, source)).ids['mapping-set'];
  const usedAgain = left.every((id) => now.includes(id));
  if (!usedAgain) faults.push('the mapping set that was left is not used again');
  return { faults, mappingSets: { left: left.length, usedAgain } };
}

import { waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { LifeOperation, Subject } from '../operations.js';

const LIVE_WITHIN_MS = 120_000;

/** Provisions the source, and brings it to where the operation begins. */
export async function makeLive(subject: Subject, operation: Pick<LifeOperation, 'begin' | 'prepare'>): Promise<void> {
  if (operation.begin === undefined) {
    await subject.source.start();
    await waitForStand(subject.source, ['live'], LIVE_WITHIN_MS);
  } else await operation.begin(subject);
  await operation.prepare?.(subject);
}

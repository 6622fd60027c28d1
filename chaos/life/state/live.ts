import { waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { LifeOperation, Subject } from '../operations.js';

const LIVE_WITHIN_MS = 120_000;

/** Provisions the source, and brings it to where the operation begins. */
export async function makeLive(subject: Subject, operation: Pick<LifeOperation, 'prepare'>): Promise<void> {
  await subject.source.start();
  await waitForStand(subject.source, ['live'], LIVE_WITHIN_MS);
  await operation.prepare?.(subject);
}

import { CancellationScope, condition, patched, proxyActivities, uuid4 } from '@temporalio/workflow';
import type { RecordActivities, RecordedOperation } from '../../domain/history.js';
import type { SourceStore } from './sourceState.js';

/** Runs of 0.1 wrote nothing down. */
const RECORDED = 'operations-recorded';
/** They go on without a database for a while; nothing else does for as long as it takes to fill this. */
const MOST_UNWRITTEN = 100;
/** The source that ends has just been written to the database: it is there. */
const LAST_WORDS = '2 minutes';

export interface Recording {
  /** Soon it is in the database. Nobody waits for it. */
  record(operation: Omit<RecordedOperation, 'id' | 'endedAt'>): void;
  /** What is not there yet, oldest first: for the next run. */
  unwritten(): readonly RecordedOperation[];
  /** For a workflow that ends: waits until everything is in the database, and not for ever. */
  finish(): Promise<void>;
}

/**
 * Writes what was done to the source into the database, one after the other. What is not there yet is carried over to the next
 * run: a database that does not answer delays no operation.
 */
export function createRecording(store: SourceStore, carried: readonly RecordedOperation[] = []): Recording {
  const { recordOperation } = proxyActivities<RecordActivities>({
    startToCloseTimeout: '20 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
  });
  let unwritten = carried;
  let isWriting = false;

  async function writeAll(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    try {
      for (let operation = unwritten[0]; operation !== undefined; operation = unwritten[0]) {
        const { id } = operation;
        const { uid, manifest } = store.state;
        await recordOperation({ name: manifest.name, uid, operation });
        unwritten = unwritten.filter((one) => one.id !== id);
      }
    } finally {
      isWriting = false;
    }
  }

  /** A record that cannot be written is no reason to end a source. */
  const write = (): void => {
    void CancellationScope.nonCancellable(writeAll).catch(() => undefined);
  };

  if (unwritten.length > 0) write();

  return {
    record(operation) {
      if (!patched(RECORDED)) return;
      const entry = { ...operation, id: uuid4(), endedAt: Date.now() };
      unwritten = [...unwritten, entry].slice(-MOST_UNWRITTEN);
      write();
    },
    unwritten: () => unwritten,
    async finish() {
      if (unwritten.length === 0) return;
      await CancellationScope.nonCancellable(() => condition(() => unwritten.length === 0, LAST_WORDS));
    },
  };
}

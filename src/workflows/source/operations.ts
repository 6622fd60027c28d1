import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { OperationInput } from '../../domain/delivery/pause.js';
import type { RecordedOperation } from '../../domain/history.js';
import type { Operation, OperationKind } from '../../domain/source/source.js';
import { refuse } from '../refuse.js';
import { failureOf } from './provisioning.js';
import type { Recording } from './recording.js';
import type { SourceStore } from './sourceState.js';

/** Who asked for it, why, and for what: for the record. */
type Asked = Pick<RecordedOperation, 'by' | 'why' | 'input'>;

/** Operations on a live source: one at a time. One that was accepted comes to its end, also when the source is cancelled meanwhile. */
export interface Operations {
  /** Refuses where the source is not live, or another operation runs. For validators. */
  readonly requireIdle: () => void;
  /** @param command what is typed again after the fix; what fails is refused with it */
  readonly operate: <T extends object>(
    kind: OperationKind,
    command: string,
    run: (input: OperationInput) => Promise<T>,
    asked?: Asked,
  ) => Promise<T>;
  /** How many have ended in this run. */
  readonly ended: () => number;
  /** For what waits for a person: ends with a cancellation when the source is being taken down. */
  readonly whileLive: <T>(wait: () => Promise<T>) => Promise<T>;
  /** Accepts no more of them, and waits for the one that runs: it must not open the gate of a source that is taken down. */
  readonly end: () => Promise<void>;
}

/** @param afterEach is called when one has ended, however it has */
export function createOperations(store: SourceStore, recording: Recording, afterEach: () => void): Operations {
  let hasEnded = false;
  let ended = 0;
  const waits = new Set<CancellationScope>();

  return {
    requireIdle() {
      const { manifest, phase, operation } = store.state;
      const { name } = manifest;
      if (phase !== 'live' || hasEnded) {
        const fields = { name, phase: hasEnded ? 'undoing' : phase, ...underWay(operation) };
        refuse({ code: 'CAEP_NOT_LIVE', fields });
      }
      if (operation !== undefined) refuse({ code: 'CAEP_OPERATION_RUNNING', fields: { name, ...underWay(operation) } });
    },

    async operate(kind, command, run, asked) {
      const { uid, manifest, resources } = store.state;
      const { name } = manifest;
      const startedAt = Date.now();
      const record = (ending: Pick<RecordedOperation, 'result' | 'code'>): void =>
        recording.record({ kind, startedAt, ...asked, ...ending });
      store.change({ operation: { kind, startedAt, by: asked?.by, undo: [] } });
      try {
        const done = await CancellationScope.nonCancellable(() => run({ marker: { name, uid }, manifest, resources }));
        record({ result: 'changed' in done && done.changed === false ? 'unchanged' : 'done' });
        return done;
      } catch (failure) {
        const code = isCancellation(failure) ? 'CAEP_NOT_LIVE' : failureOf(failure).error.code;
        record(code === 'CAEP_ABORTED' ? { result: 'aborted' } : { result: 'refused', code });
        if (isCancellation(failure)) return refuse({ code: 'CAEP_NOT_LIVE', fields: { name, phase: 'undoing' } });
        if (!(failure instanceof ActivityFailure)) throw failure;
        const { error } = failureOf(failure);
        return refuse({ ...error, fields: { ...error.fields, name, command } });
      } finally {
        store.change({ operation: undefined });
        ended += 1;
        if (!hasEnded) afterEach();
      }
    },

    ended: () => ended,

    async whileLive(wait) {
      const scope = new CancellationScope();
      waits.add(scope);
      try {
        if (hasEnded) scope.cancel();
        return await scope.run(wait);
      } finally {
        waits.delete(scope);
      }
    },

    async end() {
      hasEnded = true;
      for (const scope of waits) scope.cancel();
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    },
  };
}

function underWay(operation: Operation | undefined): Record<string, string> {
  if (operation === undefined) return {};
  const { kind, startedAt, by } = operation;
  return { operation: kind, since: new Date(startedAt).toISOString(), ...(by === undefined ? {} : { by }) };
}

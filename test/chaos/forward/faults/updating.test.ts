import { describe, expect, it } from 'vitest';
import { updateAsTold } from '../../../../chaos/forward/faults/updating.js';
import { codedError } from '../../../../src/domain/errors.js';
import { errorDocument } from '../../../../src/domain/errorDocument.js';

const FILE = 'update.yaml';
const UPDATE = ['--output', 'json', 'update', FILE];

/** Commands that fail in turn, then succeed. */
function failing(...failures: readonly (ReturnType<typeof codedError> | undefined)[]) {
  const left = [...failures];
  const typed: (readonly string[])[] = [];
  return {
    typed,
    command: (args: readonly string[]) => {
      typed.push(args);
      const failure = left.shift();
      const line = JSON.stringify({ v: 1, command: 'update', error: failure && errorDocument(failure.error) });
      return Promise.resolve(failure === undefined ? [] : [`--output ended with 1: ${line}`]);
    },
  };
}

describe('an update in a run', () => {
  it('is asked for again where the error says that this may succeed', async () => {
    const { command, typed } = failing(codedError('CAEP_TEMPORAL_UNREACHABLE', { address: 'here' }));
    expect(await updateAsTold(command, FILE)).toEqual(['CAEP_TEMPORAL_UNREACHABLE']);
    expect(typed).toEqual([UPDATE, UPDATE]);
  });

  it('fails where it is held: nobody resumes what kills and faults have held', async () => {
    const { command, typed } = failing(
      codedError('CAEP_SOURCE_HELD', { name: 'chat', step: 'flow', reason: 'no answer' }),
    );
    await expect(updateAsTold(command, FILE)).rejects.toThrow('CAEP_SOURCE_HELD');
    expect(typed).toEqual([UPDATE]);
  });

  it('fails where the error says neither', async () => {
    const { command, typed } = failing(codedError('CAEP_INTERNAL', { reason: 'undefined is no function' }));
    await expect(updateAsTold(command, FILE)).rejects.toThrow('undefined is no function');
    expect(typed).toEqual([UPDATE]);
  });
});

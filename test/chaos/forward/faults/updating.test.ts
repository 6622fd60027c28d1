import { describe, expect, it } from 'vitest';
import { updateAsTold } from '../../../../chaos/forward/faults/updating.js';
import { codedError } from '../../../../src/domain/errors.js';
import { errorDocument } from '../../../../src/domain/errorDocument.js';

const SOURCE = { name: 'chat', file: 'update.yaml' };
const UPDATE = ['--output', 'json', 'update', SOURCE.file];
const RESUME = ['resume', SOURCE.name];

/** Commands that fail in turn, then succeed. */
function failing(...failures: readonly (ReturnType<typeof codedError> | undefined)[]) {
  const left = [...failures];
  const typed: (readonly string[])[] = [];
  return {
    typed,
    command: (args: readonly string[]) => {
      typed.push(args);
      const failure = args === RESUME || args[0] === 'resume' ? undefined : left.shift();
      const line = JSON.stringify({ v: 1, command: 'update', error: failure && errorDocument(failure.error) });
      return Promise.resolve(failure === undefined ? [] : [`--output ended with 1: ${line}`]);
    },
  };
}

describe('an update in a run', () => {
  it('is asked for again where the error says that this may succeed', async () => {
    const { command, typed } = failing(codedError('CAEP_TEMPORAL_UNREACHABLE', { address: 'here' }));
    expect(await updateAsTold(command, SOURCE)).toEqual(['CAEP_TEMPORAL_UNREACHABLE']);
    expect(typed).toEqual([UPDATE, UPDATE]);
  });

  it('is resumed where it is held, and then looked at again', async () => {
    const held = codedError('CAEP_SOURCE_HELD', { name: SOURCE.name, step: 'flow', reason: 'no answer' });
    const { command, typed } = failing(held);
    expect(await updateAsTold(command, SOURCE)).toEqual(['CAEP_SOURCE_HELD']);
    expect(typed).toEqual([UPDATE, RESUME, UPDATE]);
  });

  it('fails where the error says neither', async () => {
    const { command, typed } = failing(codedError('CAEP_INTERNAL', { reason: 'undefined is no function' }));
    await expect(updateAsTold(command, SOURCE)).rejects.toThrow('undefined is no function');
    expect(typed).toEqual([UPDATE]);
  });
});

import { describe, expect, it } from 'vitest';
import { typed } from '../../../chaos/life/typed.js';
import { codedError, type ErrorCode } from '../../../src/domain/errors.js';

/** Answers these one after the other, and then that it is done. */
async function type(answers: readonly ErrorCode[]) {
  const left = [...answers];
  const again: string[] = [];
  const ask = async () => {
    const code = left.shift();
    if (code !== undefined) throw codedError(code, {});
    return { result: () => Promise.resolve('done') };
  };
  const ended = await typed(ask, { again: (code) => void again.push(code), pauseMs: 0 }).catch(
    (error: { error: { code: ErrorCode } }) => error.error.code,
  );
  return { ended, again };
}

describe('a command', () => {
  it('is typed once more where nobody knows what has become of it, and that is told', async () => {
    expect(await type(['CAEP_NO_WORKER', 'CAEP_ADOBE_AMBIGUOUS'])).toEqual({
      ended: 'done',
      again: ['CAEP_NO_WORKER', 'CAEP_ADOBE_AMBIGUOUS'],
    });
  });

  it('waits for the one before, but not for that of another one', async () => {
    expect(await type(['CAEP_NO_ANSWER', 'CAEP_OPERATION_RUNNING'])).toMatchObject({ ended: 'done' });
    expect(await type(['CAEP_OPERATION_RUNNING'])).toEqual({ ended: 'CAEP_OPERATION_RUNNING', again: [] });
  });

  it('is not typed again where that was not said, nor for ever', async () => {
    expect(await type(['CAEP_FLOW_NOT_ENABLED'])).toEqual({ ended: 'CAEP_FLOW_NOT_ENABLED', again: [] });
    const { ended, again } = await type(Array.from({ length: 9 }, () => 'CAEP_NO_WORKER' as const));
    expect([ended, again.length]).toEqual(['CAEP_NO_WORKER', 3]);
  });
});

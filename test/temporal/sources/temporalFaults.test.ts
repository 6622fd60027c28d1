import { TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { translated } from '../../../src/temporal/sources/temporalFaults.js';

/** As the client throws it. */
function grpcError(code: number): Error {
  return Object.assign(new Error('Failed to query Workflow'), {
    cause: Object.assign(new Error(`${code}`), { code, details: '', metadata: {} }),
  });
}

describe('a call whose deadline has passed', () => {
  const facts = { address: '127.0.0.1:7233', taskQueue: 'q' };
  it.each([
    { code: 1, name: 'CANCELLED' },
    { code: 4, name: 'DEADLINE_EXCEEDED' },
  ])('means that no worker answers, or no server ($name)', async ({ code }) => {
    const call = () => Promise.reject(grpcError(code));
    await expect(translated({ ...facts, answeredByWorker: true }, call)).rejects.toThrow('CAEP_NO_WORKER');
    await expect(translated({ ...facts, answeredByWorker: false }, call)).rejects.toThrow('CAEP_TEMPORAL_UNREACHABLE');
  });
});

describe('what the server or the worker fails of', () => {
  const facts = { address: '127.0.0.1:7233', taskQueue: 'q', answeredByWorker: false };
  it.each([
    [8, 'RESOURCE_EXHAUSTED'],
    [9, 'FAILED_PRECONDITION'],
    [12, 'UNIMPLEMENTED'],
    [13, 'INTERNAL'],
  ])('with status %i is told in the server’s own words', async (code, name) => {
    const cause = Object.assign(new Error(`${code} ${name}: namespace rate limit exceeded`), {
      code,
      details: '',
      metadata: {},
    });
    const call = () => Promise.reject(Object.assign(new Error('Failed to start Workflow'), { cause }));
    await expect(translated(facts, call)).rejects.toMatchObject({
      error: { code: 'CAEP_TEMPORAL_FAILED', fields: { reason: `${name}, namespace rate limit exceeded` } },
    });
  });

  it.each([
    new TimeoutFailure('activity StartToClose timeout', undefined, 'START_TO_CLOSE'),
    new TerminatedFailure('ended'),
  ])('without an answer is told as that', async (cause) => {
    const call = () => Promise.reject(Object.assign(new Error('Workflow execution failed'), { cause }));
    await expect(translated(facts, call)).rejects.toThrow('CAEP_NO_ANSWER');
  });
});

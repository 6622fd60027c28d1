import { describe, expect, it } from 'vitest';
import { translated } from '../../src/cli/temporalFaults.js';

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

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSdkLog, type SdkLog } from '../../src/temporal/sdkLog.js';

interface Line {
  readonly level: string;
  readonly fields: { readonly sdk: Record<string, unknown>; readonly repeated?: number };
  readonly message: string;
}

let lines: Line[];
let sdkLog: SdkLog;

beforeEach(() => {
  lines = [];
  vi.useFakeTimers();
  const keep = (level: string) => (fields: unknown, message?: string) => {
    lines.push({ level, fields: fields as Line['fields'], message: message ?? '' });
  };
  const log = { error: keep('error'), warn: keep('warn'), debug: keep('debug') };
  sdkLog = createSdkLog(log as never);
});
afterEach(() => vi.useRealTimers());

const warn = (message: string, meta: Record<string, unknown> = {}) =>
  sdkLog.write({ level: 'WARN', message, timestampNanos: 0n, meta });

describe('a line of the SDK', () => {
  it('tells of a failure its words and those of its causes', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:7233');
    warn('gRPC call failed', { error: new Error('14 UNAVAILABLE', { cause }), historyLength: 3n });
    expect(JSON.parse(JSON.stringify(lines[0]?.fields))).toEqual({
      sdk: { error: '14 UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:7233', historyLength: 3 },
    });
  });

  const retried = (attempt: number, words: string) =>
    warn(`gRPC call poll_workflow_task_queue retried ${attempt} times`, { error: new Error(words) });

  it('that comes again is told once a minute, with how often it has come', () => {
    for (let attempt = 1; attempt <= 250; attempt += 1) retried(attempt, 'tcp connect error');
    expect(lines).toHaveLength(1);
    retried(1, 'deadline exceeded');
    expect(lines).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(lines.slice(2)).toMatchObject([
      {
        message: 'gRPC call poll_workflow_task_queue retried 250 times',
        fields: { repeated: 249, sdk: { error: 'tcp connect error' } },
      },
    ]);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(3);
    retried(251, 'tcp connect error');
    expect(lines).toHaveLength(4);
  });

  it('that has come again by the end of the process is counted at its end', () => {
    for (let attempt = 1; attempt <= 3; attempt += 1) retried(attempt, 'tcp connect error');
    sdkLog.close();
    sdkLog.close();
    expect(lines.map(({ fields }) => fields.repeated)).toEqual([undefined, 2]);
  });

  it('of another state of a worker is another line', () => {
    for (const state of ['STOPPING', 'DRAINING', 'DRAINED']) warn('Worker state changed', { state });
    expect(lines.map(({ fields }) => fields.sdk['state'])).toEqual(['STOPPING', 'DRAINING', 'DRAINED']);
  });

  it('keeps no more kinds in mind than it must', () => {
    const names = Array.from({ length: 500 }, (_none, n) => 'x'.repeat(n + 1));
    for (const name of names) warn(name);
    warn(names.at(-1) ?? '');
    warn(names[0] ?? '');
    expect(lines.map(({ message }) => message.length)).toEqual([...names.map(({ length }) => length), 1]);
  });
});

describe('with what a worker has ended', () => {
  const error = (message: string, words: string) =>
    sdkLog.write({ level: 'ERROR', message, timestampNanos: 0n, meta: { error: new Error(words) } });

  it('is the first that the SDK says of it, and none of the failures that it survives', () => {
    error('Failed to process Workflow Activation', 'a query failed');
    expect(sdkLog.failure()).toBeUndefined();
    error('Core reported failure in completeWorkflowActivation(). Initiating Worker shutdown.', 'malformed');
    error('Worker failed', 'Timed out while waiting for worker to shutdown gracefully');
    expect(sdkLog.failure()?.message).toBe('malformed');
  });
});

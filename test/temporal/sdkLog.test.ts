import { beforeEach, describe, expect, it } from 'vitest';
import { createSdkLog } from '../../src/temporal/sdkLog.js';

interface Line {
  readonly level: string;
  readonly fields: { readonly sdk: Record<string, unknown>; readonly repeated?: number };
  readonly message: string;
}

let lines: Line[];
let nowMs: number;
let write: ReturnType<typeof createSdkLog>;

beforeEach(() => {
  lines = [];
  nowMs = 0;
  const keep = (level: string) => (fields: unknown, message?: string) => {
    lines.push({ level, fields: fields as Line['fields'], message: message ?? '' });
  };
  const log = { error: keep('error'), warn: keep('warn'), debug: keep('debug') };
  write = createSdkLog({ log: log as never, monotonicMs: () => nowMs });
});

const warn = (message: string, meta: Record<string, unknown> = {}) =>
  write({ level: 'WARN', message, timestampNanos: 0n, meta });

describe('a line of the SDK', () => {
  it('tells of a failure its words and those of its causes', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:7233');
    warn('gRPC call failed', { error: new Error('14 UNAVAILABLE', { cause }), historyLength: 3n });
    expect(JSON.parse(JSON.stringify(lines[0]?.fields))).toEqual({
      sdk: { error: '14 UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:7233', historyLength: 3 },
    });
  });

  it('that comes again is told once a minute, then with how often it was not told', () => {
    for (let attempt = 1; attempt <= 250; attempt += 1) {
      nowMs += 20;
      warn(`gRPC call poll_workflow_task_queue retried ${attempt} times`, { error: new Error('tcp connect error') });
    }
    expect(lines).toHaveLength(1);
    warn('gRPC call poll_workflow_task_queue retried 1 times', { error: new Error('deadline exceeded') });
    expect(lines).toHaveLength(2);
    nowMs += 60_000;
    warn('gRPC call poll_workflow_task_queue retried 400 times', { error: new Error('tcp connect error') });
    expect(lines[2]?.fields.repeated).toBe(249);
  });

  it('keeps no more kinds in mind than it must', () => {
    const names = Array.from({ length: 500 }, (_none, n) => 'x'.repeat(n + 1));
    for (const name of names) warn(name);
    warn(names.at(-1) ?? '');
    warn(names[0] ?? '');
    expect(lines.map(({ message }) => message.length)).toEqual([...names.map(({ length }) => length), 1]);
  });
});

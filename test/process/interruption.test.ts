import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchInterruption } from '../../src/process/interruption.js';

/** A process that gets signals, and a clock that stands still. */
function foreground() {
  const signals = new EventEmitter();
  const seen = { nowMs: 5_000, endsAtOnce: 0 };
  const interruption = watchInterruption({
    signals,
    monotonicMs: () => seen.nowMs,
    endAtOnce: () => (seen.endsAtOnce += 1),
  });
  const after = (ms: number, signal: NodeJS.Signals) => {
    seen.nowMs += ms;
    signals.emit(signal);
  };
  return { interruption, after, endsAtOnce: () => seen.endsAtOnce };
}

describe('Ctrl-C', () => {
  it('that arrives twice within moments, as npm passes it on, is one: an orderly end', () => {
    const { interruption, after, endsAtOnce } = foreground();
    expect(interruption.aborted).toBe(false);
    after(0, 'SIGINT');
    expect(interruption.aborted).toBe(true);
    after(40, 'SIGINT');
    after(400, 'SIGINT');
    expect(endsAtOnce()).toBe(0);
  });

  it('a second time ends at once, also after another signal', () => {
    const { after, endsAtOnce } = foreground();
    after(0, 'SIGTERM');
    after(1_500, 'SIGINT');
    expect(endsAtOnce()).toBe(1);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('is not %s, which never ends at once', (signal) => {
    const { interruption, after, endsAtOnce } = foreground();
    after(0, signal);
    after(5_000, signal);
    expect(interruption.aborted).toBe(true);
    expect(endsAtOnce()).toBe(0);
  });
});

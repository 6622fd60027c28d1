import { describe, expect, it } from 'vitest';
import type { ForwarderState } from '../../../src/domain/delivery/forwarder.js';
import { describeForwarder } from '../../../src/domain/delivery/forwarderDetails.js';
import { initialForwarderState } from '../../../src/domain/delivery/forwarderState.js';
import { EXCEPTION_FACTS } from '../../../src/domain/exceptions/exceptions.js';
import { DELIVERY } from '../../support/delivery.js';

const AT = Date.parse('2026-01-01T00:00:00Z');
const first = initialForwarderState({ v: 1, uid: 'u', name: 'support-chat', delivery: DELIVERY });

function shown(state: Partial<ForwarderState>): string {
  return describeForwarder({ ...first, ...state }, 'support-chat', 'forwarder:support-chat');
}

describe('an operator reads in the Temporal UI', () => {
  it('which partitions are being drained', () => {
    expect(shown({ phase: 'forwarding', draining: [0, 3] })).toContain('**forwarding** · partitions 0, 3');
    expect(shown({ phase: 'idle' })).not.toContain('partitions');
  });

  it('one line, where there is nothing more to say', () => {
    const lines = shown({ phase: 'idle' }).split('\n');
    expect(lines.filter((line) => line.trim() !== '')).toHaveLength(1);
  });

  it('why it is held, since when, when it is probed, and how to end it', () => {
    const held = shown({ phase: 'held', hold: { reason: 'HTTP 404', since: AT, nextProbeAt: AT + 1_000 } });
    expect(held).toContain('**Held** since 2026-01-01T00:00:00.000Z: HTTP 404.');
    expect(held).toContain(' at 2026-01-01T00:00:01.000Z');
    expect(held).toContain('`chatlio-aep resume support-chat`');
    expect(held).toContain("--workflow-id forwarder:support-chat --name resume --input '{}'");
    expect(shown({ phase: 'held', hold: { reason: 'x', since: AT } })).not.toMatch(/ at \d{4}-/);
  });

  it('that the destination is away, since when, and which probe comes next', () => {
    const outage = { detail: 'HTTP 503', stops: 'outage', since: AT, probes: 2, nextProbeAt: AT + 1_000 } as const;
    const away = shown({ phase: 'outage', outage });
    expect(away).toContain(' since 2026-01-01T00:00:00.000Z: HTTP 503.');
    expect(away).toMatch(/ 3 .*at 2026-01-01T00:00:01\.000Z/);
    expect(away).toContain('--name resume');
  });

  it('until when the settle window of a changed flow lasts', () => {
    const settling = shown({ phase: 'settling', gate: { reason: '', opensAt: AT } });
    expect(settling).toContain(' 2026-01-01T00:00:00.000Z');
  });

  it('why the gate is closed, and what opens it: a command, or the mending itself', () => {
    const paused = shown({ phase: 'paused', gate: { reason: 'maintenance' } });
    expect(paused).toMatch(/: maintenance\. `chatlio-aep unpause support-chat` /);
    const closed = { reason: 'the flow is disabled', opensByItself: true };
    expect(paused).not.toContain('by itself');
    expect(shown({ phase: 'paused', gate: closed })).toContain('by itself');
    const looking = shown({ phase: 'paused', gate: closed, destination: { lookedAt: AT - 84, accepted: 0 } });
    expect(looking).toMatch(/by itself .* at 2026-01-01T00:00:00\.000Z\. /);
  });

  it('how many records have failed in the flow’s runs, by the last look, and what shows them', () => {
    const at = { lookedAt: '2026-01-01T00:00:00.000Z' };
    const failing = shown({ flowRuns: { ...at, failedRecords: 3 } });
    expect(failing).toContain('before 2026-01-01T00:00:00.000Z: **3 record(s) failed**');
    expect(failing).toContain('`chatlio-aep runs support-chat`');
    expect(shown({ flowRuns: { ...at, failedRecords: 0 } })).toContain('no record has failed');
  });

  it('what went wrong last, and when, where that is known', () => {
    expect(shown({ lastError: 'HTTP 503', lastErrorAt: AT })).toContain(
      'Last error, at 2026-01-01T00:00:00.000Z: HTTP 503',
    );
    expect(shown({ lastError: 'HTTP 503' })).toContain('Last error: HTTP 503');
    expect(shown({})).not.toContain('Last error');
  });

  it('whether accepted events are in the lake, where that is not as it should be', () => {
    expect(shown({ lake: { state: 'refused', detail: 'HTTP 403' } })).toContain(': HTTP 403.');
    expect(shown({ lake: { state: 'away', detail: 'HTTP 503' } })).toContain(': HTTP 503. ');
    expect(shown({ lake: { state: 'readable' } })).not.toMatch(/\blake\b/);
    expect(shown({ counters: { ...first.counters, repeated: 2 } })).toContain(
      '2 event(s) are in the lake more than once.',
    );
  });
});

describe('the numbers in the Temporal UI', () => {
  const counted = (counters: Partial<ForwarderState['counters']>) =>
    shown({ surveyedAt: AT, counters: { ...first.counters, ...counters } });

  it('are not shown before anything was counted', () => {
    expect(shown({})).not.toContain('| Taken |');
  });

  it('show what waits and is accepted always, other parts when there are any', () => {
    const parts = {
      waiting: 0,
      sending: 0,
      accepted: 4,
      lookedFor: 0,
      held: 0,
      abandoned: 1,
      replaced: 0,
      markedDelivered: 0,
    };
    expect(counted({ taken: 5, parts, confirmed: 3 })).toContain(
      [
        '| Taken | Waiting | Accepted | Abandoned | Confirmed in the lake |',
        '| --- | --- | --- | --- | --- |',
        '| 5 | 0 | 4 | 1 | 3 |',
      ].join('\n'),
    );
    expect(counted({ taken: 5, waiting: 2, accepted: 3 })).toContain('| 5 | 2 | 3 | not known |');
  });

  it('say since when the oldest waits, or is held, where something does', () => {
    expect(counted({ waiting: 1, oldestWaitingMs: 60_000 })).toMatch(/oldest waiting .* 2025-12-31T23:59:00\.000Z/);
    expect(counted({ waiting: 0, oldestWaitingMs: 60_000 })).not.toContain('oldest');
    expect(counted({ oldestHeldMs: 60_000 })).toMatch(/oldest held .* 2025-12-31T23:59:00\.000Z/);
  });

  it('say of exceptions what their reason means, also of one that a later release has found', () => {
    const exceptions = counted({ exceptions: { missing: 2, stolen: 1 } });
    expect(exceptions).toContain(`| missing | 2 | ${EXCEPTION_FACTS.missing.meaning} |`);
    expect(exceptions).toContain('| stolen | 1 |  |');
    expect(exceptions).toContain('`chatlio-aep held list support-chat`');
    expect(counted({})).not.toContain('held list');
  });
});

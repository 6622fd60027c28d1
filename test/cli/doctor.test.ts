import { describe, expect, it } from 'vitest';
import { doctor } from '../../src/cli/commands/doctor.js';
import { fakeSources, fakeWorld } from './fakes.js';

const answering = {
  ask: () => Promise.resolve({ v: 1, findings: [] }) as never,
};

describe('doctor', () => {
  it('names each workflow that stands still, with its reason', async () => {
    const fields = { workflow: 'forwarder:support-chat', reason: 'nondeterminism, [TMPRL1100] …' };
    const stuckWorkflows = () =>
      Promise.resolve({ looked: 2, stuck: [{ code: 'CAEP_WORKFLOW_STUCK', fields } as const] });
    const { context, stdout } = fakeWorld(fakeSources({ ...answering, stuckWorkflows }));
    expect(await doctor(context, {})).toBe(1);
    const told = stdout();
    expect(told).toContain('✖  workflow');
    expect(told).toContain('The workflow forwarder:support-chat stands still');
    expect(told).not.toContain('All is well');
  });
});

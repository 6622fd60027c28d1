import { describe, expect, it } from 'vitest';
import { listRuns } from '../../../../src/cli/commands/source/runs.js';
import type { RunsReport, RunView } from '../../../../src/domain/delivery/flowRuns.js';
import type { Inquiry } from '../../../../src/domain/inquiries.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import { fakeSources, fakeWorld } from '../../fakes.js';

const RUN: RunView = {
  id: 'run-1',
  from: '2026-11-21T09:00:12.000Z',
  to: '2026-11-21T09:59:48.000Z',
  state: 'success',
  inputRecords: 40,
  writtenRecords: 40,
  failedRecords: 0,
  inputBytes: 81_920,
  codes: [],
};
const FAILING: RunView = {
  ...RUN,
  id: 'run-2',
  state: 'partial-success',
  writtenRecords: 38,
  failedRecords: 2,
  codes: ['INGEST-1212-400'],
};

async function shown(report: Omit<RunsReport, 'v'>, format: 'human' | 'json' = 'human') {
  const asked: Inquiry[] = [];
  const ask = ((question: Inquiry) => {
    asked.push(question);
    return Promise.resolve({ v: 1, ...report });
  }) as Sources['ask'];
  const world = fakeWorld(fakeSources({ ask }), { format });
  expect(await listRuns(world.context, { name: 'support-chat' })).toBe(0);
  return { text: world.stdout(), asked };
}

describe('runs', () => {
  it('says first that records failed, and which command shows why', async () => {
    const { text, asked } = await shown({ flowIds: ['f'], runs: [RUN, FAILING] });
    expect(asked).toEqual([{ v: 1, ask: 'runs', name: 'support-chat', limit: 24 }]);
    const [first, second] = text.split('\n');
    expect(first).toContain('2 records failed at Adobe, in 1 of 2 runs');
    expect(second).toContain('chatlio-aep held list support-chat --reason invalid');
    expect(text).toMatch(/run-2 .*2026-11-21 09:00:12Z .*partial success +40 +38 +2 +81\.9 KB +INGEST-1212-400/);
  });

  it('complains of nothing where nothing failed, and marks what Adobe does not tell', async () => {
    const { text } = await shown({ flowIds: ['f'], runs: [RUN, { id: 'run-3', state: 'unknown', codes: [] }] });
    expect(text).not.toContain('failed at Adobe');
    expect(text).toMatch(/run-3 +– +– +unknown +– +– +– +–\n/);
  });

  it('says why there is none', async () => {
    expect((await shown({ flowIds: ['f'], runs: [] })).text).toContain('Adobe shows no run');
    expect((await shown({ flowIds: [], runs: [] })).text).toContain('has no flow yet');
  });

  it('is a document for programs', async () => {
    const { text } = await shown({ flowIds: ['f'], runs: [FAILING], older: true }, 'json');
    expect(JSON.parse(text)).toMatchObject({ name: 'support-chat', flowIds: ['f'], runs: [FAILING], older: true });
  });
});

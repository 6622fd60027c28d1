import { describe, expect, it } from 'vitest';
import { listRuns, showRun } from '../../../../src/cli/commands/source/runs.js';
import type { RunsReport, RunView } from '../../../../src/domain/delivery/flowRuns.js';
import type { Inquiry } from '../../../../src/domain/inquiries.js';
import type { FailedRecordView, RunDetails } from '../../../../src/domain/delivery/failedRecords.js';
import { sealFor } from '../../../../src/temporal/sealedAnswer.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import { ACCESS_KEY, fakeSources, fakeWorld } from '../../fakes.js';

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
    expect(second).toContain('chatlio-aep runs show support-chat run-2');
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

describe('runs show', () => {
  const EVENT = 'ab'.repeat(32);
  const HELD: FailedRecordView = {
    batchId: 'B-1',
    eventId: EVENT,
    isOurs: true,
    kind: 'feedback',
    exception: { id: 12, reason: 'invalid', state: 'held' },
    errors: [{ code: 'DCVS-1104-400', explanation: 'a value has another type than its field', field: '_acme.rating' }],
  };

  async function shownRun(details: Partial<RunDetails>, reveal?: boolean) {
    const ask = ((question: Inquiry & { readonly sealTo?: string }) => {
      const { sealTo } = question;
      const words = JSON.stringify(['{"_errors":"said\nthe visitor"}']);
      const sealedWords = sealTo === undefined ? undefined : sealFor(ACCESS_KEY, sealTo, words);
      return Promise.resolve({ v: 1, run: FAILING, records: [], more: 0, ...details, sealedWords });
    }) as Sources['ask'];
    const world = fakeWorld(fakeSources({ ask }));
    expect(await showRun(world.context, { name: 'support-chat', id: 'run-2', reveal })).toBe(0);
    return world.stdout();
  }

  it('explains each failed record, and says which event it was', async () => {
    const foreign: FailedRecordView = { batchId: 'B-1', eventId: 'cd'.repeat(32), isOurs: false, errors: [] };
    const nameless: FailedRecordView = { batchId: 'B-2', isOurs: false, errors: [{ explanation: 'Adobe refused it' }] };
    const text = await shownRun({ records: [HELD, foreign, nameless], more: 3, byTime: true, unreadable: ['B-2'] });
    expect(text).toContain(`${EVENT}  feedback  invalid held: \`chatlio-aep held show support-chat 12\``);
    expect(text).toContain('a value has another type than its field: _acme.rating  DCVS-1104-400');
    expect(text).toContain('not an event of this source');
    expect(text).toContain('a record without an event id  batch B-2\n    Adobe refused it');
    expect(text).toContain('… and 3 more failed records.');
    expect(text).toContain('does not name its batches');
    expect(text).toContain('Some lines of B-2');
    expect(text).toContain('--reveal also shows');
  });

  it("shows Adobe's words only to the one who asks for them, in one line", async () => {
    expect(await shownRun({ records: [HELD] })).not.toContain('visitor"');
    expect(await shownRun({ records: [HELD] }, true)).toContain('│ {"_errors":"said the visitor"}');
  });

  it('says why there is nothing to explain', async () => {
    expect(await shownRun({ run: RUN })).toContain('No record of this run failed.');
    expect(await shownRun({ run: FAILING })).toContain('not yet, or no longer');
  });
});

import { expect, it } from 'vitest';
import type { CellResult } from '../../../chaos/stack/result.js';
import { tableOf } from '../../../chaos/stack/table.js';

const cell = (more: Partial<CellResult>): CellResult => ({
  what: 'kill',
  operation: 'update',
  name: 'one',
  faults: [],
  durationMs: 1,
  ...more,
});

it('has a column for what was counted in some, and none for what was counted in none', () => {
  expect(tableOf([cell({}), cell({ faults: ['no'] })])).toEqual([
    ['cells that held / tried', 'update'],
    ['kill', '1/2'],
    ['all', '1/2'],
  ]);
  const counted = [
    cell({ typedAgain: ['CAEP_NO_WORKER', 'CAEP_NO_ANSWER', 'CAEP_NO_WORKER'] }),
    cell({ typedAgain: [] }),
    cell({ what: 'other', operation: 'pause' }),
  ];
  expect(tableOf(counted)).toEqual([
    ['cells that held / tried', 'update', 'pause', 'commands typed again'],
    ['kill', '2/2', '·', '3: CAEP_NO_WORKER 2, CAEP_NO_ANSWER 1'],
    ['other', '·', '1/1', '·'],
    ['all', '2/2', '1/1', '3: CAEP_NO_WORKER 2, CAEP_NO_ANSWER 1'],
  ]);
});

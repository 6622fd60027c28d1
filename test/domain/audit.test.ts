import { expect, it } from 'vitest';
import { type AuditCounts, hasDifferences } from '../../src/domain/audit.js';

const AGREED: AuditCounts = {
  taken: 9,
  accepted: 5,
  confirmed: 3,
  notYetVisible: 1,
  notCompared: 1,
  waiting: 1,
  spooled: 1,
  abandoned: 1,
  replaced: 1,
  markedDelivered: 1,
  lost: 0,
  repeated: 0,
  invented: 0,
  undecided: 4,
};

it('an audit has no difference while events only wait, or are open for a decision', () => {
  expect(hasDifferences({ counts: AGREED })).toBe(false);
});

it.each(['lost', 'repeated', 'invented'] as const)('one event that is %s is a difference', (list) => {
  expect(hasDifferences({ counts: { ...AGREED, [list]: 1 } })).toBe(true);
});

import { describe, expect, it } from 'vitest';
import { areCommitsFinal, describeDurability, durabilityOf, flawsOf } from '../../src/domain/durability.js';

const DURABLE = {
  fsync: 'on',
  fullPageWrites: 'on',
  synchronousCommit: 'on',
  synchronousStandbys: '',
  standbys: [],
};

describe('a failover', () => {
  it.each([
    ['none is possible without a standby', DURABLE, 'none'],
    ['loses what an asynchronous standby has not got yet', { ...DURABLE, standbys: ['async'] }, 'may-lose'],
    ['keeps what every standby has', { ...DURABLE, synchronousStandbys: 'b', standbys: ['sync', 'quorum'] }, 'keeps'],
    [
      'may go to the one that commits do not wait for',
      { ...DURABLE, synchronousStandbys: 'b', standbys: ['sync', 'potential'] },
      'may-lose',
    ],
    ['is not guessed at', { ...DURABLE, synchronousStandbys: 'b', standbys: [undefined] }, 'unknown'],
    ['loses whoever cannot see it: commits wait for nobody', { ...DURABLE, standbys: [undefined] }, 'may-lose'],
  ])('%s', (_what, facts, failover) => {
    expect(durabilityOf(facts).failover).toBe(failover);
    expect(areCommitsFinal(durabilityOf(facts))).toBe(failover === 'none' || failover === 'keeps');
  });
});

describe('settings', () => {
  it('that let a crash take commits back are named, with what was expected', () => {
    const facts = { ...DURABLE, fsync: 'off', fullPageWrites: 'off', synchronousCommit: 'remote_write' };
    expect(flawsOf(facts).map(({ fields }) => fields)).toEqual([
      { setting: 'fsync', value: 'off', expected: 'on' },
      { setting: 'full_page_writes', value: 'off', expected: 'on' },
      { setting: 'synchronous_commit', value: 'remote_write', expected: 'on' },
    ]);
    expect(areCommitsFinal(durabilityOf(facts))).toBe(false);
    expect(flawsOf({ ...DURABLE, synchronousCommit: 'remote_apply' })).toEqual([]);
  });

  it('that the role may not see are unknown', () => {
    expect(describeDurability(durabilityOf({ standbys: [] }))).toBe(
      'fsync unknown, full_page_writes unknown, synchronous_commit unknown; no standby is connected',
    );
  });
});

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
    [
      'is not guessed at where the setting is not seen',
      { ...DURABLE, synchronousStandbys: undefined, standbys: ['sync'] },
      'unknown',
    ],
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
    expect(flawsOf(DURABLE)).toEqual([]);
    expect(flawsOf(facts).map(({ code }) => code)).toEqual(Array(3).fill('CAEP_DATABASE_NOT_DURABLE'));
  });

  it('that the role may not see are unknown, and no flaw', () => {
    expect(flawsOf({ standbys: [] })).toEqual([]);
    expect(describeDurability(durabilityOf({ standbys: [] }))).toBe(
      'fsync unknown, full_page_writes unknown, synchronous_commit unknown; no standby is connected',
    );
  });

  it.each([
    [[], '', 'no standby is connected'],
    [['sync'], 'b', 'a failover keeps what is committed'],
    [['async'], 'b', 'name all standbys in synchronous_standby_names'],
    [[undefined], 'b', 'grant pg_monitor'],
  ])(
    'are shown with what a failover would do, and what to do about it: standbys %j, waited for %j',
    (standbys, names, said) => {
      const shown = describeDurability(durabilityOf({ ...DURABLE, standbys, synchronousStandbys: names }));
      expect(shown).toContain('fsync on, full_page_writes on, synchronous_commit on; ');
      expect(shown).toContain(said);
    },
  );
});

import { describe, expect, it } from 'vitest';
import { bounded, type Drifted, driftText, untilLook, worstOf } from '../../src/domain/drift/drift.js';
import { concernsFlow, lossesOf, recreated, repairPlan } from '../../src/domain/drift/repair.js';
import { type Resources, STEP_NAMES, type StepName } from '../../src/domain/source/steps.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const uidOf = (index: number): string => `7c0f7f0e-6a0b-4d35-8a6e-${index.toString(16).padStart(12, '0')}`;

describe('the next look', () => {
  const report = { v: 1, drifted: [], more: 0 } as const;

  it('is daily where the manifest says nothing, after the last one', () => {
    expect(untilLook({ uid: uidOf(1), drift: { ...report, lookedAt: 1_000 } }, undefined, 1_000 + HOUR_MS)).toBe(
      DAY_MS - HOUR_MS,
    );
    expect(untilLook({ uid: uidOf(1), drift: { ...report, lookedAt: 1_000 } }, undefined, 1_000 + 2 * DAY_MS)).toBe(0);
  });

  it('is never, where the manifest says off', () => {
    expect(untilLook({ uid: uidOf(1) }, { everyMs: 0 }, 0)).toBeUndefined();
  });

  it('comes an hour after one that failed', () => {
    const failed = { code: 'CAEP_ADOBE_UNAVAILABLE', since: DAY_MS };
    expect(untilLook({ uid: uidOf(1), drift: { ...report, lookedAt: 1_000, failed } }, undefined, DAY_MS)).toBe(
      HOUR_MS,
    );
    expect(untilLook({ uid: uidOf(1), drift: { ...report, lookedAt: 0, failed } }, { everyMs: 5_000 }, DAY_MS)).toBe(
      5_000,
    );
  });

  it('is spread over the day for the first looks of a thousand sources, each always at its own time', () => {
    const first = (index: number): number => untilLook({ uid: uidOf(index), liveSince: 0 }, undefined, 0) ?? -1;
    const perHour = new Map<number, number>();
    for (let index = 0; index < 1_000; index += 1) {
      const hour = Math.floor(first(index) / HOUR_MS);
      perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
      expect(first(index)).toBe(first(index));
    }
    expect(perHour.size).toBe(24);
    // 42 on average.
    expect(Math.max(...perHour.values())).toBeLessThan(90);
  });
});

const row = (step: StepName, changes: Partial<Drifted> = {}): Drifted => ({
  step,
  id: `${step}-id`,
  origin: 'created',
  kind: 'changed',
  field: 'name',
  remedy: 'change',
  ...changes,
});
const gone = (step: StepName, changes: Partial<Drifted> = {}): Drifted =>
  row(step, { kind: 'gone', field: 'object', remedy: 'replace', ...changes });
const resources = (changes: Resources = {}): Resources => ({
  ...Object.fromEntries(STEP_NAMES.map((step) => [step, { kind: step, id: `${step}-id`, origin: 'created' } as const])),
  ...changes,
});
const planned = (...rows: Drifted[]) => repairPlan(rows, resources()).actions.map(({ step, how }) => `${how} ${step}`);

describe('what a look has found', () => {
  it('is bounded: what is gone comes first, and the rest is counted', () => {
    const many = Array.from({ length: 100 }, (_each, index) => row('mapping-set', { field: `mapping ${index}` }));
    const { drifted, more } = bounded([...many, gone('flow')]);
    expect([drifted.length, more, drifted[0]?.step]).toEqual([60, 41, 'flow']);
  });

  it('is told in a line, and searched for by the worst of it', () => {
    const rows = [row('dataset'), row('flow', { kind: 'disabled' }), gone('schema'), gone('dataset')];
    expect(driftText({ drifted: rows, more: 3 })).toBe('2 objects deleted, the flow disabled, 4 fields changed');
    expect(worstOf(rows)).toBe('gone');
    expect(worstOf(rows.slice(0, 2))).toBe('disabled');
    expect(worstOf([])).toBeUndefined();
  });
});

describe('a repair', () => {
  it('makes anew what was deleted and what only refers to it, in the order in which they need one another', () => {
    expect(planned(gone('flow'))).toEqual(['create flow']);
    expect(planned(gone('source-connection'))).toEqual(['create source-connection', 'create flow']);
    expect(planned(gone('dataset'))).toEqual(['create dataset', 'create target-connection', 'create flow']);
    expect(planned(gone('schema'), gone('dataset'))).toEqual([
      'create schema',
      'create identity-descriptor',
      'create dataset',
      'create target-connection',
      'create mapping-set',
      'create flow',
    ]);
  });

  it('has the flow use the next version of a mapping set that somebody has changed', () => {
    expect(planned(row('mapping-set', { field: 'mapping _id', remedy: 'change' }))).toEqual([
      'change mapping-set',
      'change flow',
    ]);
  });

  it('has the flow use a mapping set that is made anew', () => {
    expect(planned(gone('mapping-set'))).toEqual(['create mapping-set', 'change flow']);
  });

  it('changes in place what can be, enables a flow, and interrupts sending only where events go through it', () => {
    expect(planned(row('dataset'), row('flow', { kind: 'disabled' }))).toEqual(['change dataset', 'enable flow']);
    expect(concernsFlow(repairPlan([row('dataset'), gone('identity-descriptor')], resources()))).toBe(false);
    expect(concernsFlow(repairPlan([row('flow', { kind: 'disabled' })], resources()))).toBe(true);
  });

  it('leaves what Adobe does not take back, and what is somebody else’s', () => {
    const left = [row('field-group', { remedy: 'refused' }), row('dataset', { origin: 'adopted', remedy: 'foreign' })];
    expect(repairPlan(left, resources())).toEqual({ actions: [], left });
  });

  it('leaves a field group that was deleted although a schema uses it: the schema keeps to it', () => {
    const rows = [gone('field-group')];
    expect(repairPlan(rows, resources())).toEqual({ actions: [], left: rows });
    expect(planned(gone('field-group'), gone('schema')).slice(0, 2)).toEqual(['create field-group', 'create schema']);
  });

  it('names what is lost, with the events that are known, and whose the object was', () => {
    const adopted = { kind: 'dataset', id: 'dataset-id', origin: 'adopted' } as const;
    const plan = repairPlan([gone('dataset', { origin: 'adopted' })], resources({ dataset: adopted }));
    expect(recreated(plan)).toEqual(['dataset', 'target-connection', 'flow']);
    const losses = lossesOf(plan, { confirmed: 12, unconfirmed: 3 }).join('\n');
    expect(losses).toContain('somebody else’s');
    expect(losses).toContain('the 12 confirmed events cannot be had back or audited');
    expect(losses).toContain('the 3 events that were sent to it');
    expect(losses).toContain('the inlet’s URL changes');
    expect(lossesOf(repairPlan([row('flow')], resources()), {})).toEqual([]);
  });
});

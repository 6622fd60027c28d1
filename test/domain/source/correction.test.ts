import { describe, expect, it } from 'vitest';
import { refusalOfCorrection, stepsFollowing } from '../../../src/domain/source/correction.js';
import type { Hold, StepStatus } from '../../../src/domain/source/source.js';
import { manifestFixture } from '../../support/manifest.js';

const manifest = manifestFixture();
const hold: Hold = { step: 'dataset', during: 'do', since: 0, error: { code: 'CAEP_TITLE_TAKEN', fields: {} } };
const steps: readonly StepStatus[] = [
  { step: 'field-group', state: 'made' },
  { step: 'schema', state: 'adopted' },
  { step: 'dataset', state: 'held' },
  { step: 'mapping-set', state: 'waiting' },
];
const state = { manifest, steps };

describe('a corrected manifest', () => {
  it('may change what the held step and later ones are made of', () => {
    const corrected = { ...manifest, dataset: { ...manifest.dataset, name: 'Another' }, mapping: [] };
    expect(refusalOfCorrection(state, hold, corrected)).toBeUndefined();
    expect(refusalOfCorrection(state, hold, manifest)).toBeUndefined();
  });

  it.each([
    ['field-group', { xdm: { ...manifest.xdm, fieldGroup: { title: 'Other' } } }, 'xdm.fieldGroup'],
    ['schema', { xdm: { ...manifest.xdm, schema: { title: 'Other' } } }, 'xdm.schema'],
  ])('may not change what decides a step that is there already: %s', (step, change, fields) => {
    expect(refusalOfCorrection(state, hold, { ...manifest, ...change })).toEqual({
      code: 'CAEP_RESUME_CHANGES_MADE_STEP',
      fields: { name: 'support-chat', step, fields },
    });
  });

  it('may not change what is deeper inside what decides such a step', () => {
    const made = { manifest, steps: [{ step: 'dataset', state: 'made' } as const] };
    const changed = { ...manifest, dataset: { name: 'Another', tags: { team: ['x'] } } };
    expect(refusalOfCorrection(made, hold, changed)?.fields['fields']).toBe('dataset.name, dataset.tags');
  });

  it('may not take away or add the identity once its descriptor is there', () => {
    const identity = { field: 'visitorEmail', namespace: 'Email', primary: false } as const;
    const made = {
      manifest: { ...manifest, identity },
      steps: [{ step: 'identity-descriptor', state: 'made' } as const],
    };
    expect(refusalOfCorrection(made, hold, { ...manifest, identity: undefined })?.fields['fields']).toBe('identity');
  });

  it('is of the same source', () => {
    const renamed = { ...manifest, name: 'sales-chat', sandbox: 'dev' };
    expect(refusalOfCorrection(state, hold, renamed)).toEqual({
      code: 'CAEP_RESUME_OTHER_SOURCE',
      fields: { name: 'support-chat', fields: 'name' },
    });
  });

  it('is of the same source, though nothing is made yet', () => {
    const nothing = { manifest, steps: [{ step: 'field-group', state: 'held' } as const] };
    const refusal = refusalOfCorrection(nothing, hold, { ...manifest, name: 'sales-chat' });
    expect(refusal?.fields).toEqual({ name: 'support-chat', fields: 'name' });
  });

  it('is not for a step that is being undone', () => {
    const refusal = refusalOfCorrection(state, { ...hold, during: 'undo' }, manifest);
    expect(refusal).toEqual({
      code: 'CAEP_USAGE',
      fields: {
        reason: 'A corrected manifest can be used only while steps are being made, but support-chat is being undone',
      },
    });
  });
});

describe('another sandbox', () => {
  const elsewhere = { ...manifest, sandbox: 'dev' };
  const unknown: Hold = { ...hold, error: { code: 'CAEP_SANDBOX_UNKNOWN', fields: {} } };
  const nothingMade: readonly StepStatus[] = [
    { step: 'field-group', state: 'held' },
    { step: 'schema', state: 'waiting' },
  ];
  const refused = { code: 'CAEP_RESUME_OTHER_SOURCE', fields: { name: 'support-chat', fields: 'sandbox' } };

  it('may be named when Adobe does not know the one before, and nothing is made', () => {
    expect(refusalOfCorrection({ manifest, steps: nothingMade }, unknown, elsewhere)).toBeUndefined();
  });

  it('may not be named for another reason: a create that was not answered would be left behind', () => {
    expect(refusalOfCorrection({ manifest, steps: nothingMade }, hold, elsewhere)).toEqual(refused);
  });

  it('may not be named once something is made', () => {
    expect(refusalOfCorrection(state, unknown, elsewhere)).toEqual(refused);
  });
});

describe('the steps that follow from a manifest', () => {
  it('keep those that are there, and wait for the others', () => {
    const following = stepsFollowing(manifest, [{ step: 'schema', state: 'made', id: 'x' }]);
    expect(following.find(({ step }) => step === 'schema')).toEqual({ step: 'schema', state: 'made', id: 'x' });
    expect(following.filter(({ state: stepState }) => stepState === 'waiting').length).toBe(following.length - 1);
  });

  it('drop the one that the manifest does not ask for any more', () => {
    const withDescriptor = [{ step: 'identity-descriptor', state: 'waiting' } as const];
    const following = stepsFollowing({ ...manifest, identity: undefined }, withDescriptor);
    expect(following.map(({ step }) => step)).not.toContain('identity-descriptor');
  });
});

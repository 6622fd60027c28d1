import { describe, expect, it } from 'vitest';
import {
  addsIdentity,
  concernsSending,
  refusalOfUpdate,
  changesFields,
  renamesSchema,
  stepsToRename,
} from '../../../src/domain/source/updating/updatable.js';
import { manifestFixture } from '../../support/manifest.js';

const running = manifestFixture();

describe('an update of a live source', () => {
  it.each([
    ['contents', { contents: 'full' }],
    ['privacy', { contents: 'compact', privacy: { drop: ['visitor.email'] } }],
    ['mapping', { mapping: [{ destination: 'message', expression: 'upper(message)' }] }],
    ['mapping.reads', { mapping: { rows: [], reads: ['message'] } }],
    ['xdm.fields', { xdm: { fields: [{ path: 'tier', type: 'string' }] } }],
  ])('may change %s, for which sending stops', (_what, change) => {
    const wanted = manifestFixture(change);
    expect(refusalOfUpdate(running, wanted)).toBeUndefined();
    expect(concernsSending(running, wanted)).toBe(true);
  });

  it.each([
    ['delivery', { delivery: { concurrency: 2 } }, []],
    ['chatlio', { chatlio: { widgets: [{ key: 'another' }] } }, []],
    ['dataset.name', { dataset: { name: 'another' } }, ['dataset']],
    ['dataset.tags', { dataset: { name: 'Chatlio support chat', tags: { team: ['web'] } } }, ['dataset']],
  ])('may change %s, for which it does not', (_what, change, renamed) => {
    const wanted = manifestFixture(change);
    expect(refusalOfUpdate(running, wanted)).toBeUndefined();
    expect(concernsSending(running, wanted)).toBe(false);
    expect(stepsToRename(running, wanted)).toEqual(renamed);
  });

  it('may change titles, which is a change of the schema', () => {
    const wanted = manifestFixture({ xdm: { schema: { title: 'another' }, fieldGroup: { title: 'a third' } } });
    expect(refusalOfUpdate(running, wanted)).toBeUndefined();
    expect(concernsSending(running, wanted)).toBe(true);
    expect(stepsToRename(running, wanted)).toEqual(['field-group', 'schema']);
    expect(renamesSchema(running, wanted)).toBe(true);
  });

  it('may add an identity that is not primary', () => {
    const wanted = manifestFixture({ identity: { field: 'visitorEmail', namespace: 'Email', primary: false } });
    expect(refusalOfUpdate(running, wanted)).toBeUndefined();
    expect(addsIdentity(running, wanted)).toBe(true);
  });

  const withTier = (type: string) => manifestFixture({ xdm: { fields: [{ path: 'tier', type }] } });
  it('is a change of the schema where fields are added, whatever is told of them', () => {
    expect(changesFields(running, withTier('string'))).toBe(true);
    expect(changesFields(running, manifestFixture({ delivery: { partitions: 2 } }))).toBe(false);
  });
  const withIdentity = (field: string, primary: boolean) =>
    manifestFixture({ identity: { field, namespace: 'Email', primary } });

  it.each([
    ['name', running, manifestFixture({ name: 'sales-chat' }), 'webhook URLs'],
    ['sandbox', running, manifestFixture({ sandbox: 'dev' }), 'from one sandbox to another'],
    ['identity', running, withIdentity('visitorUUID', true), 'mandatory'],
    ['identity', withIdentity('visitorEmail', false), withIdentity('visitorHandle', false), 'identity from before'],
    ['xdm.fields', withTier('string'), running, 'tier was removed'],
    ['xdm.fields', withTier('string'), withTier('integer'), 'tier was string and is integer'],
  ])('may not change %s, which is named with the reason', (what, before, wanted, reason) => {
    const refusal = refusalOfUpdate(before, wanted);
    expect(refusal).toMatchObject({ code: 'CAEP_UPDATE_UNSUPPORTED', fields: { fields: what } });
    expect(refusal?.fields['reasons']).toContain(reason);
  });

  it('may not make a source that keeps originals one of 0.1 again', () => {
    expect(refusalOfUpdate(manifestFixture({ contents: 'full' }), running)).toEqual({
      code: 'CAEP_UPDATE_NEEDS_CONTENTS',
      fields: { name: 'support-chat', contents: 'full' },
    });
  });
});

import { describe, expect, it } from 'vitest';
import { concernsSending, refusalOfUpdate } from '../../../src/domain/source/update.js';
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

  it('may change the delivery, for which it does not', () => {
    const wanted = manifestFixture({ delivery: { concurrency: 2 } });
    expect(refusalOfUpdate(running, wanted)).toBeUndefined();
    expect(concernsSending(running, wanted)).toBe(false);
  });

  it.each([
    ['sandbox', { sandbox: 'dev' }],
    ['chatlio.widgets', { chatlio: { widgets: [{ key: 'another' }] } }],
    ['dataset.name', { dataset: { name: 'another' } }],
    ['xdm.schema', { xdm: { schema: { title: 'another' } } }],
  ])('may not change %s, which is named', (what, change) => {
    const refusal = refusalOfUpdate(running, manifestFixture(change));
    expect(refusal).toMatchObject({ code: 'CAEP_UPDATE_UNSUPPORTED' });
    expect(refusal?.fields['fields']).toContain(what);
  });

  it('may not make a source that keeps originals one of 0.1 again', () => {
    expect(refusalOfUpdate(manifestFixture({ contents: 'full' }), running)).toEqual({
      code: 'CAEP_UPDATE_NEEDS_CONTENTS',
      fields: { name: 'support-chat', contents: 'full' },
    });
  });
});

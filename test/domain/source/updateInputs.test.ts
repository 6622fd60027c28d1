import { describe, expect, it } from 'vitest';
import type { Shape } from '../../../src/domain/events/shape.js';
import {
  ABORT_INPUT,
  CONFIGURE_INPUT,
  FORWARDER_CONFIGURE_INPUT,
  FORWARDER_RESUME_INPUT,
  PAUSE_INPUT,
  RESUME_INPUT,
  UNPAUSE_INPUT,
  WAKE_INPUT,
} from '../../../src/domain/source/updateInputs.js';
import { manifestFixture } from '../../support/manifest.js';

const manifest = manifestFixture({ identity: { field: 'visitorEmail', namespace: 'Email', primary: false } });
const { delivery } = manifest;

describe('an update', () => {
  it.each<[string, Shape]>([
    ['resume', RESUME_INPUT],
    ['abort', ABORT_INPUT],
    ['pause', PAUSE_INPUT],
    ['unpause', UNPAUSE_INPUT],
    ['resume of the forwarder', FORWARDER_RESUME_INPUT],
    ['wake', WAKE_INPUT],
  ])('from the Temporal UI needs no more than {}: %s', (_name, shape) => {
    expect(shape({})).toBeUndefined();
    expect(shape(undefined)).toMatch(/^expected an object with /);
  });

  it.each<[string, Shape, unknown]>([
    ['resume', RESUME_INPUT, { manifest, adopt: true, by: 'ana' }],
    ['abort', ABORT_INPUT, { reason: 'a typing error', by: 'ana' }],
    ['pause', PAUSE_INPUT, { reason: 'maintenance', by: 'ana', disableFlow: true }],
    ['unpause', UNPAUSE_INPUT, { by: 'ana' }],
    ['configure', CONFIGURE_INPUT, { delivery, by: 'ana' }],
    ['configure of the forwarder', FORWARDER_CONFIGURE_INPUT, delivery],
    ['resume of the forwarder', FORWARDER_RESUME_INPUT, { by: 'ana' }],
    ['wake', WAKE_INPUT, { partitions: [0, 63], uid: 'u' }],
  ])('of the command line is taken whole: %s', (_name, shape, input) => {
    expect(shape(input)).toBeUndefined();
  });

  it.each<[string, Shape, unknown, string]>([
    ['a misspelt pause', PAUSE_INPUT, { disableflow: true }, 'disableflow is unknown'],
    ['a flow disabled by a word', PAUSE_INPUT, { disableFlow: 'no' }, 'disableFlow must be true or false'],
    ['an adoption by a word', RESUME_INPUT, { adopt: 'yes' }, 'adopt must be true or false'],
    ['a reason that is none', ABORT_INPUT, { reason: 7 }, 'reason must be a text'],
    ['somebody who is nobody', UNPAUSE_INPUT, { by: {} }, 'by must be a text'],
    ['settings that are missing', CONFIGURE_INPUT, { by: 'ana' }, 'delivery must be an object with partitions, '],
    [
      'a partition that no source has',
      WAKE_INPUT,
      { partitions: [64] },
      'partitions[0] must be a whole number from 0 to 63',
    ],
  ])('is refused for %s', (_what, shape, input, fault) => {
    expect(shape(input)).toContain(fault);
  });
});

describe('delivery settings', () => {
  it.each([
    ['partitions', 0, 1, 64, 65],
    ['concurrency', 0, 1, 512, 513],
    ['maxRequestsPerSecond', 0, 1, 20_000, 20_001],
    ['requestTimeoutMs', 0, 1, 3_650 * 86_400_000, 3_650 * 86_400_000 + 1],
    ['leaseMs', 0, 1, 3_650 * 86_400_000, 3_650 * 86_400_000 + 1],
    ['settleWindowMs', -1, 0, 3_650 * 86_400_000, 3_650 * 86_400_000 + 1],
    ['schemaSettleWindowMs', -1, 0, 3_650 * 86_400_000, 3_650 * 86_400_000 + 1],
    ['lakeLatencyMs', -1, 0, 3_650 * 86_400_000, 3_650 * 86_400_000 + 1],
    ['quietWarningMs', -1, 0, 3_650 * 86_400_000, 3_650 * 86_400_000 + 1],
    ['retentionMs', -1, 0, 3_650 * 86_400_000, 3_650 * 86_400_000 + 1],
  ])('%s has bounds', (field, below, least, most, above) => {
    const faultOf = (value: number) => FORWARDER_CONFIGURE_INPUT({ ...delivery, [field]: value });
    expect([least, most].map(faultOf)).toEqual([undefined, undefined]);
    for (const value of [below, above]) expect(faultOf(value)).toContain(`${field} must be a whole number from `);
  });

  it.each([
    ['on503', ['strict', 'lenient']],
    ['onNotFound', ['resend', 'hold']],
  ])('%s is a choice', (field, choices) => {
    const faultOf = (value: string) => FORWARDER_CONFIGURE_INPUT({ ...delivery, [field]: value });
    expect(choices.map(faultOf)).toEqual([undefined, undefined]);
    expect(faultOf('maybe')).toBe(`${field} must be one of ${choices.join(', ')}`);
  });
});

describe('a corrected manifest', () => {
  const [widget] = manifest.chatlio.widgets;

  it.each<[string, object]>([
    ['no identity', { identity: undefined }],
    ['what its mapping reads', { mappingReads: ['message', 'visitor.email'] }],
    ['an expression in its mapping', { mapping: [{ source: 'a', sourceType: 'EXPRESSION', destination: 'b' }] }],
  ])('is taken with %s', (_what, change) => {
    expect(RESUME_INPUT({ manifest: { ...manifest, ...change } })).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['another version', { version: 2 }, 'manifest.version must be one of 1'],
    ['no name', { name: ' ' }, 'manifest.name must be a text'],
    ['no sandbox', { sandbox: '' }, 'manifest.sandbox must be a text'],
    ['no widgets', { chatlio: { widgets: [] } }, 'manifest.chatlio.widgets must be a filled list'],
    ['no kinds', { chatlio: { widgets: [{ ...widget, kinds: [] }] } }, 'widgets[0].kinds must be a filled list'],
    ['an unknown kind', { chatlio: { widgets: [{ ...widget, kinds: ['bye'] }] } }, 'kinds[0] must be one of new-conv'],
    ['no title of the schema', { xdm: { ...manifest.xdm, schema: {} } }, 'manifest.xdm.schema.title must be a text'],
    ['no title of the field group', { xdm: { ...manifest.xdm, fieldGroup: {} } }, 'xdm.fieldGroup.title must be'],
    ['no name of the dataset', { dataset: { tags: {} } }, 'manifest.dataset.name must be a text'],
    ['a tag without values', { dataset: { name: 'd', tags: { a: 'b' } } }, 'manifest.dataset.tags.a must be a list'],
    ['half an identity', { identity: { field: 'visitorEmail' } }, 'manifest.identity.namespace must be a text'],
    [
      'an identity of no field',
      { identity: { ...manifest.identity, field: 7 } },
      'manifest.identity.field must be a text',
    ],
    ['no mapping', { mapping: [] }, 'manifest.mapping must be a filled list'],
    [
      'a mapping of another sort',
      { mapping: [{ source: 'a', sourceType: 'B', destination: 'c' }] },
      'one of ATTRIBUTE, EXPRESSION',
    ],
    ['half an answer', { mappingReads: ['message', ''] }, 'manifest.mappingReads[1] must be a text'],
    ['no delivery', { delivery: undefined }, 'manifest.delivery must be an object'],
  ])('is refused with %s', (_what, change, fault) => {
    expect(RESUME_INPUT({ manifest: { ...manifest, ...change } })).toContain(fault);
  });
});

import { describe, expect, it } from 'vitest';
import {
  findMarker,
  markerText,
  STEP_NAMES,
  STEPS,
  STEPS_WITH_DATA,
  stepsFor,
} from '../../../src/domain/source/steps.js';

describe('marker', () => {
  const marker = { name: 'support-chat', uid: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11' };

  it('is found again inside other text', () => {
    expect(findMarker(`Fields of Chatlio events. [${markerText(marker)}]`)).toEqual(marker);
  });

  it('is not found where there is none', () => {
    expect(findMarker('Fields of Chatlio events')).toBeUndefined();
    expect(findMarker(undefined)).toBeUndefined();
  });
});

describe('the steps of provisioning', () => {
  it('leave the identity descriptor out where the manifest has no identity', () => {
    expect(stepsFor({ identity: { namespace: 'Email' } })).toEqual(STEP_NAMES);
    expect(stepsFor({})).toEqual(STEP_NAMES.filter((step) => step !== 'identity-descriptor'));
  });

  it('come each after what it is made of, and what delivers comes last', () => {
    expect(STEP_NAMES).toEqual([
      'field-group',
      'schema',
      'identity-descriptor',
      'dataset',
      'source-connection',
      'target-connection',
      'mapping-set',
      'flow',
      'inlet',
      'webhook-routes',
    ]);
  });

  it('that hold delivered events, or say what they mean, are known: they are never deleted once there may be one', () => {
    expect([...STEPS_WITH_DATA].sort()).toEqual(['dataset', 'field-group', 'identity-descriptor', 'schema']);
  });

  it('are decided by the name and the sandbox wherever Adobe keeps what they make', () => {
    const notOfSandbox = STEP_NAMES.filter((step) => !STEPS[step].decidedBy.includes('sandbox'));
    expect(notOfSandbox).toEqual(['inlet', 'webhook-routes']);
    expect(STEP_NAMES.filter((step) => !STEPS[step].decidedBy.includes('name'))).toEqual(notOfSandbox);
  });

  it.each([
    ['xdm.fieldGroup', 'field-group'],
    ['xdm.fields', 'field-group'],
    ['contents', 'field-group'],
    ['xdm.schema', 'schema'],
    ['identity', 'identity-descriptor'],
    ['dataset', 'dataset'],
    ['mapping', 'mapping-set'],
    ['mappingReads', 'mapping-set'],
    ['delivery.settleWindowMs', 'inlet'],
    ['chatlio', 'webhook-routes'],
    ['delivery.partitions', 'webhook-routes'],
  ])('%s of a manifest is fixed once %s is made', (field, step) => {
    expect(STEP_NAMES.filter((name) => STEPS[name].decidedBy.includes(field))).toEqual([step]);
  });
});

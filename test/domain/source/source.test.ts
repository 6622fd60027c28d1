import { describe, expect, it } from 'vitest';
import {
  forwarderWorkflowId,
  manifestDifferences,
  SOURCE_MESSAGES,
  sourceWorkflowId,
  TASK_QUEUES,
  WORKFLOW_TYPES,
} from '../../../src/domain/source/source.js';
import { manifestFixture } from '../../support/manifest.js';

it('the workflows of a source are found by its name', () => {
  expect([sourceWorkflowId('support-chat'), forwarderWorkflowId('support-chat')]).toEqual([
    'source:support-chat',
    'forwarder:support-chat',
  ]);
});

it('what workers, people and histories know each other by keeps its names', () => {
  expect(TASK_QUEUES).toEqual({ source: 'chatlio-aep-source', forwarder: 'chatlio-aep-forwarder' });
  expect(WORKFLOW_TYPES).toEqual({ source: 'source', forwarder: 'forwarder', inquiry: 'inquiry' });
  expect(Object.values(SOURCE_MESSAGES)).toEqual([
    'resume',
    'abort',
    'pause',
    'unpause',
    'configure',
    'update',
    'teardown',
    'drift',
    'repair',
    'state',
  ]);
});

describe('two manifests', () => {
  const manifest = manifestFixture();

  it('are the same in whatever order their members stand', () => {
    const reversed = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).reverse()) as T;
    const same = {
      ...reversed(manifest),
      delivery: reversed(manifest.delivery),
      mapping: manifest.mapping.map(reversed),
    };
    expect(manifestDifferences(manifest, same)).toEqual([]);
  });

  it('differ in the fields that a person would have to look at, in order', () => {
    const other = {
      ...manifest,
      sandbox: 'dev',
      delivery: { ...manifest.delivery, concurrency: 1 },
      xdm: { ...manifest.xdm, schema: { title: 'Other' } },
      identity: { field: 'visitorEmail', namespace: 'Email', primary: true } as const,
    };
    expect(manifestDifferences({ ...manifest, identity: undefined }, other)).toEqual([
      'delivery.concurrency',
      'identity',
      'sandbox',
      'xdm.schema',
    ]);
  });

  it('are compared as a whole where lists stand: another order is another list', () => {
    const [first, second, ...rest] = manifest.mapping;
    if (first === undefined || second === undefined) throw new Error('the fixture has no mapping');
    expect(manifestDifferences(manifest, { ...manifest, mapping: [second, first, ...rest] })).toEqual(['mapping']);
  });

  it('are compared as a whole where a map has names of people’s own', () => {
    const tagged = { ...manifest, dataset: { ...manifest.dataset, tags: { team: ['a'], unit: ['b'] } } };
    const other = { ...manifest, dataset: { ...manifest.dataset, tags: { team: ['a'] } } };
    expect(manifestDifferences(tagged, other)).toEqual(['dataset.tags']);
  });

  it('differ where only one has a member', () => {
    const { tags: _none, ...untagged } = manifest.dataset;
    expect(manifestDifferences(manifest, { ...manifest, dataset: untagged as never })).toEqual(['dataset.tags']);
  });
});

import { expect, it } from 'vitest';
import { describeSource } from '../../src/domain/sourceDetails.js';
import { describeForwarder } from '../../src/domain/forwarderDetails.js';
import { initialForwarderState } from '../../src/domain/forwarderState.js';
import type { SourceState } from '../../src/domain/source.js';
import { manifestFixture } from '../support/manifest.js';

const state: SourceState = {
  v: 1,
  uid: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11',
  manifest: manifestFixture(),
  phase: 'held',
  steps: [
    { step: 'field-group', state: 'made', id: 'https://ns.adobe.com/acmetenant/mixins/0f0e0d' },
    { step: 'schema', state: 'held' },
    { step: 'dataset', state: 'waiting' },
  ],
  resources: {},
  remainders: [],
  hold: {
    step: 'schema',
    during: 'do',
    since: 0,
    error: {
      code: 'CAEP_TITLE_TAKEN',
      fields: { title: 'T', holder: 'somebody', field: 'xdm.schema.title' },
      adobe: { service: 'Schema Registry', httpStatus: 400, code: 'XDM-1521-400', requestId: 'r-1' },
    },
  },
};

it('tells an operator in the Temporal UI what is held, why, in whose words, and what to type', () => {
  const details = describeSource(state, 'source:support-chat');
  expect(details).toContain('| 1 | XDM field group | ✓ made | `0f0e0d` |');
  expect(details).toContain('| 2 | XDM schema | ■ **held** |  |');
  expect(details).toContain('The title "T" is taken by somebody');
  expect(details).toContain('Adobe: Schema Registry: HTTP 400, XDM-1521-400, request r-1');
  expect(details).toContain('chatlio-aep resume support-chat --adopt');
  expect(details).toContain(
    "temporal workflow update execute --workflow-id source:support-chat --name resume --input '{}'",
  );
});

it('begins with what the summary said, also in runs that have none, and ends with a line that may be cut off', () => {
  const details = describeSource(state, 'source:support-chat').split('\n');
  expect(details[0]).toContain('Chatlio source **support-chat** in sandbox `prod`');
  expect(details.slice(-2).join('').trim()).toBe('');
  const forwarding = initialForwarderState({
    v: 1,
    uid: 'u',
    name: 'support-chat',
    delivery: manifestFixture().delivery,
  });
  const forwarder = describeForwarder(forwarding, 'support-chat', 'forwarder:support-chat').split('\n');
  expect(forwarder[0]).toContain('Delivery of the events of **support-chat**');
  expect(forwarder.slice(-2).join('').trim()).toBe('');
});

it('names what was left behind', () => {
  const left = {
    ...state,
    hold: undefined,
    remainders: [{ step: 'mapping-set', id: 'm-1', reason: 'no way' }],
  } as const;
  expect(describeSource(left, 'w')).toContain('- mapping set `m-1`: no way');
});

it('says how many events a teardown has left for a decision', () => {
  const details = describeSource({ ...state, phase: 'torn-down', hold: undefined, heldEvents: 3 }, 'w');
  expect(details).toContain('3 events are held for a decision');
  expect(details).toContain('chatlio-aep held list support-chat');
});

it('says that a source is paused, by whom and why, and how to end it', () => {
  const paused = { since: 0, by: 'ana', reason: 'maintenance', flowDisabled: true };
  const opensAt = '2026-01-01T00:05:00.000Z';
  const details = describeSource({ ...state, phase: 'live', hold: undefined, opensAt, paused }, 'source:support-chat');
  expect(details).toContain('**paused by ana: maintenance**, since 1970-01-01T00:00:00.000Z');
  expect(details).toContain('The flow is disabled at Adobe.');
  expect(details).toContain('chatlio-aep unpause support-chat');
  expect(details).toContain(
    "temporal workflow update execute --workflow-id source:support-chat --name unpause --input '{}'",
  );
  expect(details).not.toContain('Events are sent from');
});

it('says which operation on a live source is under way', () => {
  const operation = { kind: 'unpause', startedAt: 0, undo: [] } as const;
  const details = describeSource({ ...state, phase: 'live', hold: undefined, operation }, 'w');
  expect(details).toContain('**unpause** is under way since 1970-01-01T00:00:00.000Z.');
});

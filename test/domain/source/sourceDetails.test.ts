import { expect, it } from 'vitest';
import { WITHOUT_PROOF } from '../../../src/domain/exceptions/proof.js';
import { countOfHeld, describeSource } from '../../../src/domain/source/sourceDetails.js';
import { describeForwarder } from '../../../src/domain/delivery/forwarderDetails.js';
import { initialForwarderState } from '../../../src/domain/delivery/forwarderState.js';
import type { SourceState } from '../../../src/domain/source/source.js';
import { manifestFixture } from '../../support/manifest.js';

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
  expect(details).toContain('| 1 | XDM field group | ✓\u00a0made | `0f0e0d` |');
  expect(details).toContain('| 2 | XDM schema | ■\u00a0**held** |  |');
  expect(details).toContain('The title "T" is already used by somebody');
  expect(details).toContain('Adobe: Schema Registry: HTTP 400, XDM-1521-400, request r-1');
  expect(details).toContain('chatlio-aep resume support-chat --adopt');
  expect(details).toContain(
    "temporal workflow update execute \\\n  --workflow-id source:support-chat --name resume --input '{}'",
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
  expect(forwarder[0]).toContain('Delivery of **support-chat**');
  expect(forwarder.slice(-2).join('').trim()).toBe('');
});

it('shows no command that is wider than the column of the UI', () => {
  const details = describeSource(state, 'source:support-chat');
  const commands = [...details.matchAll(/```\n(.*?)```/gs)].flatMap(([, block = '']) => block.trimEnd().split('\n'));
  expect(commands).toHaveLength(4);
  expect(commands.filter((line) => line.length > 70)).toEqual([]);
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
    "temporal workflow update execute \\\n  --workflow-id source:support-chat --name unpause --input '{}'",
  );
  expect(details).not.toContain('Events are sent from');
});

it('says which operation on a live source is under way', () => {
  const operation = { kind: 'unpause', startedAt: 0, undo: [] } as const;
  const details = describeSource({ ...state, phase: 'live', hold: undefined, operation }, 'w');
  expect(details).toContain('**unpause** has been running since 1970-01-01T00:00:00.000Z.');
});

it('shows of every step how far it has come, in words that are not broken', () => {
  const marks = {
    waiting: '·\u00a0waiting',
    running: '▶\u00a0running',
    made: '✓\u00a0made',
    adopted: '✓\u00a0adopted',
    held: '■\u00a0**held**',
    undoing: '↺\u00a0undoing',
    undone: '↺\u00a0undone',
    left: '!\u00a0left',
  } as const;
  for (const [stepState, mark] of Object.entries(marks)) {
    const steps = [{ step: 'flow', state: stepState as keyof typeof marks }] as const;
    expect(describeSource({ ...state, hold: undefined, steps }, 'w')).toContain(`| 1 | flow | ${mark} |  |`);
  }
});

it('says what an abort does: undo what was made, or leave the rest of what is being undone', () => {
  const doing = describeSource(state, 'w');
  const aborting = (shown: string) => /^chatlio-aep abort support-chat +# (.*)$/m.exec(shown)?.[1];
  expect([doing.includes('(making it)'), aborting(doing)]).toEqual([true, expect.stringMatching(/^undo /)]);
  const hold = {
    ...state.hold,
    step: 'schema',
    during: 'undo',
    since: 0,
    error: state.hold?.error,
  } as SourceState['hold'];
  const undoing = describeSource({ ...state, hold }, 'w');
  expect([undoing.includes('(undoing it)'), aborting(undoing)]).toEqual([true, expect.stringMatching(/leave .*rest/)]);
});

it('does not repeat Adobe’s words where the sentence has them already, nor makes any up', () => {
  const adobe = { service: 'Catalog', httpStatus: 400 };
  const held = (error: object) =>
    describeSource({ ...state, hold: { step: 'schema', during: 'do', since: 0, error: error as never } }, 'w');
  expect(held({ code: 'CAEP_ADOBE_REFUSED', fields: {}, adobe })).not.toContain('Adobe: Catalog');
  expect(held({ code: 'CAEP_TITLE_TAKEN', fields: { title: 'T' } })).not.toContain('Adobe: ');
});

it('says when events are sent, once the settle window of a live source is over, and nothing of it before', () => {
  const opensAt = '2026-01-01T00:05:00.000Z';
  const live = { ...state, phase: 'live', hold: undefined } as const;
  expect(describeSource({ ...live, opensAt }, 'w')).toContain(
    'Live. Events are sent from 2026-01-01T00:05:00.000Z on.',
  );
  expect(describeSource(live, 'w')).toContain('Live. Webhook URLs: `chatlio-aep urls support-chat`');
  expect(describeSource(live, 'w')).not.toContain('under way');
  expect(describeSource({ ...state, opensAt }, 'w')).not.toContain('Live.');
});

it('says of a pause that disabled nothing, nothing of the flow', () => {
  const paused = describeSource({ ...state, phase: 'live', hold: undefined, paused: { since: 0 } }, 'w');
  expect(paused).not.toContain('The flow is disabled');
});

it('counts what was left behind and what is held only where there is something', () => {
  const clean = describeSource({ ...state, hold: undefined, heldEvents: 0 }, 'w');
  expect(clean).not.toMatch(/Left behind|held for a decision|resume/);
  expect([countOfHeld(1), countOfHeld(2)]).toEqual([
    '1 event is held for a decision',
    '2 events are held for a decision',
  ]);
  const left = { ...state, remainders: [{ step: 'flow', reason: 'unknown' }] } as const;
  expect(describeSource(left, 'w')).toContain('**Left behind**\n\n- flow: unknown');
});

it('says of a live source without proof what that means', () => {
  const live = { ...state, phase: 'live', hold: undefined } as const;
  const unproven = { ...live, manifest: { ...live.manifest, proof: 'none' } } as const;
  expect(describeSource(unproven, 'source:chat')).toContain(WITHOUT_PROOF);
  expect(describeSource(live, 'source:chat')).not.toContain('proof');
});

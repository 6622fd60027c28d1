import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { closeGateOf } from '../../../src/activities/steps/gate.js';
import { standingAmong } from '../../../src/activities/steps/ownership.js';
import type { StepContext } from '../../../src/activities/steps/step.js';
import { adoptionText } from '../../../src/domain/source/steps.js';

const MARKER = { name: 'support-chat', uid: '42d21aca-c922-4617-bd1c-dbacb24baf6b' };
const ADOPTED = { id: 'theirs', name: 'Chatlio support-chat', description: adoptionText(MARKER) };

const standing = (generation?: number) =>
  standingAmong([ADOPTED], {
    step: 'source-connection',
    marker: { ...MARKER, ...(generation === undefined ? {} : { generation }) },
    name: ADOPTED.name,
    nameOf: ({ name }) => name,
    resourceOf: ({ id }) => ({ id }),
    taken: 'name',
  });

it('what was adopted is used, and is neither ours nor in the way where another is to take its place', () => {
  expect(standing().ours).toMatchObject([{ id: 'theirs', origin: 'adopted' }]);
  expect(standing(2)).toEqual({ ours: [], foreign: undefined });
});

it.each([
  ['the flow in use', 'flow-1', 'flow-1', true],
  ['a flow of which nothing is known', 'flow-1', undefined, true],
  ['one in whose place another stands', 'flow-1', 'flow-2', false],
])('sending stops before %s is taken away: %s, %s', async (_which, flowId, inUse, stops) => {
  const closed: string[] = [];
  const store = {
    flowId: () => Promise.resolve(inUse),
    closeGate: (_marker: object, reason: string) => Promise.resolve(void closed.push(reason)),
    quiet: () => Promise.resolve({ quiet: true }),
  };
  const context = { store, marker: MARKER } as unknown as StepContext;
  await new MockActivityEnvironment().run(() => closeGateOf(context, flowId, 'it is given back'));
  expect(closed).toEqual(stops ? ['it is given back'] : []);
});

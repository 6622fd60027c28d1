import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { awaitFlow, switchFlow } from '../../src/activities/flowState.js';
import { type Flow, flowSchema } from '../../src/adobe/services/flowServiceShapes.js';

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => {
    vi.setSystemTime(Date.now() + ms);
    return Promise.resolve();
  },
}));
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const asked = (flow: object) => ({
  flowService: {
    getFlow: () => Promise.resolve(flowSchema.parse({ id: 'f1', name: 'Chatlio', ...flow })),
    flowAction: () => Promise.resolve({ id: 'f1' }),
  },
  flowId: 'f1',
  signal: new AbortController().signal,
});
const isEnabled = (flow: Flow | undefined): flow is Flow => flow?.state === 'enabled';
const awaiting = (flow: object) => awaitFlow(asked(flow), 'enabled', isEnabled);

it.each([
  ['as a list of objects', [{ code: 'FLOW-1', message: 'no inlet\u001B[31m' }], 'enable, failed, FLOW-1: no inlet'],
  ['as texts', ['quota reached', 'try later'], 'enable, failed, quota reached; try later'],
  ['in a form that nobody knows', [{ why: 7 }], 'enable, failed, {"why":7}'],
  ['of none', [], 'enable, failed'],
])(
  'a flow that is not enabled is told with what Adobe says of its last operation: errors %s',
  async (_form, errors, said) => {
    const lastOperation = { started: 1, updated: 2, operation: 'enable', status: { value: 'failed', errors } };
    await expect(awaiting({ state: 'initializing', lastOperation })).rejects.toMatchObject({
      error: {
        code: 'CAEP_FLOW_NOT_ENABLED',
        fields: { id: 'f1', state: 'initializing', lastOperation: expect.stringContaining(said) as string },
      },
      message: expect.not.stringContaining('\u001B') as string,
    });
  },
);

it('of one of which Adobe says nothing the state is told', async () => {
  await expect(awaiting({ state: 'pending', lastOperation: 'odd' })).rejects.toMatchObject({
    error: { code: 'CAEP_FLOW_NOT_ENABLED', fields: { id: 'f1', state: 'pending', waited: '2m' } },
  });
});

it('a long answer is cut, and unpausing tells the same', async () => {
  const lastOperation = { operation: 'enable', status: { value: 'failed', errors: ['x'.repeat(5_000)] } };
  await expect(switchFlow(asked({ state: 'enabling', lastOperation }), 'enabled')).rejects.toMatchObject({
    message: expect.stringMatching(/^.{900,1300}$/) as string,
  });
});

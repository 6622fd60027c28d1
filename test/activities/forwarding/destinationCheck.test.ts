import { expect, it } from 'vitest';
import {
  createDestinationCheck,
  type DestinationCheckDependencies,
} from '../../../src/activities/forwarding/destinationCheck.js';
import { closeGate } from '../../../src/store/delivery/gate.js';
import { withBench } from '../drain/overHttp/bench.js';

const bench = withBench();

/** An Adobe where the flow is in this state. */
const flowIn = (state: string) =>
  ({ forSandbox: () => ({ flowService: { getFlow: () => Promise.resolve({ state }) } }) }) as unknown as Pick<
    DestinationCheckDependencies,
    'adobe'
  >['adobe'];

it('has nothing to say of a flow that is disabled while the gate is closed: a pause may have done both', async () => {
  const { database, keyRing, uid, sourceId, open } = bench();
  const check = createDestinationCheck({ database, keyRing, adobe: flowIn('disabled'), configuration: {} });
  await open();
  expect(await check({ uid, sandbox: 'prod' })).toMatchObject({ well: false, stops: 'held' });
  await closeGate(database, sourceId, 'paused by ana');
  expect(await check({ uid, sandbox: 'prod' })).toEqual({ well: true, closedFor: 'paused by ana' });
});

import { expect, it } from 'vitest';
import { planCluster } from '../../cluster/plan.js';
import { readConfiguration } from '../../src/configuration.js';
import type { StackContext } from '../../src/dev/context.js';

const SHAPE = { server: '1.32.2', workers: 2, receivers: 3 } as const;
const ADOBE = { ADOBE_CLIENT_ID: 'id', ADOBE_CLIENT_SECRET: 'secret', ADOBE_ORG_ID: 'A@AdobeOrg' };

function optionsOf(given: NodeJS.ProcessEnv) {
  const environment = { HOME: '/nowhere', CHATLIO_AEP_HOME: '/tmp/of-cluster-plan', ...given };
  return { configuration: readConfiguration(environment), environment, log: () => undefined };
}

async function planned(given: NodeJS.ProcessEnv) {
  const options = optionsOf(given);
  const plan = await planCluster(options, SHAPE);
  const ports = { temporal: 1, temporalUi: 2, postgres: 3, simulator: 4, receiver: 5 };
  const context: StackContext = { options, ports, environment: {} };
  return { plan, context, names: plan.stages(context).map((stage) => stage.map(({ name }) => name)) };
}

const ROLES = ['temporal-frontend', 'temporal-history', 'temporal-matching', 'temporal-worker'];
const PRODUCT = ['temporal-ui', 'worker-1', 'worker-2', 'receiver-1', 'receiver-2', 'receiver-3'];

it('starts what keeps data, then the roles of Temporal, the product on them, and the balancer once there are receivers', async () => {
  const { names } = await planned({});
  expect(names).toEqual([['postgres'], [...ROLES, 'simulator'], PRODUCT, ['balancer']]);
});

it('starts no PostgreSQL and no simulator where they are named', async () => {
  const { names, plan } = await planned({ DATABASE_URL: 'postgres://a:b@127.0.0.1/x', ...ADOBE });
  expect(names).toEqual([[], ROLES, PRODUCT, ['balancer']]);
  expect(plan.ports).toEqual(['temporal', 'temporalUi', 'receiver']);
  expect(plan.parts).toEqual([]);
});

it('tells commands where the balancer is, and the keys, which are those of the home folder', async () => {
  const { context } = await planned({});
  expect(context.environment).toMatchObject({
    RECEIVER_PUBLIC_URL: 'http://localhost:5',
    CHATLIO_AEP_KEY_FILE: '/tmp/of-cluster-plan/keys.json',
  });
});

it('refuses where a Temporal server is named', async () => {
  const refused = planCluster(optionsOf({ TEMPORAL_ADDRESS: '127.0.0.1:7233' }), SHAPE);
  await expect(refused).rejects.toThrow('npm run cluster starts a Temporal server of its own');
});

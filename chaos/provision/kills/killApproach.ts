/** How the sources of a wave are brought to the moment of the kill. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { isBoundary, type KillPoint, killRule, parkRule, SLOW_MS } from '../../stack/kills/killPoints.js';
import { waitForHit } from '../../stack/kills/hits.js';
import { patiently } from '../../stack/patience.js';
import { type SourceUnderTest, waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import { permit, refuse } from '../cells/cell.js';
import { type AdobeStep, INLET_READ, STEP_REQUESTS } from '../../stack/product/stepRequests.js';

export type Operation = 'provision' | 'abort' | 'cancel';

export interface Approach {
  readonly what: string;
  readonly name: string;
  /** For so long after the kill may have an effect what was under way. */
  readonly aftermathMs: number;
  /** Starts the source and brings it near its point. */
  approach(stack: ChaosStack, source: SourceUnderTest, operation: Operation): Promise<void>;
  /** When all of the wave have come near: on to the point itself. Resolves when the source is there. */
  arrive(stack: ChaosStack, source: SourceUnderTest): Promise<void>;
  /** After the kill: nothing is in the way any more. */
  clear(stack: ChaosStack, source: SourceUnderTest): Promise<void>;
}

const NEAR_TIMEOUT_MS = 120_000;
const THERE_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** Parked right before the request, then held inside it by a fault. */
export function atRequest(point: KillPoint): Approach {
  const parkId = ({ name }: SourceUnderTest) => `${name}-park`;
  const killId = (source: SourceUnderTest) => (isBoundary(point) ? parkId(source) : `${source.name}-kill`);
  return {
    what: point.what,
    name: point.name,
    aftermathMs: 2 * SLOW_MS,
    async approach(stack, source, operation) {
      if (operation === 'abort') {
        await refuse(stack, source, INLET_READ);
        await source.start();
        await waitForStand(source, ['held'], NEAR_TIMEOUT_MS);
      }
      await stack.simulator.place(parkId(source), parkRule(source.sandbox, point));
      if (!isBoundary(point)) await stack.simulator.place(killId(source), killRule(source.sandbox, point));
      if (operation === 'abort') await source.abort();
      else await source.start();
      await waitForHit(stack.simulator, parkId(source), NEAR_TIMEOUT_MS);
    },
    async arrive(stack, source) {
      // Replaced at once, so that no request slips through in between.
      if (isBoundary(point)) await stack.simulator.place(killId(source), killRule(source.sandbox, point));
      else await stack.simulator.remove(parkId(source));
      await waitForHit(stack.simulator, killId(source), THERE_TIMEOUT_MS);
    },
    async clear(stack, source) {
      await permit(stack, source);
      for (const id of new Set([parkId(source), killId(source)])) await stack.simulator.remove(id);
    },
  };
}

/**
 * Every request of the step is slow. The server's absence ends the attempt for Temporal, but not in the worker: the old
 * attempt may still be on its way to its create when the next one has looked and has waited.
 */
export function inSlowStep(step: AdobeStep): Approach {
  const { lookup, create, alsoReads = [] } = STEP_REQUESTS[step];
  const fault = { kind: 'slow', ms: SLOW_MS, when: 'before-effect' } as const;
  const ruleId = ({ name }: SourceUnderTest, route: string) => `${name}-slow-${route}`;
  return {
    what: 'in an attempt that goes on slowly',
    name: `slow ${step}`,
    // Up to four requests of the attempt, one after the other.
    aftermathMs: 4 * SLOW_MS,
    async approach({ simulator }, source) {
      const { sandbox } = source;
      for (const route of [lookup, create, ...alsoReads, 'schemaregistry.stats']) {
        await simulator.place(ruleId(source, route), { match: { sandbox, route }, fault });
      }
    },
    async arrive(stack, source) {
      await source.start();
      await waitForHit(stack.simulator, ruleId(source, lookup), THERE_TIMEOUT_MS);
    },
    clear: async () => undefined,
  };
}

/** Held in the one step that writes to PostgreSQL alone, by a lock on its table. One for all sources of a wave. */
export function atWebhookRoutes(): Approach {
  let locked: Promise<Client> | undefined;
  return {
    what: 'between two steps',
    name: 'before webhook-routes',
    aftermathMs: 0,
    async approach(stack, source) {
      locked ??= lockRoutes(stack);
      await locked;
      await source.start();
    },
    async arrive(_stack, source) {
      const deadline = performance.now() + NEAR_TIMEOUT_MS;
      for (;;) {
        const { steps } = await patiently(() => source.state());
        if (steps.some(({ step, state }) => step === 'webhook-routes' && state === 'running')) return;
        if (performance.now() > deadline) throw new Error('it does not come to the webhook routes');
        await delay(POLL_MS);
      }
    },
    async clear() {
      const client = await locked;
      locked = undefined;
      await client?.end().catch(() => undefined);
    },
  };
}

async function lockRoutes({ databaseUrl }: ChaosStack): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl });
  // PostgreSQL may be the one that is killed.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query('lock table route in access exclusive mode');
  return client;
}

/** Wherever it is after this time. */
export function afterMs(waitMs: number): Approach {
  return {
    what: 'at a random moment',
    name: `after ${Math.round(waitMs)} ms`,
    aftermathMs: 0,
    approach: async () => undefined,
    async arrive(_stack, source) {
      await source.start();
      await delay(waitMs);
    },
    clear: async () => undefined,
  };
}

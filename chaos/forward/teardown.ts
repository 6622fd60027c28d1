/**
 * A source is torn down while webhooks come in and its worker is killed, and its name is taken again: what was answered with
 * 2xx before the end is delivered or held, and everything that the successor takes is delivered.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Sources } from '../../src/temporal/sources/port.js';
import { sourceWorkflowId } from '../../src/domain/source/source.js';
import type { Database } from '../../src/store/connection/database.js';
import type { KeyRing } from '../../src/store/keys/keyRing.js';
import { patiently } from '../stack/patience.js';
import type { TakenEvent } from './load/load.js';
import { postWebhook, webhookPool } from './load/postWebhook.js';
import { provisionSource, type ForwardedSource } from './source.js';
import type { ForwardStack } from './stack.js';
import { bodyOf, eventKeyOf, postsOf } from './load/webhooks.js';

/** Its name, and of the one that comes after it. */
export const LEAVING = 'chat-leaving';
const WIDGET = 'leaving-site';
/** Some are delivered by then, some are on their way. */
const TAKEN_BEFORE_THE_END = 60;
const POSTS_OF_THE_SUCCESSOR = 60;
/** Never reached: the webhook URLs are retired before. */
const MOST_POSTS = 50_000;
const SENDERS = 8;
const ENDED_WITHIN_MS = 180_000;
const POLL_MS = 200;

export async function tearDownUnderTraffic(deps: {
  readonly stack: ForwardStack;
  readonly client: Client;
  readonly sources: Sources;
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly seed: number;
}): Promise<ReadonlyMap<string, TakenEvent>> {
  const { stack, client, seed } = deps;
  const taken = new Map<string, TakenEvent>();
  const source = await provisionSource({ ...deps, name: LEAVING, widget: WIDGET });
  const posting = postUntilRetired({ stack, source, seed, taken, most: MOST_POSTS });
  while (taken.size < TAKEN_BEFORE_THE_END) await delay(POLL_MS);
  const ending = client.workflow.getHandle(sourceWorkflowId(LEAVING));
  await patiently(async () => void (await ending.cancel()));
  await stack.processes['worker-1'].kill();
  await stack.processes['worker-1'].start();
  const deadline = performance.now() + ENDED_WITHIN_MS;
  while ((await patiently(() => ending.describe())).status.name === 'RUNNING') {
    if (performance.now() > deadline) throw new Error(`${LEAVING} is not torn down`);
    await delay(POLL_MS);
  }
  await posting;

  const successor = await provisionSource({ ...deps, name: LEAVING, widget: WIDGET, edition: 'second' });
  await postUntilRetired({ stack, source: successor, seed: seed + 1, taken, most: POSTS_OF_THE_SUCCESSOR });
  return taken;
}

/** @param options.taken what was answered with 2xx is added to it */
async function postUntilRetired(options: {
  readonly stack: ForwardStack;
  readonly source: ForwardedSource;
  readonly seed: number;
  readonly taken: Map<string, TakenEvent>;
  readonly most: number;
}): Promise<void> {
  const { stack, source, seed, taken, most } = options;
  const pools = stack.receiverUrls.map((url) => webhookPool(url, SENDERS));
  const posts = postsOf(seed, most)
    .filter(({ form, bytes }) => form === 'plain' && bytes === undefined)
    .values();
  let isRetired = false;

  async function send(sender: number): Promise<void> {
    for (const post of posts) {
      const body = bodyOf(seed, post);
      for (let attempt = sender; !isRetired; attempt += 1) {
        const pool = pools[attempt % pools.length];
        if (pool === undefined) return;
        const { status, taken: event } = await postWebhook(pool, source.webhookPath(post.kind), body);
        if (event !== undefined) {
          const key = `${seed}/${eventKeyOf(post)}`;
          const arrivals = taken.get(key)?.arrivals ?? [];
          taken.set(key, { eventId: event.eventId, arrivals: [...arrivals, event.arrival] });
          break;
        }
        if (status === 404) isRetired = true;
        else await delay(POLL_MS);
      }
      if (isRetired) return;
    }
  }

  await Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(sender)));
  await Promise.all(pools.map((pool) => pool.close()));
}

/** Webhooks for one source, one after the other, for as long as its sequence takes. What is answered with 2xx is remembered. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kind } from '../../../src/domain/events/kinds.js';
import type { TakenEvent } from '../../forward/load/load.js';
import { postWebhook, webhookPool } from '../../forward/load/postWebhook.js';
import { bodyOf, eventKeyOf, postsOf } from '../../forward/load/webhooks.js';

export interface Chats {
  /** By what makes an event this event. */
  readonly taken: ReadonlyMap<string, TakenEvent>;
  end(): Promise<void>;
}

const MOST_POSTS = 5_000;
const EVERY_MS = 150;

/** @param options.pathOf undefined where the source has no URLs yet */
export function startChats(options: {
  readonly receiverUrl: string;
  readonly seed: number;
  readonly pathOf: (kind: Kind) => string | undefined;
}): Chats {
  const { receiverUrl, seed, pathOf } = options;
  const taken = new Map<string, TakenEvent>();
  const ending = new AbortController();
  const pool = webhookPool(receiverUrl, 1);

  async function post(): Promise<void> {
    for (const one of postsOf(seed, MOST_POSTS)) {
      if (one.form !== 'plain' || one.bytes !== undefined) continue;
      const body = bodyOf(seed, one);
      for (let isTaken = false; !isTaken; ) {
        await delay(EVERY_MS);
        if (ending.signal.aborted) return;
        const path = pathOf(one.kind);
        // Not taken, as there is no such source just now: the next attempt finds out.
        const { taken: event } = path === undefined ? {} : await postWebhook(pool, path, body);
        if (event === undefined) continue;
        isTaken = true;
        const key = `${seed}/${eventKeyOf(one)}`;
        const arrivals = taken.get(key)?.arrivals ?? [];
        taken.set(key, { eventId: event.eventId, arrivals: [...arrivals, event.arrival] });
      }
    }
  }

  const posting = post();
  return {
    taken,
    async end() {
      ending.abort();
      await posting;
      await pool.close();
    },
  };
}

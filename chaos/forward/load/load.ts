/**
 * Posts the run's webhooks and remembers what was answered. What is not answered with 2xx is posted again with the same
 * bytes, as the operator of a proxy in front of the receivers would; some of it only much later.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kind } from '../../../src/domain/events/kinds.js';
import { postWebhook, webhookPool } from './postWebhook.js';
import { type Random, randomOf } from '../random.js';
import { bodyOf, eventKeyOf, type Post } from './webhooks.js';

/** What the receivers have answered about an event. */
export interface TakenEvent {
  readonly eventId: string;
  /** `logged`, `redelivered`, `drifted`, `conflict`, `held`, each as often as it was answered. */
  readonly arrivals: readonly string[];
}

export interface Load {
  /** Posts that have been answered with 2xx. */
  answered(): number;
  /** Requests without a 2xx. */
  failed(): number;
  /** Posts up to this number may begin. */
  allow(posts: number): void;
  /** By event key. */
  taken(): ReadonlyMap<string, TakenEvent>;
  /** Answers that contradict each other. */
  contradictions(): readonly string[];
  /** Resolves when each post has been answered with 2xx. */
  finished: Promise<void>;
}

const CONNECTIONS = 48;
const RETRY_MS = { from: 50, to: 1_500 } as const;
const LATE_RETRY_MS = { from: 5_000, to: 15_000 } as const;
const LATE_RETRY = 0.05;
const ALLOWANCE_POLL_MS = 20;

export function startLoad(options: {
  readonly seed: number;
  readonly posts: readonly Post[];
  readonly receiverUrls: readonly string[];
  /** Of the webhooks of a kind. */
  readonly pathOf: (kind: Kind) => string;
}): Load {
  const { seed, posts, receiverUrls } = options;
  const pools = receiverUrls.map((url) => webhookPool(url, CONNECTIONS));
  const taken = new Map<string, { readonly eventId: string; readonly arrivals: string[] }>();
  const keyOfId = new Map<string, string>();
  const contradictions: string[] = [];
  let next = 0;
  let allowed = 0;
  let answered = 0;
  let failed = 0;

  function note(post: Post, { eventId, arrival }: { eventId: string; arrival: string }): void {
    const key = eventKeyOf(post);
    const known = taken.get(key) ?? { eventId, arrivals: [] };
    taken.set(key, known);
    known.arrivals.push(arrival);
    if (known.eventId !== eventId) contradictions.push(`${key} was answered as ${known.eventId} and as ${eventId}`);
    const other = keyOfId.get(eventId) ?? key;
    if (other !== key) contradictions.push(`${eventId} was answered for ${other} and for ${key}`);
    keyOfId.set(eventId, key);
  }

  async function postUntilAnswered(post: Post, random: Random): Promise<void> {
    const body = bodyOf(seed, post);
    for (;;) {
      const pool = pools[random.below(pools.length)];
      const { taken: answer } = pool === undefined ? {} : await postWebhook(pool, options.pathOf(post.kind), body);
      if (answer !== undefined) {
        note(post, answer);
        answered += 1;
        return;
      }
      failed += 1;
      const { from, to } = random.chance(LATE_RETRY) ? LATE_RETRY_MS : RETRY_MS;
      await delay(random.between(from, to));
    }
  }

  async function postAll(): Promise<void> {
    const running = new Set<Promise<void>>();
    const mayBegin = () => next < allowed && running.size < CONNECTIONS * pools.length;
    for (const post of posts) {
      while (!mayBegin()) await delay(ALLOWANCE_POLL_MS);
      next += 1;
      const posting = postUntilAnswered(post, randomOf(seed ^ (next * 2_654_435_761)));
      running.add(posting);
      void posting.finally(() => running.delete(posting));
    }
    await Promise.all(running);
    await Promise.all(pools.map((pool) => pool.close()));
  }

  return {
    answered: () => answered,
    failed: () => failed,
    allow(count) {
      allowed = Math.max(allowed, count);
    },
    taken: () => taken,
    contradictions: () => contradictions,
    finished: postAll(),
  };
}

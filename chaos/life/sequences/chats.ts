/**
 * Webhooks for one source, one after the other, for as long as its sequence takes: while it is changed, while it is taken down, and
 * when it is gone. What is answered with 2xx is remembered, and each answer has to fit what the source is just then.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kind } from '../../../src/domain/events/kinds.js';
import type { TakenEvent } from '../../forward/load/load.js';
import { postWebhook, type WebhookAnswer, webhookPool } from '../../forward/load/postWebhook.js';
import { bodyOf, eventKeyOf, postsOf } from '../../forward/load/webhooks.js';

/** `none`: it has no URLs yet. `ending`: they are being revoked. `over`: they were. */
export type Intake = 'none' | 'live' | 'ending' | 'over';
type Paths = ReadonlyMap<Kind, string>;

export interface Chats {
  /** By what makes an event this event. */
  readonly taken: ReadonlyMap<string, TakenEvent>;
  /** Answers by status; 0: none came. */
  readonly answers: ReadonlyMap<number, number>;
  /** Answers that do not fit. */
  readonly faults: readonly string[];
  /** From now on. Once it is live its new URLs are read. */
  change(intake: Intake): Promise<void>;
  end(): Promise<void>;
}

const MOST_POSTS = 20_000;
const EVERY_MS = 150;
/** Of the posts, to a URL of an earlier life. */
const OLD_URL_EVERY = 10;
const NOT_FOUND = 404;

/** @param options.readPaths those of the source that is live now */
export function startChats(options: {
  readonly receiverUrl: string;
  readonly seed: number;
  readonly readPaths: () => Promise<Paths>;
}): Chats {
  const { receiverUrl, seed, readPaths } = options;
  const taken = new Map<string, TakenEvent>();
  const answers = new Map<number, number>();
  const faults: string[] = [];
  const ending = new AbortController();
  const pool = webhookPool(receiverUrl, 1);
  const revoked: Paths[] = [];
  let paths: Paths = new Map();
  let now: { readonly intake: Intake } = { intake: 'none' };

  async function post(): Promise<void> {
    let posts = 0;
    for (const one of postsOf(seed, MOST_POSTS)) {
      if (one.form !== 'plain' || one.bytes !== undefined) continue;
      const body = bodyOf(seed, one);
      for (let isTaken = false; !isTaken; ) {
        await delay(EVERY_MS);
        if (ending.signal.aborted) return;
        const path = paths.get(one.kind);
        if (path === undefined) continue;
        posts += 1;
        const old = revoked[posts % Math.max(revoked.length, 1)]?.get(one.kind);
        if (old !== undefined && posts % OLD_URL_EVERY === 0) await postTo(old, body, 'over');
        const event = await postTo(path, body);
        // Not taken, as there is no such source just now: the next attempt finds out.
        if (event === undefined) continue;
        isTaken = true;
        const key = `${seed}/${eventKeyOf(one)}`;
        const arrivals = taken.get(key)?.arrivals ?? [];
        taken.set(key, { eventId: event.eventId, arrivals: [...arrivals, event.arrival] });
      }
    }
  }

  async function postTo(path: string, body: string, url?: Intake): Promise<WebhookAnswer['taken']> {
    const before = now;
    const { status = 0, taken: event } = await postWebhook(pool, path, body);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    // One that has met a change may be answered as before and as after it.
    const intake = url ?? (before === now ? now.intake : 'ending');
    const wrong = misfitOf(intake, { status, isTaken: event !== undefined });
    if (wrong !== undefined) faults.push(wrong);
    return event;
  }

  const posting = post();
  return {
    taken,
    answers,
    faults,
    async change(intake) {
      if (intake === 'live') {
        if (paths.size > 0) revoked.push(paths);
        paths = await readPaths();
      }
      now = { intake };
    },
    async end() {
      ending.abort();
      await posting;
      await pool.close();
    },
  };
}

/** Pure. @returns in what an answer does not fit what the URL is just then */
export function misfitOf(
  intake: Intake,
  { status, isTaken }: { readonly status: number; readonly isTaken: boolean },
): string | undefined {
  if (intake === 'live') return isTaken ? undefined : `an event was answered with ${status} while its source was live`;
  if (intake === 'over' && isTaken) return `an event was answered with ${status} at a URL that had been revoked`;
  return isTaken || status === NOT_FOUND
    ? undefined
    : `an event was answered with ${status}, neither taken nor refused`;
}

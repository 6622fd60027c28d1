import { expect, it } from 'vitest';
import { planOf } from '../../../chaos/forward/plan.js';
import { bodyOf, eventKeyOf, postsOf } from '../../../chaos/forward/webhooks.js';
import { readRequest } from '../../../src/chatlio/readRequest.js';

it('a seed decides the whole run', () => {
  expect(postsOf(7, 500)).toEqual(postsOf(7, 500));
  expect(postsOf(8, 500)).not.toEqual(postsOf(7, 500));
  expect(planOf(7, 10_000, 50)).toEqual(planOf(7, 10_000, 50));
});

it('plans as many strikes as were asked for', () => {
  const strikes = planOf(3, 100_000, 200).flatMap(({ act }) =>
    act.kind === 'flow-change' ? act.strikes : act.kind === 'kill' || act.kind === 'pause' ? [act] : [],
  );
  expect(strikes).toHaveLength(200);
  expect(new Set(strikes.map(({ victim }) => victim)).size).toBe(8);
});

it('posts of one event have one id, posts of different events have different ids', () => {
  const idOf = new Map<string, string>();
  const posts = postsOf(5, 3_000);
  expect(new Set(posts.map(({ form }) => form))).toEqual(new Set(['plain', 'drifted', 'conflicting', 'broken']));
  for (const post of posts) {
    const raw = Buffer.from(bodyOf(5, post));
    const { eventId } = idIn(readRequest({ widget: 'w', kind: post.kind, raw, receivedAtMs: 0 }));
    const key = eventKeyOf(post);
    expect(idOf.get(key) ?? eventId, key).toBe(eventId);
    idOf.set(key, eventId);
  }
  expect(new Set(idOf.values()).size).toBe(idOf.size);
  expect(idOf.size).toBeGreaterThanOrEqual(3_000);
});

function idIn(reading: ReturnType<typeof readRequest>): { readonly eventId: string } {
  return reading.outcome === 'event' ? reading.event : reading;
}

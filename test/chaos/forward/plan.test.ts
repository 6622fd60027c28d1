import { expect, it } from 'vitest';
import { type PlannedDisruption, planOf } from '../../../chaos/forward/plan.js';
import { readOn } from '../../../chaos/stack/temporal.js';
import { bodyOf, eventKeyOf, postsOf } from '../../../chaos/forward/load/webhooks.js';
import { readRequest } from '../../../src/chatlio/readRequest.js';

it('a seed decides the whole run', () => {
  expect(postsOf(7, 500)).toEqual(postsOf(7, 500));
  expect(postsOf(8, 500)).not.toEqual(postsOf(7, 500));
  expect(planOf(7, 10_000, 50)).toEqual(planOf(7, 10_000, 50));
});

const ofUpdates = (kills: number) =>
  planOf(3, 100_000, kills).flatMap(({ disruption, afterPosts }) =>
    disruption.kind === 'update' ? [{ ...disruption, afterPosts }] : [],
  );

it('plans as many kills and stops as were asked for', () => {
  const processFaults = faultsOf(planOf(3, 100_000, 200));
  expect(processFaults).toHaveLength(200);
  expect(new Set(processFaults.map(({ victim }) => victim)).size).toBe(8);
});

it('on a cluster kills single roles of Temporal, and on a server that runs already none of it', () => {
  const victimsOn = (on: string) =>
    [...new Set(faultsOf(planOf(3, 100_000, 400, readOn(on))).map(({ victim }) => victim))].toSorted();
  const ours = ['lake', 'postgres', 'receiver-1', 'receiver-2', 'simulator', 'worker-1', 'worker-2'];
  expect(victimsOn('127.0.0.1:7233')).toEqual(ours);
  const roles = ['temporal-frontend', 'temporal-history', 'temporal-matching', 'temporal-worker'];
  expect(victimsOn('cluster')).toEqual([...ours, ...roles, 'balancer', 'temporal-postgres'].toSorted());
});

const faultsOf = (plan: readonly PlannedDisruption[]) =>
  plan.flatMap(({ disruption }) =>
    disruption.kind === 'flow-change'
      ? disruption.processFaults
      : disruption.kind === 'update'
        ? disruption.processFaults.map(({ processFault }) => processFault)
        : disruption.kind === 'kill' || disruption.kind === 'pause'
          ? [disruption]
          : [],
  );

it('the source comes to keep whole chats in the middle of the load, and later changes what leaves of them', () => {
  for (const kills of [6, 200]) {
    const updates = ofUpdates(kills);
    expect(updates.map(({ update }) => update.name).slice(0, 2)).toEqual([
      'whole chats',
      'a field less, an expression, no user agent',
    ]);
    expect(updates.every(({ processFaults }) => processFaults.length > 0)).toBe(true);
    const [first = 0, last = 0] = [updates[0]?.afterPosts, updates.at(-1)?.afterPosts];
    expect(first).toBeGreaterThan(20_000);
    expect(last).toBeLessThan(90_000);
    expect(first).toBeLessThan(last);
  }
  expect(new Set(ofUpdates(200).map(({ update }) => update.name)).size).toBe(3);
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
  return reading.outcome === 'event' ? reading.cutEvent() : reading;
}

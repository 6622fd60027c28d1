import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findRoute, indexRoutes } from '../../../src/receiver/http/routeCheck.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const route = (sourceId: number, secret: string, expiresAtMs?: number) => ({
  sourceId,
  partitions: 1,
  widget: 'w',
  kind: 'feedback' as const,
  secretSha256: sha256(secret),
  expiresAtMs,
});
const address = (secret: string, widget = 'w') => ({ widget, kind: 'feedback' as const, secret });
const NOW_MS = 1_000;

describe('a webhook URL', () => {
  const old = route(1, 'old', NOW_MS + 1);
  const table = indexRoutes([old, route(1, 'new'), route(2, 'other source'), route(1, 'ended', NOW_MS)]);

  it('leads to the route whose secret it has, among several of one widget and kind', () => {
    for (const [secret, sourceId] of [
      ['old', 1],
      ['new', 1],
      ['other source', 2],
    ] as const) {
      expect(findRoute(table, address(secret), NOW_MS)).toMatchObject({
        outcome: 'right',
        route: { sourceId, secretSha256: sha256(secret) },
      });
    }
  });

  it('with a secret that has ended, or a wrong one, is unknown, and near the routes that there are', () => {
    for (const secret of ['ended', 'wrong', '']) {
      const check = findRoute(table, address(secret), NOW_MS);
      expect(check).toMatchObject({ outcome: 'unknown', secretSha256: sha256(secret) });
      expect(check.outcome === 'unknown' && check.near).toHaveLength(4);
    }
    expect(findRoute(table, address('old'), NOW_MS + 1)).toMatchObject({ outcome: 'unknown' });
  });

  it('of a widget that there is not is near nothing, also with a right secret; another path is no webhook URL', () => {
    expect(findRoute(table, address('new', 'other'), NOW_MS)).toEqual({
      outcome: 'unknown',
      secretSha256: sha256('new'),
      near: [],
    });
    expect(findRoute(table, undefined, NOW_MS)).toEqual({ outcome: 'no-webhook-url' });
  });
});

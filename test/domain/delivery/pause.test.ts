import { expect, it } from 'vitest';
import { pauseReason } from '../../../src/domain/delivery/pause.js';

it.each([
  [{ since: 0 }, 'paused'],
  [{ since: 0, by: 'ana' }, 'paused by ana'],
  [{ since: 0, reason: 'maintenance' }, 'paused: maintenance'],
  [{ since: 0, by: 'ana', reason: 'maintenance' }, 'paused by ana: maintenance'],
])('of %j people read why nothing is sent: %s', (paused, shown) => {
  expect(pauseReason(paused)).toBe(shown);
});

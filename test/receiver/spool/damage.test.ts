import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDamageCount } from '../../../src/receiver/spool/damage.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caep-damage-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

it('damage counts what vanished since the start, and of files kept aside only those that are still there', async () => {
  const count = await createDamageCount(folder, undefined);
  expect(count.read()).toEqual({ unreadable: 0, vanished: 0 });
  count.vanished(2);
  count.vanished(1);
  count.keptAside(folder, 4);
  count.keptAside(join(folder, 'removed'), 8);
  expect(count.read()).toEqual({ unreadable: 4, vanished: 3 });
});

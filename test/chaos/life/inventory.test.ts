import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foundOf } from '../../../chaos/life/lives/inventory.js';
import { beginProgress, continueProgress } from '../../../chaos/life/lives/progress.js';

const DESCRIPTOR = { kind: 'descriptors', name: 'xdm:descriptorIdentity' };

test('counts the objects of one life, whatever another has left in its sandbox', async () => {
  const rows = [1, 2].flatMap((life) => {
    const id = `https://ns.adobe.com/tenant/schemas/${life}`;
    return [
      { kind: 'registryResources', id, name: `Chatlio life-${life}` },
      { ...DESCRIPTOR, id: `descriptor-${life}`, schemaId: id },
      { kind: 'mappingSets', id: `mapping-${life}`, name: `life-${life} uid-${life}` },
    ];
  });
  const stack = { simulator: { objects: async () => rows } } as unknown as Parameters<typeof foundOf>[0];
  const source = { sandbox: 'one', uid: 'uid-2', name: 'life-2' } as Parameters<typeof foundOf>[1];
  expect(await foundOf(stack, source)).toEqual({ steps: ['schema', 'identity-descriptor'], mappingSets: 1 });
});

test('a run that goes on has each life in the sandbox where it was', () => {
  const home = join(mkdtempSync(join(tmpdir(), 'lives-')), 'home');
  beginProgress(home, { seed: 1, sources: 100, lanes: 7 }).note(
    { index: 3, faults: [], typedAgain: [], durationMs: 1 },
    2_000,
  );
  const again = continueProgress(home);
  expect(again).toMatchObject({ seed: 1, sources: 100, lanes: 7, elapsedBeforeMs: 2_000 });
  expect(again.over.map(({ index }) => index)).toEqual([3]);
});

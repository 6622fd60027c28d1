/** What was sealed with a key that the worker does not have is shown and decided about like the rest, as far as that goes. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { carryOut } from '../../../src/activities/held/decide.js';
import { eventPage } from '../../../src/activities/inquiry/events.js';
import { exceptionDetails } from '../../../src/activities/inquiry/exceptions.js';
import { openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createAsker } from '../../../src/temporal/sealedAnswer.js';
import { withHeldSource } from './source.js';

const source = withHeldSource();

it('is named with its key: in a page of events, among the exceptions, and for each of many decisions', async () => {
  const { database, keyRing: lost, hold, holdRaw, rows, name, uid } = source();
  const keyRing = await openKeyRing(join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json'), {
    create: true,
  });
  const deps = { database, keyRing };
  const [id = 0] = await hold(2, 'unknown');
  await holdRaw('{"conversation', 'feedback');
  await holdRaw('{"conversation2', 'feedback');
  const why = `its key ${lost.held.active} is not`;

  const asker = createAsker(keyRing.accessKey);
  const page = await eventPage(deps, { v: 1, ask: 'events', name, limit: 10, sealTo: asker.sealTo });
  expect(asker.open(page.sealedBodies ?? '')).toContain(why);

  expect(await exceptionDetails(deps, { v: 1, ask: 'exception', name, id })).toMatchObject({ exception: { id } });
  const { sealedBody = '' } = await exceptionDetails(deps, { v: 1, ask: 'exception', name, id, sealTo: asker.sealTo });
  expect(asker.open(sealedBody)).toContain(why);

  const decision = { decision: 'reparse', by: 'ana', why: 'a test', reason: 'unreadable' } as const;
  const result = await carryOut(deps, { uid, name, requestId: 'missing-key', decision });
  expect(result).toMatchObject({ decided: 0, remaining: 2 });
  expect(result.left.map(({ error }) => error.fields['reason'])).toEqual([
    expect.stringContaining(why),
    expect.stringContaining(why),
  ]);
  expect(await rows(`select state from exception where source_id = $1 and reason = 'unreadable'`)).toEqual([
    { state: 'held' },
    { state: 'held' },
  ]);
});

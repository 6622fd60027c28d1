import { bodyContext } from '../../../../src/store/keys/contexts.js';
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../../../src/store/connection/database.js';
import { decideHeld } from '../../../../src/store/decisions/decisions.js';
import { createEventLog } from '../../../../src/store/log/eventLog.js';
import { rotateKeyFile } from '../../../../src/store/keys/keyFileChanges.js';
import { type KeyRing, openKeyRing } from '../../../../src/store/keys/keyRing.js';
import { takenEvent } from '../../../support/store.js';
import { type Bench, everyOnce, withBench } from './bench.js';

const bench = withBench();

/** Flips a bit, as a bad disk does; done twice, nothing was. */
async function damage({ database, sourceId }: Bench, eventId: string | undefined): Promise<void> {
  const { rowCount } = await database.pool.query(
    `update event_body set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)
     where source_id = $1 and event_id = decode($2, 'hex')`,
    [sourceId, eventId],
  );
  expect(rowCount).toBe(1);
}

/** Has the inlet refuse one event, and has it wait for another attempt. */
async function oneResend({ open, log, drain, inlet, database, sourceId }: Bench): Promise<string | undefined> {
  await open();
  const [id] = await log(1);
  inlet.behave(() => ({ status: 400, body: '{"status":400}' }));
  await drain().report;
  inlet.behave(() => 'accept');
  await database.pool.query(
    `update exception set state = 'waiting', next_action = 'resend', next_at = now() where source_id = $1`,
    [sourceId],
  );
  return id;
}

function reparse(database: Database, sourceId: number) {
  const input = { decision: 'reparse', by: 'ana', why: 'restored', reason: 'unreadable' } as const;
  return decideHeld(database, { sourceId, name: 'test', requestId: randomUUID(), input }, () => ({
    fault: 'nothing is replaced here',
  }));
}

describe('a body that was changed on disk', () => {
  it('is held, and everything else is delivered', async () => {
    const { open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    const ids = await log(60);
    const damaged = [ids[7], ids[30]];
    for (const id of damaged) await damage(bench(), id);
    expect(await drain().report).toMatchObject({ accepted: 58, notAccepted: 2, end: { kind: 'idle' } });
    expect(
      everyOnce(
        inlet.posts,
        ids.filter((id) => !damaged.includes(id)),
      ),
    ).toBe(true);
    expect(await exceptions()).toMatchObject(
      damaged.map((id) => ({ reason: 'unreadable', state: 'held', event_id: id })),
    );
    expect(await cursor()).toMatchObject({ cursor_seq: 60, undecided: 0 });
  });

  it('is sent once it was restored and a person has it read again', async () => {
    const { open, log, drain, inlet, exceptions, database, sourceId } = bench();
    await open();
    const [id] = await log(1);
    await damage(bench(), id);
    await drain().report;
    await reparse(database, sourceId);
    await drain().report;
    expect(await exceptions()).toMatchObject([{ reason: 'unreadable', state: 'held' }]);

    await damage(bench(), id);
    expect(await reparse(database, sourceId)).toMatchObject({ decided: 1 });
    await drain().report;
    expect(everyOnce(inlet.posts, [id ?? ''])).toBe(true);
    expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered' }]);
  });

  it('is no probe: the first event that can be read is it', async () => {
    const { open, log, drain, inlet, exceptions } = bench();
    await open();
    const ids = await log(12);
    for (const id of ids.slice(0, 10)) await damage(bench(), id);
    expect((await drain({ mode: 'probe' }).report).end).toMatchObject({ kind: 'probed', accepted: true });
    expect(everyOnce(inlet.posts, ids.slice(10, 11))).toBe(true);
    expect(await exceptions()).toHaveLength(10);
  });

  it.each([
    { what: 'changed', spoil: damage },
    {
      what: 'gone',
      spoil: ({ database, sourceId }: Bench) =>
        database.pool.query('delete from event_body where source_id = $1', [sourceId]),
    },
  ])('is held also when it is to be sent again ($what)', async ({ spoil }) => {
    const { drain, inlet, exceptions } = bench();
    const id = await oneResend(bench());
    await spoil(bench(), id);
    await drain().report;
    expect(inlet.posts.get(id ?? '')).toBe(1);
    expect(await exceptions()).toMatchObject([{ reason: 'unreadable', state: 'held', attempts: 2 }]);
  });
});

describe('a missing key', () => {
  /** A key file as an old backup has it, and as it is after a rotation. */
  async function rotatedKeys(): Promise<{ readonly old: string; readonly before: KeyRing; readonly after: KeyRing }> {
    const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-'));
    const [file, old] = [join(folder, 'keys.json'), join(folder, 'old.json')];
    await openKeyRing(file, { create: true });
    await copyFile(file, old);
    await rotateKeyFile(file);
    return { old, before: await openKeyRing(old), after: await openKeyRing(file) };
  }

  it('holds each event whose key is not there by itself, and the others of the partition are sent', async () => {
    const { open, database, sourceId, keyRing, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    const { before, after } = await rotatedKeys();
    const both = (bodies: KeyRing): Pick<KeyRing, 'open' | 'seal'> => ({
      seal: (plain, place) => keyRing.seal(plain, place),
      open: (sealed, place) => (keyIdOf(sealed) === keyIdOf(own) ? keyRing : bodies).open(sealed, place),
    });
    const own = keyRing.seal(Buffer.alloc(1), Buffer.alloc(1));
    const events = Array.from({ length: 19 }, (_each, n) => {
      const event = takenEvent(`after-${n}`);
      const body = JSON.stringify({ eventId: event.eventId.toString('hex') });
      return { ...event, sealed: after.seal(Buffer.from(body), bodyContext(sourceId, event.eventId)) };
    });
    await createEventLog(database).append(sourceId, 0, events);
    const ids = await log(20);

    expect(await drain({}, { keyRing: both(before) }).report).toMatchObject({ accepted: 20, end: { kind: 'idle' } });
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect(await cursor()).toMatchObject({ cursor_seq: 39, undecided: 0, holder: null });
    const held = await exceptions();
    expect(held).toHaveLength(19);
    expect(held).toMatchObject(events.map(() => ({ reason: 'unreadable', state: 'held' })));
    const { rows } = await database.pool.query<{ evidence: unknown }>(
      'select evidence from exception where source_id = $1',
      [sourceId],
    );
    expect(JSON.stringify(rows)).toContain(`its key ${after.held.active} is not in the worker`);

    await reparse(database, sourceId);
    const all = [...ids, ...events.map(({ eventId }) => eventId.toString('hex'))];
    const resent = async () => {
      await drain({}, { keyRing: both(after) }).report;
      return everyOnce(inlet.posts, all);
    };
    await expect.poll(resent, { timeout: 20_000 }).toBe(true);
  });

  it('holds an event that is to be sent again', async () => {
    const { drain, inlet, exceptions, keyRing, database, sourceId } = bench();
    const id = await oneResend(bench());
    const { after } = await rotatedKeys();
    const own = keyRing.seal(Buffer.alloc(1), Buffer.alloc(1));
    let inletOpened = false;
    // Of the two things that this drain opens, the inlet's URL comes first.
    const lacksBodies: Pick<KeyRing, 'open' | 'seal'> = {
      seal: (plain, place) => keyRing.seal(plain, place),
      open(sealed, place) {
        if (inletOpened) return after.open(sealed, place);
        inletOpened = keyIdOf(sealed) === keyIdOf(own);
        return keyRing.open(sealed, place);
      },
    };
    await drain({}, { keyRing: lacksBodies }).report;
    expect(await exceptions()).toMatchObject([{ state: 'held', reason: 'unreadable' }]);
    await reparse(database, sourceId);
    await drain().report;
    expect(inlet.posts.get(id ?? '')).toBe(2);
    expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered' }]);
  });
});

function keyIdOf(sealed: Uint8Array): number {
  return Buffer.from(sealed).readUInt32BE(1);
}

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../../src/domain/exceptions/exceptions.js';
import type { Database } from '../../../../src/store/connection/database.js';
import { decideHeld } from '../../../../src/store/decisions/decisions.js';
import { findException, pageOfExceptions } from '../../../../src/store/views/exceptionPages.js';
import { dueLookUps, recordLookUps } from '../../../../src/store/exceptions/lookUps.js';
import { type Bench, withBench } from './bench.js';

const bench = withBench();

interface OneDecision {
  readonly sourceId: number;
  readonly id: number;
  readonly version: number;
  readonly decision: Decision;
  readonly by: string;
  readonly why: string;
}

function decide(database: Database, { sourceId, id, ...decision }: OneDecision) {
  const request = { sourceId, name: 'test', requestId: randomUUID(), input: { ...decision, ids: [id] } };
  return decideHeld(database, request, () => ({ fault: 'nothing is replaced here' }));
}

async function openExceptions(database: Database, sourceId: number) {
  const states = ['waiting', 'sending', 'held'] as const;
  return (await pageOfExceptions(database, sourceId, { filter: {}, states, limit: 10 })).exceptions;
}

/** Logs an event, lets its outcome be unknown, and gives what a person sees of it. */
async function oneUnknown({ open, log, drain, inlet, database, sourceId }: Bench) {
  await open();
  const [id] = await log(1);
  inlet.behave(() => 'accept-and-cut');
  await drain().report;
  inlet.behave(() => 'accept');
  // As when the lake cannot tell.
  for (const lookUp of await dueLookUps(database, sourceId, 10)) {
    await recordLookUps(database, sourceId, [
      { lookUp, outcome: { kind: 'held', reason: 'unknown' }, fact: 'still not known' },
    ]);
  }
  const [exception] = await openExceptions(database, sourceId);
  if (exception === undefined) throw new Error('no exception');
  return { id, exception };
}

describe('decisions', () => {
  it('send an event again, under the protocol of a first attempt', async () => {
    const { database, sourceId, drain, inlet, exceptions } = bench();
    const { id, exception } = await oneUnknown(bench());
    const decision = {
      sourceId,
      id: exception.id,
      version: exception.version,
      by: 'ana',
      why: 'not in the lake',
    } as const;
    await decide(database, { ...decision, decision: 'resend' });
    await expect(decide(database, { ...decision, decision: 'abandon' })).rejects.toThrow('CAEP_EVENT_DECIDED');
    await drain().report;
    expect(inlet.posts.get(id ?? '')).toBe(2);
    expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered', attempts: 2 }]);
    const seen = (await findException(database, sourceId, exception.id))?.details;
    expect(seen?.decisions).toMatchObject([{ decision: 'resend', by: 'ana', why: 'not in the lake' }]);
    expect(seen?.evidence.map(({ fact }) => fact)).toEqual([
      expect.stringContaining('attempt 1: outcome unknown'),
      'still not known',
      'ana decided: resend',
      'attempt 2: accepted',
    ]);
  });

  it.each([
    { decision: 'abandon', resolution: 'abandoned' },
    { decision: 'mark-delivered', resolution: 'delivered' },
  ] as const)('$decision ends it', async ({ decision, resolution }) => {
    const { database, sourceId, drain, inlet, exceptions } = bench();
    const { id, exception } = await oneUnknown(bench());
    await decide(database, {
      sourceId,
      id: exception.id,
      version: exception.version,
      decision,
      by: 'ana',
      why: 'seen',
    });
    await drain().report;
    expect(inlet.posts.get(id ?? '')).toBe(1);
    expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution }]);
  });

  it('must fit the reason', async () => {
    const { database, sourceId, open, log, drain, inlet } = bench();
    await open();
    await log(1);
    inlet.behave(() => ({ status: 400, body: '{}' }));
    await drain().report;
    const [exception] = await openExceptions(database, sourceId);
    const decision = { sourceId, id: exception?.id ?? 0, version: exception?.version ?? 0, by: 'ana', why: '' };
    await expect(decide(database, { ...decision, decision: 'mark-delivered' })).rejects.toThrow('CAEP_DECISION_UNFIT');
  });
});

describe('many resends', () => {
  it('that are decided at once follow each other as fast as the inlet takes them, each once', async () => {
    const { database, sourceId, uid, open, log, drain, inlet, exceptions } = bench();
    await open();
    const ids = await log(100);
    inlet.behave(() => ({ status: 400, body: '{}' }));
    for (let round = 0; round < 20 && (await exceptions()).length < ids.length; round += 1) await drain().report;
    inlet.behave(() => 'accept');
    const input = { decision: 'resend', by: 'ana', why: 'mended', reason: 'refused' } as const;
    const request = { sourceId, name: uid, requestId: randomUUID(), input };
    expect(await decideHeld(database, request, () => ({ fault: 'none' }))).toMatchObject({ decided: 100 });
    const before = Date.now();
    await drain().report;
    expect(inlet.taken.size).toBe(100);
    expect([...inlet.taken.values()].every((count) => count === 1)).toBe(true);
    // One claim every two seconds took twelve.
    expect(Date.now() - before).toBeLessThan(8_000);
  });
});

describe('a resend', () => {
  it('whose outcome is unknown is looked for again', async () => {
    const { database, sourceId, drain, inlet, exceptions } = bench();
    const { exception } = await oneUnknown(bench());
    await decide(database, {
      sourceId,
      id: exception.id,
      version: exception.version,
      decision: 'resend',
      by: 'ana',
      why: '',
    });
    inlet.behave(() => 'accept-and-cut');
    await drain().report;
    expect(await exceptions()).toMatchObject([
      { reason: 'unknown', state: 'waiting', next_action: 'look-up', attempts: 2 },
    ]);
  });
});

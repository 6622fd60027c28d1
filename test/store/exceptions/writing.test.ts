/** The statements that are made of the transitions do in PostgreSQL, to many rows at a time, what the table says of each. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canMove, type ExceptionIn, move } from '../../../src/domain/exceptions/move.js';
import type {
  GivenTransition,
  GivenValues,
  OriginName,
  Place,
  TransitionName,
} from '../../../src/domain/exceptions/transitions.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import {
  loggedEvent,
  type Moving,
  movingOne,
  movingSql,
  type Opening,
  openingSql,
  PLACE,
  putRightSql,
  quoted,
} from '../../../src/store/exceptions/writing.js';
import { anyGiven, fitting, NAMES, opened, ORIGIN_NAMES } from '../../domain/exceptions/walk.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';
import {
  ago,
  ahead,
  type Columns,
  DELIVERED,
  except,
  exceptionsNow,
  OVERDUE,
  passedSource,
  TO_RESEND,
} from './passedSource.js';

const database = withDatabase();

function asSql(given: GivenValues) {
  return {
    reason: quoted(given.reason),
    due: `clock_timestamp() + ${given.due} * interval '1 millisecond'`,
    fence: String(given.fence),
    epoch: String(given.epoch),
    automaticResends: String(given.automaticResends),
    acceptedAttempt: String(given.acceptedAttempt),
    awaitsLake: String(given.awaitsLake),
    resolution: quoted(given.resolution),
    decision: quoted(given.decision),
    decidedBy: quoted(given.decidedBy),
    decisionReason: quoted(given.decisionReason),
    attempts: String(given.attempts),
  };
}

/** One event for each origin, made an exception of. */
async function openAll(sourceId: number, given: GivenValues): Promise<Map<number, ExceptionIn>> {
  const events = ORIGIN_NAMES.map((name) => takenEvent(`${name} of ${sourceId}`));
  await createEventLog(database()).append(sourceId, 0, events);
  const all = new Map<number, ExceptionIn>();
  for (const [index, name] of ORIGIN_NAMES.entries()) {
    await database().pool.query(openingOf(name, index + 1, sourceId, given));
    const { rows } = await database().pool.query<{ id: number }>(
      'select max(id) as id from exception where source_id = $1',
      [sourceId],
    );
    all.set(rows[0]?.id ?? 0, opened(name, given));
  }
  return all;
}

function openingOf(name: OriginName, seq: number, sourceId: number, given: GivenValues): string {
  const { seq: number, loggedAt, ...apart } = loggedEvent('b');
  const body = { mac: `decode(md5('${name}'), 'hex')`, sealed: `'\\x00'::bytea`, widget: `'main'` };
  const event =
    name === 'repeated' ? apart : name === 'arrival' ? { ...apart, body } : { ...apart, seq: number, loggedAt };
  const opening = {
    event,
    fact: quoted('it was made'),
    given: asSql(given),
    from: `event_body b where source_id = ${sourceId} and seq = ${seq}`,
  };
  return openingSql(name, opening as unknown as Opening<typeof name>);
}

interface Row {
  readonly id: number;
  /** As the statements tell it. */
  readonly place: string;
  readonly state: string;
  readonly next_action: string | null;
  readonly unconfirmed: boolean;
  readonly seq: number | null;
  readonly reason: ExceptionIn['reason'];
  readonly attempts: number;
  readonly automatic_resends: number;
  readonly attempt_fence: number | null;
  readonly epoch: number | null;
  readonly accepted_attempt: number | null;
  readonly awaits: boolean;
  readonly version: number;
  readonly due: boolean;
  readonly resolution: ExceptionIn['resolution'] | null;
  readonly confirmed: boolean;
  readonly decision: ExceptionIn['decision'] | null;
}

async function read(sourceId: number): Promise<Map<number, unknown>> {
  const { rows } = await database().pool.query<Row>(
    `select *, ${PLACE} as place, attempt_epochs[attempts] as epoch, coalesce(awaits_lake = version, false) as awaits, next_at is not null as due, confirmed_at is not null as confirmed,
       coalesce(resolution = 'delivered' and confirmed_at is null and seq is not null, false) as unconfirmed
     from exception e where source_id = $1`,
    [sourceId],
  );
  expect(rows.map(({ place }) => place)).toEqual(rows.map(placeOf));
  return new Map(
    rows.map((row) => [
      row.id,
      {
        place: placeOf(row),
        reason: row.reason,
        attempts: row.attempts,
        automaticResends: row.automatic_resends,
        fence: row.attempt_fence ?? undefined,
        epoch: row.epoch ?? undefined,
        acceptedAttempt: row.accepted_attempt ?? undefined,
        awaitsLake: row.awaits,
        version: row.version,
        due: row.due,
        resolution: row.resolution ?? undefined,
        confirmed: row.confirmed,
        decision: row.decision ?? undefined,
      },
    ]),
  );
}

/** A walk's decisions are none that a person could take, so `closed` is told by what else there is. */
function placeOf({ state, next_action, seq, unconfirmed, decision }: Row): Place {
  if (state === 'waiting') return next_action === 'resend' ? 'to-resend' : 'to-look-up';
  if (state === 'held') return seq === null ? 'held-apart' : 'held';
  if (state === 'sending') return 'sending';
  return unconfirmed && decision !== 'mark-delivered' ? 'delivered' : 'closed';
}

const comparable = (exception: ExceptionIn) => ({
  fence: undefined,
  epoch: undefined,
  acceptedAttempt: undefined,
  resolution: undefined,
  decision: undefined,
  ...exception,
  due: exception.due !== undefined,
});

/** Moves those of the chosen that can, by the table alone. */
function moveAll(all: Map<number, ExceptionIn>, chosen: readonly number[], name: TransitionName, given: GivenValues) {
  for (const id of chosen) {
    const exception = all.get(id);
    if (exception === undefined || !canMove(exception, name)) continue;
    const next: ExceptionIn | undefined = move(exception, name, given);
    if (next === undefined) all.delete(id);
    else all.set(id, next);
  }
}

it('random walks of many exceptions at once end where the table says that each of them does', {
  timeout: 120_000,
}, async () => {
  const step = fc.record({
    name: fc.constantFrom(...NAMES),
    given: anyGiven,
    chosen: fc.array(fc.boolean(), { minLength: ORIGIN_NAMES.length, maxLength: ORIGIN_NAMES.length }),
  });
  await fc.assert(
    fc.asyncProperty(anyGiven, fc.array(step, { minLength: 10, maxLength: 30 }), async (first, walk) => {
      const sourceId = await freshSource(database());
      const expected = await openAll(sourceId, first);
      const ids = [...expected.keys()];
      for (const { name, given: anything, chosen } of walk) {
        const given = fitting(name, anything);
        const among = ids.filter((_id, index) => chosen[index]);
        moveAll(expected, among, name, given);
        const moving = { given: asSql(given), fact: '$2', where: 'e.id = any ($1)' };
        await database().pool.query(
          movingSql(name, moving as unknown as Moving<typeof name>),
          name === 'slow-accepted' ? [among] : [among, 'a fact'],
        );
        expect(await read(sourceId), name).toEqual(
          new Map([...expected].map(([id, exception]) => [id, comparable(exception)])),
        );
      }
    }),
    { numRuns: 20 },
  );
});

describe('one exception that is moved', () => {
  async function moveOne(id: number, transition: GivenTransition, fact: string): Promise<void> {
    const { text, values } = movingOne(id, transition, fact);
    await database().pool.query(text, [...values]);
  }

  it('gets the values that are given, whatever their order, and its due time in so many milliseconds', async () => {
    const { sourceId } = await passedSource(database(), 1);
    const id = await except(database(), sourceId, 1, OVERDUE);
    const given = { automaticResends: 2, due: 600_000, reason: 'refused' } as const;
    await moveOne(id, { transition: 'turned-down', given }, 'HTTP 429');
    const { rows } = await database().pool.query(
      `select reason, state, next_action, automatic_resends,
         next_at between clock_timestamp() + interval '9 minutes' and clock_timestamp() + interval '10 minutes' as in_time
       from exception where id = $1`,
      [id],
    );
    expect(rows).toEqual([
      { reason: 'refused', state: 'waiting', next_action: 'resend', automatic_resends: 2, in_time: true },
    ]);
  });

  it('has the fact as it is told, after those before, and no other exception has it', async () => {
    const { sourceId } = await passedSource(database(), 2);
    const id = await except(database(), sourceId, 1, OVERDUE);
    await except(database(), sourceId, 2, OVERDUE);
    const odd = `it's "odd": $1 \\ {} 漢`;
    await moveOne(id, { transition: 'noted', given: {} }, 'the first');
    await moveOne(id, { transition: 'unanswered', given: {} }, odd);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      { reason: 'unknown', state: 'waiting', nextAction: 'look-up', facts: ['the first', odd] },
      { state: 'sending', version: 1, facts: [] },
    ]);
  });

  it('is gone where nothing is left to keep, and no other with it', async () => {
    const { sourceId } = await passedSource(database(), 2);
    const slow = { ...OVERDUE, reason: `'in-flight'` };
    const id = await except(database(), sourceId, 1, slow);
    await except(database(), sourceId, 2, slow);
    await moveOne(id, { transition: 'slow-accepted', given: {} }, 'attempt 1: accepted');
    const { rows } = await database().pool.query('select seq from exception where source_id = $1', [sourceId]);
    expect(rows).toEqual([{ seq: 2 }]);
  });

  it('is left as it is where it cannot be moved from', async () => {
    const { sourceId } = await passedSource(database(), 2);
    const delivered = await except(database(), sourceId, 1, DELIVERED);
    const waiting = await except(database(), sourceId, 2, TO_RESEND);
    await moveOne(delivered, { transition: 'unanswered', given: {} }, 'no answer');
    await moveOne(waiting, { transition: 'accepted-meanwhile', given: { acceptedAttempt: 1 } }, 'accepted');
    await moveOne(waiting, { transition: 'slow-accepted', given: {} }, 'accepted');
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      { state: 'resolved', resolution: 'delivered', version: 1, facts: [] },
      { state: 'waiting', nextAction: 'resend', version: 1, facts: [] },
    ]);
  });
});

describe('times that were written by a clock that was ahead', () => {
  interface Written {
    readonly begun: string;
    readonly due: string;
    /** Everything else. */
    readonly rest: unknown;
  }

  async function written(id: number): Promise<Written | undefined> {
    const { rows } = await database().pool.query<Written>(
      `select attempt_at::text as begun, next_at::text as due, to_jsonb(e) - 'attempt_at' - 'next_at' as rest
       from exception e where id = $1`,
      [id],
    );
    return rows[0];
  }

  const putRight = (sourceId: number) => database().pool.query(`with ${putRightSql('$1')} select`, [sourceId]);

  it('let an attempt begin now, with as long for its answer as it was given', async () => {
    const { sourceId } = await passedSource(database(), 1);
    const id = await except(database(), sourceId, 1, {
      ...OVERDUE,
      attempt_at: ahead('90 seconds'),
      next_at: ahead('690 seconds'),
    });
    const before = await written(id);
    await putRight(sourceId);
    const { rows } = await database().pool.query(
      `select attempt_at between created_at and clock_timestamp() as now,
         round(extract(epoch from next_at - attempt_at))::int as seconds
       from exception where id = $1`,
      [id],
    );
    expect(rows).toEqual([{ now: true, seconds: 600 }]);
    expect((await written(id))?.rest).toEqual(before?.rest);
  });

  it('put off no resend: it is due', async () => {
    const { sourceId } = await passedSource(database(), 1);
    const id = await except(database(), sourceId, 1, {
      ...TO_RESEND,
      attempt_at: ahead('2 hours'),
      next_at: ahead('90 seconds'),
    });
    const before = await written(id);
    await putRight(sourceId);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([{ nextAction: 'resend', due: true }]);
    expect(await written(id)).toMatchObject({ begun: before?.begun, rest: before?.rest });
  });

  it.each<[string, Columns]>([
    ['an attempt’s, less than a minute ahead', { attempt_at: ahead('59 seconds'), next_at: ahead('2 hours') }],
    ['of an attempt that began in time, and may take long', { attempt_at: ago('1 minute'), next_at: ahead('2 hours') }],
    ['of an attempt that awaits nothing after it', { attempt_at: ahead('2 hours'), next_at: ahead('1 hour') }],
    ['a resend’s, less than a minute ahead', { ...TO_RESEND, next_at: ahead('59 seconds') }],
    [
      'of a look-up, which may be due that late',
      { ...TO_RESEND, next_action: `'look-up'`, attempt_at: ahead('2 hours'), next_at: ahead('3 hours') },
    ],
    ['of what is held', { state: `'held'`, attempt_at: ahead('2 hours'), next_at: ahead('3 hours') }],
  ])('stay where they may be right, or say nothing: %s', async (_whose, columns) => {
    const { sourceId } = await passedSource(database(), 1);
    const id = await except(database(), sourceId, 1, { ...OVERDUE, ...columns });
    const before = await written(id);
    await putRight(sourceId);
    expect(await written(id)).toEqual(before);
  });

  it('stay where they are of another source', async () => {
    const { sourceId } = await passedSource(database(), 1);
    const other = await passedSource(database(), 2);
    const attempt = { ...OVERDUE, attempt_at: ahead('2 hours'), next_at: ahead('3 hours') };
    const ids = [
      await except(database(), other.sourceId, 1, attempt),
      await except(database(), other.sourceId, 2, { ...TO_RESEND, next_at: ahead('2 hours') }),
    ];
    const before = await Promise.all(ids.map(written));
    await putRight(sourceId);
    expect(await Promise.all(ids.map(written))).toEqual(before);
  });
});

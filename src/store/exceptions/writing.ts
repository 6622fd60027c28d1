/**
 * The only writer of the table `exception`. Statements are made of the table of transitions, each for as many rows as the caller
 * selects; it runs them itself, alone or as a part of its own statement, in its own transaction.
 */
import { isAwaited } from '../../domain/exceptions/move.js';
import {
  type Condition,
  type GivenTransition,
  type GivenTo,
  type GivenToOrigin,
  type Origin,
  type OriginName,
  ORIGINS,
  type Place,
  type Transition,
  type TransitionName,
  TRANSITIONS,
  type Writes,
} from '../../domain/exceptions/transitions.js';

/** An SQL expression: a parameter, or a column of what is selected. */
type Sql = string;

/** Each value that the entry leaves to the caller, and no other. */
type Values<Names extends string> = [Names] extends [never]
  ? { readonly given?: undefined }
  : { readonly given: Readonly<Record<Names, Sql>> };

export type Opening<O extends OriginName> = Values<GivenToOrigin<O>> & {
  readonly event: EventColumns;
  /** For people. An SQL text, or what it was known by as jsonb. */
  readonly fact: Sql | { readonly evidence: Sql };
  readonly attemptFence?: Sql;
  /** Of the gate, under which it was made. */
  readonly attemptEpoch?: Sql;
  /** Of the attempt that was made, or may have been. */
  readonly attemptAt?: Sql;
  /** What follows `from`. Absent: one row of values. */
  readonly from?: Sql;
};

interface EventColumns {
  readonly sourceId: Sql;
  readonly partition: Sql;
  readonly kind: Sql;
  readonly eventId: Sql;
  readonly seq?: Sql;
  readonly loggedAt?: Sql;
  readonly occurredAt?: Sql;
  /** Of a body that the log cannot carry. */
  readonly body?: { readonly mac: Sql; readonly sealed: Sql; readonly widget: Sql };
}

/** Of a row of the log. */
export function loggedEvent(alias: string): EventColumns {
  const column = (name: string) => `${alias}.${name}`;
  return {
    sourceId: column('source_id'),
    partition: column('partition'),
    kind: column('kind'),
    eventId: column('event_id'),
    seq: column('seq'),
    loggedAt: column('logged_at'),
    occurredAt: column('occurred_at'),
  };
}

/** What becomes of an event that is such an exception already. */
const AGAIN: { readonly [O in OriginName]?: Sql } = {
  arrival: `on conflict (source_id, event_id, body_mac) where body_mac is not null and state <> 'resolved'
    do update set arrivals = exception.arrivals + 1, last_arrival_at = now()
    returning arrivals`,
  repeated: `on conflict (source_id, event_id) where reason = 'repeated' do nothing`,
};

/** Makes exceptions of events. */
export function openingSql<O extends OriginName>(name: O, opening: Opening<O>): string {
  const { event, fact } = opening;
  const origin: Origin = ORIGINS[name];
  const given = (opening.given ?? {}) as Readonly<Record<string, Sql>>;
  const columns: readonly (readonly [column: string, value: Sql | undefined])[] = [
    ['source_id', event.sourceId],
    ['partition', event.partition],
    ['kind', event.kind],
    ['event_id', event.eventId],
    ['seq', event.seq],
    ['logged_at', event.loggedAt],
    ['occurred_at', event.occurredAt],
    ['body_mac', event.body?.mac],
    ['sealed', event.body?.sealed],
    ['widget', event.body?.widget],
    ['reason', origin.reason === 'given' ? given['reason'] : quoted(origin.reason)],
    ...Object.entries(PLACES[origin.to]),
    ['next_at', origin.due === 'given' ? given['due'] : origin.due && NOW],
    ['attempts', origin.attempts === 'given' ? given['attempts'] : String(origin.attempts)],
    ['attempt_fence', opening.attemptFence],
    ['attempt_at', opening.attemptAt],
    ['attempt_epochs', opening.attemptEpoch && `array[${opening.attemptEpoch}]::bigint[]`],
    ['evidence', typeof fact === 'string' ? `jsonb_build_array(${factSql(fact)})` : fact.evidence],
  ];
  const written = columns.flatMap(([column, value]) => (value === undefined ? [] : [{ column, value }]));
  return `insert into exception (${written.map(({ column }) => column).join(', ')})
    select ${written.map(({ value }) => value).join(', ')}
    ${opening.from === undefined ? '' : `from ${opening.from}`} ${AGAIN[name] ?? ''}`;
}

export type Moving<E extends TransitionName> = Values<GivenTo<E>> & AnyMoving;

interface AnyMoving {
  readonly given?: Readonly<Record<string, Sql>> | undefined;
  /** For people, as an SQL text. Absent, or null: nothing new is known. */
  readonly fact?: Sql;
  /** What follows `from` and `where`, with the exception as `e`. Rows that are elsewhere are left as they are. */
  readonly from?: Sql;
  readonly where: Sql;
  readonly returning?: Sql;
}

/**
 * Lets it happen to all that are selected and are where it can. What the transition leaves to the caller has to be given, and nothing else.
 *
 * @returns a statement, or a part of one; its values are SQL expressions, never texts from outside
 * @example
 * const given = { decision: `'abandon'`, decidedBy: '$2', decisionReason: '$3', resolution: `'abandoned'` };
 * const statement = movingSql('decided', { given, fact: `'abandoned'`, where: 'e.id = $1', returning: 'e.id' });
 * await database.pool.query(statement, [id, 'mia', 'a test chat']);
 */
export function movingSql<E extends TransitionName>(name: E, moving: Moving<E>): string {
  return moveSql(TRANSITIONS[name], moving);
}

function moveSql(transition: Transition, moving: AnyMoving): string {
  const where = `where ${isWhere(transition.from)} ${transition.when === undefined ? '' : `and ${CONDITIONS[transition.when]}`}
    and ${moving.where}`;
  const returning = moving.returning === undefined ? '' : `returning ${moving.returning}`;
  if (transition.to === 'gone') return `delete from exception e ${where} ${returning}`;
  return `update exception e set ${assignments(transition, moving.given ?? {}, moving.fact).join(', ')}
    ${moving.from === undefined ? '' : `from ${moving.from}`} ${where} ${returning}`;
}

/** The same for one that was read with a lock, and with values in the place of expressions. */
export function movingOne(
  id: number,
  { transition, given }: GivenTransition,
  fact: string,
): { readonly text: string; readonly values: readonly unknown[] } {
  const where = 'e.id = $1';
  const entry: Transition = TRANSITIONS[transition];
  // Nothing is left for the fact to stand in.
  if (entry.to === 'gone') return { text: moveSql(entry, { where }), values: [id] };
  const parameters = Object.keys(given).map((name, index) => {
    const parameter = `$${index + 3}`;
    return [name, name === 'due' ? `${NOW} + ${parameter} * interval '1 millisecond'` : parameter];
  });
  const text = moveSql(entry, { given: Object.fromEntries(parameters), fact: '$2', where });
  return { text, values: [id, fact, ...Object.values(given)] };
}

const NOW = 'clock_timestamp()';
/** Beyond every pause before a resend: a later time was written by a clock that was ahead, and so was a past that is to come. */
const CLOCK_MARGIN = `interval '1 minute'`;

/** Times alone, of what stays where it is, as parts of a `with`: an attempt of the future is as if it began now, a resend is due. */
export function putRightSql(sourceId: Sql): string {
  return `begun_ahead as (
      update exception set next_at = ${NOW} + (next_at - attempt_at), attempt_at = ${NOW}
      where source_id = ${sourceId} and state = 'sending' and attempt_at > ${NOW} + ${CLOCK_MARGIN} and next_at > attempt_at
    ), put_off as (
      update exception set next_at = ${NOW}
      where source_id = ${sourceId} and state = 'waiting' and next_action = 'resend' and next_at > ${NOW} + ${CLOCK_MARGIN}
    )`;
}

function assignments(transition: Transition, given: Readonly<Record<string, Sql>>, fact: Sql | undefined): Sql[] {
  const { writes } = transition;
  return [
    ...placeAssignments(transition, writes.resolution && given['resolution']),
    ...(writes.sameVersion === true ? [] : ['version = e.version + 1']),
    ...Object.entries(writes).flatMap(([name, how]) =>
      WRITES[name as keyof Writes](given[name] ?? 'null', String(how)),
    ),
    ...(fact === undefined
      ? []
      : [`evidence = case when ${fact}::text is null then e.evidence else e.evidence || ${factSql(fact)} end`]),
  ];
}

/** What each entry of a transition writes. */
const WRITES: Readonly<Record<keyof Writes, (given: Sql, how: string) => Sql[]>> = {
  reason: (given, how) => [`reason = ${how === 'given' ? given : quoted(how)}`],
  due: (given, how) => [`next_at = ${how === 'now' ? NOW : given}`],
  attempt: () => ['attempts = e.attempts + 1', `attempt_at = ${NOW}`],
  fence: (given) => [`attempt_fence = ${given}`],
  epoch: (given) => [`attempt_epochs[e.attempts + 1] = ${given}`],
  lostAttempt: () => ['attempts = greatest(e.attempts, 1)', `attempt_at = ${NOW}`],
  automaticResends: (given, how) => {
    if (how === 'given') return [`automatic_resends = ${given}`];
    return [`automatic_resends = ${how === 'none' ? '0' : 'e.automatic_resends + 1'}`];
  },
  acceptedAttempt: (given, how) => [`accepted_attempt = ${how === 'given' ? given : 'null'}`],
  awaitsLake: (given) => [`awaits_lake = case when ${given} then e.version + 1 end`],
  confirmed: () => [`confirmed_at = ${NOW}`],
  decision: (given) => [`decision = ${given}`, `decided_at = ${NOW}`],
  decidedBy: (given) => [`decided_by = ${given}`],
  decisionReason: (given) => [`decision_reason = ${given}`],
  body: (_given, how) => [how === 'erased' ? 'sealed = null' : `body_erased_at = ${NOW}`],
  // Where it matters: with place and version.
  resolution: () => [],
  sameVersion: () => [],
};

const PLACES: Readonly<Record<Place, Readonly<Record<'state' | 'next_action', Sql>>>> = {
  'to-resend': { state: `'waiting'`, next_action: `'resend'` },
  'to-look-up': { state: `'waiting'`, next_action: `'look-up'` },
  sending: { state: `'sending'`, next_action: 'null' },
  held: { state: `'held'`, next_action: 'null' },
  'held-apart': { state: `'held'`, next_action: 'null' },
  delivered: { state: `'resolved'`, next_action: 'null' },
  closed: { state: `'resolved'`, next_action: 'null' },
};

function placeAssignments({ from, to }: Transition, resolution: Sql = `'delivered'`): Sql[] {
  // One that is resolved and stays so keeps how and when.
  if (to === 'same' || to === 'gone' || (isResolved(to) && from.every(isResolved))) return [];
  const { state, next_action } = PLACES[to];
  return [
    `state = ${state}`,
    `next_action = ${next_action}`,
    `resolution = ${isResolved(to) ? resolution : 'null'}`,
    `resolved_at = ${isResolved(to) ? NOW : 'null'}`,
    ...(isAwaited(to) ? [] : ['next_at = null']),
  ];
}

function isResolved(place: Place): boolean {
  return place === 'delivered' || place === 'closed';
}

/** Delivered, as far as an attempt can tell, and not confirmed yet: what a person has marked so is not looked for. Of the exception `e`. */
export const DELIVERED: Sql = `e.resolution = 'delivered' and e.confirmed_at is null and e.seq is not null
  and e.decision is distinct from 'mark-delivered'`;

const WHERE: Readonly<Record<Place, Sql>> = {
  'to-resend': `e.state = 'waiting' and e.next_action = 'resend'`,
  'to-look-up': `e.state = 'waiting' and e.next_action = 'look-up'`,
  sending: `e.state = 'sending'`,
  held: `e.state = 'held' and e.seq is not null`,
  'held-apart': `e.state = 'held' and e.seq is null`,
  delivered: DELIVERED,
  closed: `e.state = 'resolved' and not (${DELIVERED})`,
};

/** Where the exception `e` is. */
export const PLACE: Sql = `case ${Object.entries(WHERE)
  .map(([place, condition]) => `when ${condition} then ${quoted(place)}`)
  .join(' ')} end`;

function isWhere(places: readonly Place[]): Sql {
  return `(${places.map((place) => `(${WHERE[place]})`).join(' or ')})`;
}

const CONDITIONS: Readonly<Record<Condition, Sql>> = {
  'accepted-before': 'e.accepted_attempt is not null',
  'not-accepted-before': 'e.accepted_attempt is null',
  'awaits-lake': `e.reason = 'unknown' and e.awaits_lake = e.version`,
  'in-flight': `e.reason = 'in-flight'`,
};

function factSql(fact: Sql): Sql {
  return `jsonb_build_object('at', ${NOW}, 'fact', ${fact}::text)`;
}

/** Of our own words only. */
export function quoted(words: string): Sql {
  return `'${words.replaceAll("'", "''")}'`;
}

/**
 * What leaves of events, field by field, for people who decide about it: an invented event is projected with the privacy of a manifest
 * and without, and compared. So what is told is what is done.
 */
import { hash } from 'node:crypto';
import { parsePath, type Path } from '../dataprep/path.js';
import { CONTENTS_ADVICE, CONTENTS_MEANING, GUARDRAILS_PAGE, PROFILE_LIMITS } from '../domain/projection/contents.js';
import { CHATLIO_FIELDS } from '../domain/projection/chatlioFields.js';
import { isDerived } from '../domain/projection/fields.js';
import { KINDS } from '../domain/events/kinds.js';
import {
  type Contents,
  NO_PRIVACY,
  type Privacy,
  type Projection,
  RECIPE,
  type Redaction,
  REDACTIONS,
} from '../domain/projection/projection.js';
import type { LeavesAs, LeavingField, PlannedLeaving, RemainingCopy } from '../domain/source/plan.js';
import { isObject } from '../chatlio/payloads.js';
import { covers, ofAnyElement } from './paths.js';
import { ADDRESSES, alsoGone, mayCarry, ownPaths } from './privacy.js';
import { compileProjection } from './project.js';
import { define } from './readSet.js';
import { REPLACED_BY } from './redact.js';

export interface Leaving {
  /** Attributes that the mapping reads. */
  readonly reads: readonly string[];
  readonly contents: Contents;
  readonly privacy: Privacy;
}

/** @returns the fields in the order of `reads` */
export function plannedLeaving({ reads, contents, privacy }: Leaving): PlannedLeaving {
  const values = invented([...reads, ...privacy.drop, ...privacy.hash]);
  const found = fates(values, reads, privacy);
  const fields = reads.map((field) => leavingField(field, found.get(field)));
  return { contents, fields, copies: remaining(found, privacy), notes: notes(contents, privacy, fields) };
}

/** A value of the invented event. */
interface Value {
  /** Its path, as people know it. */
  readonly name: string;
  /** No other value is the same, or part of it. */
  readonly text: string;
  /** Stays of it when it is redacted. */
  readonly mark?: string;
}

interface Invented {
  readonly body: Buffer;
  readonly values: readonly Value[];
}

const TIME = /At$/;
const SLACK_TIME = /\.ts$/;
/** Neither texts nor times, or what holds others. */
const NO_VALUE: ReadonlySet<string> = new Set(['messages', 'visitor', 'messages[*].isVisitorMsg']);
/** Where a value is put that stands for all of a map or a list. */
const PUT_AT: Readonly<Record<string, string>> = {
  visitorTraits: 'visitorTraits.sample',
  'visitor.identTraits': 'visitor.identTraits.sample',
  extraData: 'extraData[0]',
};
const AT_MS = Date.UTC(2026, 0, 1);
/** Later than all of its times. */
const RECEIVED_AT_MS = Date.UTC(2026, 0, 2);
/** A mapping that names a later element is none that anybody means. */
const MAX_PLACES = 1_000;

/** With every documented field, two messages, and what is named beside. */
function invented(named: readonly string[]): Invented {
  const documented = Object.keys(CHATLIO_FIELDS).filter((path) => !NO_VALUE.has(path));
  const elements = documented.flatMap((path) =>
    path.includes('[*]') ? [path.replace('[*]', '[0]'), path.replace('[*]', '[1]')] : [path],
  );
  const documentedBelow = (path: string) => Object.keys(CHATLIO_FIELDS).some((one) => covers(path, one));
  const others = [...new Set(named.flatMap((path) => [...ownPaths(path), ...alsoGone(path)]))]
    .filter((path) => !isDerived(path) && !elements.includes(path) && !documentedBelow(path))
    .filter((path, _place, all) => !all.some((one) => one !== path && covers(path, one)));
  const values = [...elements.map(documentedValue), ...others.map((name, n) => textValue(name, elements.length + n))];
  let body: unknown = {};
  for (const { name, text } of values) body = put(body, parsePath(PUT_AT[name] ?? name) ?? [], text);
  return { body: Buffer.from(JSON.stringify(body)), values };
}

function documentedValue(name: string, number: number): Value {
  if (TIME.test(name)) return { name, text: new Date(AT_MS + number * 60_000).toISOString() };
  if (SLACK_TIME.test(name)) return { name, text: `${AT_MS / 1_000 + number}.000100` };
  return textValue(name, number);
}

function textValue(name: string, number: number): Value {
  const mark = `value ${number};`;
  return { name, text: `${mark} 4111 1111 1111 1111; a@example.com; +351 912 345 678`, mark };
}

/** @returns `value` with `text` at the path */
function put(value: unknown, path: Path, text: string): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return text;
  if ('name' in part) {
    const object: Record<string, unknown> = isObject(value) ? value : {};
    define(object, part.name, put(Object.hasOwn(object, part.name) ? object[part.name] : undefined, rest, text));
    return object;
  }
  const list: unknown[] = Array.isArray(value) ? value : [];
  const index = part.index === 'every' ? 0 : Math.min(part.index, MAX_PLACES);
  while (list.length < index) list.push({});
  list[index] = put(list[index], rest, text);
  return list;
}

interface Fate {
  readonly as: LeavesAs;
  readonly redactions: readonly Redaction[];
}

interface Fates {
  /** By its name, of each invented value that an attribute has. */
  readonly values: ReadonlyMap<string, Fate>;
  /** No event has the attribute any more. */
  readonly isGone: boolean;
}

/** From what tells most. */
const ORDER: readonly LeavesAs[] = ['whole', 'redacted', 'hashed', 'dropped'];

function fates({ body, values }: Invented, reads: readonly string[], privacy: Privacy): ReadonlyMap<string, Fates> {
  const before = projected(body, reads, NO_PRIVACY);
  const after = projected(body, reads, privacy);
  return new Map(
    reads.map((read) => {
      const path = parsePath(read) ?? [];
      const found = new Map<string, Fate>();
      let [wasThere, isThere] = [false, false];
      for (const [index, one] of before.entries()) {
        const whole = jsonAt(one, path);
        const left = jsonAt(after[index], path);
        wasThere ||= whole !== '';
        isThere ||= left !== '';
        for (const value of values.filter(({ text }) => whole.includes(text))) {
          const fate = fateIn(left, value);
          const other = found.get(value.name);
          if (other === undefined || ORDER.indexOf(fate.as) < ORDER.indexOf(other.as)) found.set(value.name, fate);
        }
      }
      return [read, { values: found, isGone: wasThere && !isThere }];
    }),
  );
}

/** One of each kind, as it would be sent. */
function projected(body: Buffer, reads: readonly string[], privacy: Privacy): readonly unknown[] {
  const mappingSet = { id: 'planned', version: 0 };
  const projection = { v: 1, recipe: RECIPE, mappingSet, reads, contents: 'full', privacy, absent: 'omitted' } as const;
  const project = compileProjection(projection satisfies Projection);
  return KINDS.map((kind): unknown => {
    const facts = { eventId: '0'.repeat(64), kind, widget: 'planned', receivedAtMs: RECEIVED_AT_MS };
    const sent = project?.(body, facts);
    return sent !== undefined && 'body' in sent ? JSON.parse(sent.body.toString()) : {};
  });
}

/** All that stands at a path; "" for nothing. */
function jsonAt(value: unknown, path: Path): string {
  const [part, ...rest] = path;
  if (value === undefined) return '';
  if (part === undefined) return JSON.stringify(value);
  if ('name' in part) return isObject(value) && Object.hasOwn(value, part.name) ? jsonAt(value[part.name], rest) : '';
  if (!Array.isArray(value)) return '';
  const { index } = part;
  return index === 'every' ? value.map((one) => jsonAt(one, rest)).join(' ') : jsonAt(value[index], rest);
}

function fateIn(left: string, { text, mark }: Value): Fate {
  if (left.includes(text)) return { as: 'whole', redactions: [] };
  if (left.includes(hash('sha256', text.toLowerCase()))) return { as: 'hashed', redactions: [] };
  const from = mark === undefined ? -1 : left.indexOf(mark);
  if (from === -1) return { as: 'dropped', redactions: [] };
  const [redacted = ''] = left.slice(from).split('"');
  return { as: 'redacted', redactions: REDACTIONS.filter((one) => redacted.includes(REPLACED_BY[one])) };
}

function leavingField(field: string, found: Fates | undefined): LeavingField {
  const values = [...(found?.values ?? [])];
  if (values.length === 0) return { field, as: found?.isGone === true ? 'dropped' : 'whole' };
  const is = (as: LeavesAs) => values.filter(([, fate]) => fate.as === as);
  const redacted = is('redacted');
  const as = (['redacted', 'whole', 'hashed'] as const).find((one) => is(one).length > 0) ?? 'dropped';
  const parts = (['dropped', 'hashed'] as const)
    .filter((one) => one !== as)
    .flatMap((one) => namesOf(is(one), values).map((name) => ({ field: name, as: one })));
  const redactions = REDACTIONS.filter((one) => redacted.some(([, fate]) => fate.redactions.includes(one)));
  return {
    field,
    as,
    ...(as === 'redacted' ? { redactions } : {}),
    ...(parts.length === 0 ? {} : { parts }),
  };
}

/** Elements of a list by one name, where it is so of all. */
function namesOf(some: readonly (readonly [string, Fate])[], all: readonly (readonly [string, Fate])[]): string[] {
  const names = some.map(([name]) => {
    const ofAny = ofAnyElement(name);
    const of = (ones: readonly (readonly [string, Fate])[]) =>
      ones.filter(([one]) => ofAnyElement(one) === ofAny).length;
    return of(some) === of(all) ? ofAny : name;
  });
  return [...new Set(names)];
}

/** What a person keeps from leaving in one place, and leaves in another. */
function remaining(found: ReadonlyMap<string, Fates>, { drop, hash: hashed, redact }: Privacy): RemainingCopy[] {
  const from = (of: string, isCopy: (name: string) => boolean, leaves: readonly LeavesAs[]): RemainingCopy[] =>
    [...found].flatMap(([field, { values }]) =>
      [...values].some(([name, { as }]) => leaves.includes(as) && isCopy(name)) ? [{ of, field }] : [],
    );
  const named = [...new Set([...drop, ...hashed])].flatMap((path) => {
    const own = ownPaths(path);
    const others = mayCarry(path);
    const isCopy = (name: string) =>
      own.some((one) => covers(one, name)) || others.some((one) => covers(one, ofAnyElement(name)));
    return from(path, isCopy, ['whole', 'redacted']);
  });
  return [
    ...named,
    ...(redact.includes('emails') ? from('emails', (name) => ADDRESSES.includes(name), ['whole']) : []),
  ];
}

function notes(contents: Contents, { drop, hash: hashed, redact }: Privacy, fields: readonly LeavingField[]): string[] {
  const isHashed = fields.some(({ as, parts = [] }) => as === 'hashed' || parts.some((part) => part.as === 'hashed'));
  return [
    `Contents are ${contents}. ${CONTENTS_MEANING[contents]}`,
    `${PROFILE_LIMITS} ${CONTENTS_ADVICE[contents]} (${GUARDRAILS_PAGE})`,
    ...(isHashed
      ? [
          'Whoever can guess a value can tell it from its hash: e-mail addresses and phone numbers can be guessed, or tried one after the other.',
        ]
      : []),
    ...(drop.length + hashed.length > 0
      ? ['`eventId` and `occurredAt` are made of what was posted, before anything is dropped or hashed.']
      : []),
    ...(drop.length + hashed.length > 0 && redact.length < REDACTIONS.length
      ? [
          'What people write in a chat may repeat anything: `privacy.redact` replaces card numbers, e-mail addresses and phone numbers there.',
        ]
      : []),
  ];
}

/** The tables of fields say what the code does. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { parsePath } from '../../src/dataprep/path.js';
import { KIND_FACTS, KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { CHATLIO_FIELDS, COLLISIONS } from '../../src/domain/projection/chatlioFields.js';
import { DERIVED_FIELDS, isDerived } from '../../src/domain/projection/fields.js';
import { NO_PRIVACY } from '../../src/domain/projection/projection.js';
import { alsoGone } from '../../src/projection/privacy.js';
import type { ChatlioBody } from '../../src/chatlio/payloads.js';
import { unknownFieldsFor } from '../../src/projection/unknownFields.js';
import { bytesSent, RECEIVED_AT_MS, sent } from './sent.js';

const unknownFields = (body: ChatlioBody, kind: Kind, reads: readonly string[] = []): string[] =>
  unknownFieldsFor(reads)(body, kind);

const paths = Object.keys(CHATLIO_FIELDS);
const derived = Object.keys(DERIVED_FIELDS);

/** A value of the type that Chatlio documents. */
function valueAt(path: string, mark: string): unknown {
  if (path === 'messages') return [{}];
  if (path === 'visitor') return {};
  if (path === 'messages[*].isVisitorMsg') return false;
  if (path === 'messages[*].ts') return '1714642230.001300';
  if (path.endsWith('At')) return '2024-05-02T10:29:40.870331+01:00';
  if (path === 'visitorTraits') return { plan: mark };
  if (path === 'visitor.identTraits') return JSON.stringify({ plan: mark });
  return path === 'extraData' ? [mark] : mark;
}

/** A body with nothing but this, and what it stands in. */
function bodyWith(path: string, value: unknown): Record<string, unknown> {
  const put = (rest: readonly unknown[]): unknown => {
    const [part, ...below] = rest as readonly ({ name: string } | { index: unknown })[];
    if (part === undefined) return value;
    return 'name' in part ? { [part.name]: put(below) } : [put(below)];
  };
  return put(parsePath(path) ?? []) as Record<string, unknown>;
}

const kindsOf = (path: string): Kind[] =>
  KINDS.filter((kind) => CHATLIO_FIELDS[path]?.in.includes(KIND_FACTS[kind].shape));

describe('what is derived of a documented field', () => {
  it.each(paths)('%s: what the table says, and nothing else', (path) => {
    expect(kindsOf(path)).not.toEqual([]);
    for (const kind of kindsOf(path)) {
      const without = path.includes('[*]') ? { messages: [{}] } : {};
      const before = sent(without, { reads: derived }, kind);
      const after = sent(bodyWith(path, valueAt(path, 'mark')), { reads: derived }, kind);
      const changed = derived.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
      expect(changed.toSorted()).toEqual([...(CHATLIO_FIELDS[path]?.into ?? [])].toSorted());
    }
  });

  it('is told of every name that Chatlio uses as well', () => {
    const same = paths.filter((path) => !/[.[]/.test(path) && isDerived(path));
    expect(Object.keys(COLLISIONS).toSorted()).toEqual(same.toSorted());
  });

  it('covers what the invented webhooks hold', () => {
    for (const kind of KINDS) {
      expect(unknownFields(fixture(kind, { seed: 1, atMs: RECEIVED_AT_MS }), kind)).toEqual([]);
    }
  });
});

/** A mark of its own at every documented path, in the types of {@link valueAt}; times and the flag have none. */
const MARKED = paths.filter(
  (path) => path !== 'messages' && path !== 'visitor' && !/(At|\.ts|isVisitorMsg)$/.test(path),
);

function markOf(path: string): string {
  return `mark ${MARKED.indexOf(path)}!`;
}

function markedBody(): Record<string, unknown> {
  const body: Record<string, unknown> = { visitor: {}, messages: [{}] };
  for (const path of MARKED) {
    const [head, last = ''] = path.split(/(?:\[\*\])?\./);
    const holder =
      head === 'visitor' ? body['visitor'] : path.startsWith('messages[') ? (body['messages'] as object[])[0] : body;
    (holder as Record<string, unknown>)[last === '' ? path : last] = valueAt(path, markOf(path));
  }
  return body;
}

describe('a documented field', () => {
  const reads = [...derived, 'body', ...paths.filter((path) => !isDerived(path.split(/[.[]/)[0] ?? ''))];

  it.each(MARKED)('%s: is nowhere once it is dropped or hashed, nor is what goes with it', (path) => {
    const gone = [path, ...alsoGone(`body.${path}`)].filter((one) => MARKED.includes(one));
    for (const kind of KINDS) {
      for (const privacy of [
        { ...NO_PRIVACY, drop: [`body.${path}`] },
        { ...NO_PRIVACY, hash: [`body.${path}`] },
      ]) {
        const bytes = bytesSent(markedBody(), { reads, privacy }, kind);
        expect(gone.filter((one) => bytes.includes(markOf(one)))).toEqual([]);
        // The rest is there: nothing else was lost for it.
        expect(MARKED.filter((one) => !gone.includes(one) && !bytes.includes(markOf(one)))).toEqual([]);
      }
    }
  });

  it.each(derived)('is in no bytes but by the value that is read: %s', (name) => {
    for (const kind of KINDS) {
      const bytes = bytesSent(markedBody(), { reads: [name] }, kind);
      const found = MARKED.filter((path) => bytes.includes(markOf(path)));
      const may = MARKED.filter((path) => CHATLIO_FIELDS[path]?.into.some((one) => one === name));
      expect(found.filter((path) => !may.includes(path))).toEqual([]);
    }
  });
});

describe('unknown fields', () => {
  it('are named as a mapping writes them, without those that are read, empty, or documented', () => {
    const body = {
      message: 'x',
      rating: 5,
      'a.b': 1,
      empty: '',
      visitor: { UUID: 'u', score: 7, segment: { name: 'vip' } },
      messages: [{ text: 'x', edited: true }, { edited: false, reactions: ['+1'] }, 'no object'],
      visitorTraits: { anything: 1 },
    };
    const all = [
      'a\\.b',
      'message',
      'messages[*].edited',
      'messages[*].reactions',
      'rating',
      'visitor.score',
      'visitor.segment',
    ];
    expect(unknownFields(body, 'transcript')).toEqual(all);
    const reads = ['rating', 'visitor.segment.name', 'body.messages[0].edited', 'message'];
    expect(unknownFields(body, 'transcript', reads)).toEqual([
      'a\\.b',
      'message',
      'messages[*].reactions',
      'visitor.score',
    ]);
    expect(unknownFields(body, 'transcript', ['body'])).toEqual([]);
  });

  it('of another kind are seen unless what is derived of them is read', () => {
    expect(unknownFields({ subject: 'x' }, 'feedback')).toEqual(['subject']);
    expect(unknownFields({ subject: 'x' }, 'feedback', ['subject'])).toEqual([]);
  });

  it('are told of each body as of the first one, whatever bodies came before', () => {
    const unknownIn = unknownFieldsFor(['subject']);
    const many = Object.fromEntries(Array.from({ length: 2_500 }, (_, n) => [`field${n}`, 1]));
    expect(unknownIn(many, 'feedback')).toHaveLength(20);
    for (let again = 0; again < 2; again += 1) {
      expect(unknownIn({ field1: 1, field2499: 1, ['f'.repeat(200)]: 1 }, 'feedback')).toEqual([
        `${'f'.repeat(79)}…`,
        'field1',
        'field2499',
      ]);
      expect(unknownIn({ message: 'x' }, 'transcript')).toEqual(['message']);
      expect(unknownIn({ message: 'x' }, 'feedback')).toEqual([]);
      expect(unknownIn({ visitor: { message: 'x' } }, 'feedback')).toEqual(['visitor.message']);
    }
  });

  it('are no more than twenty, and no more are looked at', () => {
    let looks = 0;
    const body = {};
    for (let n = 0; n < 1_000; n += 1) {
      Object.defineProperty(body, `field${n}`, { enumerable: true, get: () => (looks += 1) });
    }
    expect(unknownFields(body, 'feedback')).toHaveLength(20);
    expect(looks).toBe(20);
  });

  it('are few, short and printable whatever is posted, and hold no value', () => {
    const name = fc.string({ unit: 'binary', maxLength: 200 });
    const posted = fc.dictionary(name, fc.constant('VALUE'), { maxKeys: 60, size: 'max' });
    fc.assert(
      fc.property(posted, posted, (body, visitor) => {
        const names = unknownFields({ ...body, visitor, messages: [visitor] }, 'feedback');
        expect(names.length).toBeLessThanOrEqual(20);
        expect(names.filter((one) => Array.from(one).length > 80)).toEqual([]);
        expect(names.join('')).not.toMatch(/[\p{Cc}\p{Cs}\u202e]|VALUE/u);
      }),
    );
  });
});

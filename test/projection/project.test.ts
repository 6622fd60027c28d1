import { hash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEvent, eventJson } from '../../src/chatlio/canonicalEvent.js';
import { fixture } from '../../src/chatlio/fixtures.js';
import { readPayload } from '../../src/chatlio/payloads.js';
import { CANONICAL_FIELD_NAMES } from '../../src/domain/events/canonical.js';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { DERIVED_FIELDS } from '../../src/domain/projection/fields.js';
import { NO_PRIVACY, RECIPE } from '../../src/domain/projection/projection.js';
import { compileProjection, MAX_WHOLE_BYTES } from '../../src/projection/project.js';
import { bytesSent, factsOf, projection, RECEIVED_AT_MS, sent } from './sent.js';

describe('what a source of 0.1.0 sends', () => {
  const reads = CANONICAL_FIELD_NAMES.toReversed();
  const sentBy010 = (body: Record<string, unknown>, kind: Kind) =>
    eventJson(canonicalEvent({ ...factsOf(kind), payload: readPayload(body) }));

  it.each(KINDS)('is sent of the original of a %s as well, byte for byte', (kind) => {
    for (let seed = 0; seed < 50; seed += 1) {
      const body = fixture(kind, { seed, atMs: RECEIVED_AT_MS, textLength: seed * 400 });
      expect(bytesSent(body, { reads, contents: 'compact' }, kind)).toBe(sentBy010(body, kind));
    }
  });

  it('is so whatever the body holds', () => {
    const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.jsonValue({ maxDepth: 2 }));
    const visitor = fc.dictionary(fc.constantFrom('UUID', 'email', 'name', 'handle', 'currentPage', 'more'), value);
    const message = fc.dictionary(fc.constantFrom('text', 'ts', 'userId', 'isVisitorMsg', 'sentAt'), value);
    const body = fc.record(
      {
        conversationUUID: value,
        visitor: fc.oneof(visitor, value),
        message: fc.string({ unit: 'binary', maxLength: 9_000, size: 'max' }),
        textBody: value,
        messages: fc.oneof(fc.array(message), value),
        email: value,
        visitorName: value,
        startedAt: value,
        channelId: value,
        extraData: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(body, fc.constantFrom(...KINDS), (shape, kind) => {
        const parsed = JSON.parse(JSON.stringify(shape)) as Record<string, unknown>;
        expect(bytesSent(parsed, { reads, contents: 'compact' }, kind)).toBe(sentBy010(parsed, kind));
      }),
      { numRuns: 200 },
    );
  });
});

describe('what leaves', () => {
  const body = {
    visitor: { UUID: 'u-1', email: 'ana@example.com', name: '', createdAt: '2024-05-02T10:28:57.118204+01:00' },
    message: 'own message',
    channelId: null,
    custom: { deep: { value: 7 }, other: 'not read' },
    messages: [
      { text: 'one', ts: '1714642181.000200', userId: '' },
      { text: 'two', ts: '1714642230.001300', userId: 'U05', username: 'Mia' },
    ],
  };

  it('is what is read, and nothing else', () => {
    expect(sent(body, { reads: ['eventId', 'visitor.UUID'] })).toEqual({
      eventId: 'a'.repeat(64),
      visitor: { UUID: 'u-1' },
    });
  });

  it('is the derived value of a name that has one, and Chatlio’s own below `body`', () => {
    const reads = ['message', 'body.message', 'body.custom.deep'];
    expect(sent({ ...body, textBody: 'the chat' }, { reads })).toEqual({
      message: 'the chat',
      body: { message: 'own message', custom: { deep: { value: 7 } } },
    });
  });

  it('of an object or a list that is read whole is all that it has, but for "" and null', () => {
    const { createdAt } = body.visitor;
    expect(sent(body, { reads: ['visitor', 'channelId'] })).toEqual({
      visitor: { UUID: 'u-1', email: 'ana@example.com', createdAt },
    });
  });

  it('of single elements keeps their places', () => {
    expect(sent(body, { reads: ['body.messages[1].text'] })).toEqual({ body: { messages: [{}, { text: 'two' }] } });
    expect(sent(body, { reads: ['messages[*].text', 'messages[0].ts'] })).toEqual({
      messages: [{ ts: '1714642181.000200', text: 'one' }, { text: 'two' }],
    });
  });

  it('is null for what an event lacks, where that is said', () => {
    expect(sent(body, { reads: ['subject', 'visitor.UUID', 'unknown'], absent: 'null' })).toEqual({
      subject: null,
      visitor: { UUID: 'u-1' },
      unknown: null,
    });
  });

  it('is null at every place that a mapping reads below an object or a list, where that is said', () => {
    const reads = ['visitor.UUID', 'visitor.name', 'custom.deep.more', 'body.messages[2].text', 'messages[*].authorId'];
    expect(sent(body, { reads, absent: 'null' })).toEqual({
      visitor: { UUID: 'u-1', name: null },
      custom: { deep: { more: null } },
      body: { messages: [{}, {}, { text: null }] },
      messages: [{ authorId: null }, { authorId: 'U05' }],
    });
    expect(sent({}, { reads, absent: 'null' })).toEqual({
      visitor: { UUID: null, name: null },
      custom: { deep: { more: null } },
      body: { messages: [{}, {}, { text: null }] },
      messages: [],
    });
  });

  it('of messages, traits and extra data are lists, whatever Chatlio has sent them as', () => {
    const traits = {
      visitorTraits: { plan: 'gold', logged_in: 'false', nested: { a: 1 } },
      visitor: { identTraits: '{"tier":3}' },
      extraData: ['vip', '', 'north'],
    };
    expect(
      sent({ ...body, ...traits }, { reads: ['messages', 'visitorTraits', 'visitorIdentTraits', 'extraData'] }),
    ).toEqual({
      messages: [
        { ts: '1714642181.000200', text: 'one', isVisitor: true },
        { ts: '1714642230.001300', text: 'two', authorId: 'U05', authorName: 'Mia', isVisitor: false },
      ],
      visitorTraits: [
        { name: 'plan', value: 'gold' },
        { name: 'logged_in', value: 'false' },
        { name: 'nested', value: '{"a":1}' },
      ],
      visitorIdentTraits: [{ name: 'tier', value: '3' }],
      extraData: [
        { name: '1', value: 'vip' },
        { name: '3', value: 'north' },
      ],
    });
  });

  it('are texts without NUL and halves of surrogate pairs, and everything else as it was written', () => {
    const text = '\u05E9\u05DC\u05D5\u05DD\r\n👋\u0000 \uD83D end';
    expect(sent({ textBody: text }, { reads: ['message'] })).toEqual({
      message: '\u05E9\u05DC\u05D5\u05DD\r\n👋\uFFFD \uFFFD end',
    });
  });

  it('are numbers as a double has them: an integer above 2^53 is rounded, as the page of fields says', () => {
    const digits = '"order": 9007199254740993, "plan": "9007199254740993"';
    const body = `{${digits}, "visitorTraits": {${digits}}, "visitor": {"identTraits": ${JSON.stringify(`{${digits}}`)}}}`;
    const reads = ['body.order', 'body.plan', 'visitorTraits', 'visitorIdentTraits'];
    const traits = [
      { name: 'order', value: '9007199254740992' },
      { name: 'plan', value: '9007199254740993' },
    ];
    expect(sent(body, { reads })).toEqual({
      body: { order: 2 ** 53, plan: '9007199254740993' },
      visitorTraits: traits,
      visitorIdentTraits: traits,
    });
  });

  it('is of a name like __proto__ a member like any other', () => {
    const record = sent('{"a":1,"custom":{"__proto__":{"x":"y"}}}', { reads: ['custom'] });
    expect(JSON.stringify(record)).toBe('{"custom":{"__proto__":{"x":"y"}}}');
  });
});

describe('a release that does not know a recipe', () => {
  it('makes nothing of it', () => {
    expect(compileProjection(projection({ recipe: RECIPE + 1 }))).toBeUndefined();
  });
});

describe('what is too long for the inlet', () => {
  const reads = ['eventId', 'message', 'messages', 'messageTruncated', 'messagesOmitted', 'visitorEmail'];

  it('is left as it is up to the limit: 400 messages of 300 KB, each in its place', () => {
    const messages = Array.from({ length: 400 }, (_none, n) => ({ text: `${n} ${'ж'.repeat(350)}`, ts: `${n}.1` }));
    const {
      messages: left,
      messageTruncated,
      messagesOmitted,
    } = sent({ messages }, { reads }) as {
      messages: { text: string }[];
      messageTruncated?: boolean;
      messagesOmitted?: number;
    };
    expect(left.map(({ text }) => text)).toEqual(messages.map(({ text }) => text));
    expect([messageTruncated, messagesOmitted]).toEqual([undefined, undefined]);
  });

  it('is shortened where it is longest, and says so', () => {
    const messages = [{ text: 'short' }, { text: '😀'.repeat(800_000), username: 'Mia', userId: 'U05MIAAAA' }];
    const record = sent({ messages, visitor: { email: 'ana@example.com' } }, { reads });
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThanOrEqual(MAX_WHOLE_BYTES);
    expect(Buffer.byteLength(JSON.stringify(record))).toBeGreaterThan(MAX_WHOLE_BYTES - 200);
    expect(record).toMatchObject({ visitorEmail: 'ana@example.com', messageTruncated: true });
    expect(record['messages']).toMatchObject([{ text: 'short' }, { authorId: 'U05MIAAAA', authorName: 'Mia' }]);
    expect(JSON.stringify(record)).not.toContain('\\ud83d');
  });

  it('loses messages from the end where shortening is not enough, and says how many', () => {
    const messages = Array.from({ length: 20_000 }, (_none, n) => ({ text: `${n} `.repeat(60), ts: `${n}.1` }));
    const record = sent({ messages, textBody: 'x'.repeat(900_000) }, { reads });
    const { messages: left, messagesOmitted } = record as { messages: { ts: string }[]; messagesOmitted: number };
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThanOrEqual(MAX_WHOLE_BYTES);
    expect(left.map(({ ts }) => ts)).toEqual(messages.slice(0, left.length).map(({ ts }) => ts));
    expect(left.length + messagesOmitted).toBe(20_000);
  });

  it('counts messages alone, and leaves identifiers as they are, whatever else had to be cut', () => {
    const userId = 'u'.repeat(300_000);
    const more = Array.from({ length: 200_000 }, () => 12_345_678);
    const record = sent(
      { messages: [{ text: 'one', userId }], custom: { said: 'x'.repeat(300_000), paid: 'y'.repeat(900_000), more } },
      { reads: [...reads, 'custom'] },
    );
    expect(record['messages']).toEqual([{ text: 'one', authorId: userId, isVisitor: false }]);
    expect(record['messageTruncated']).toBe(true);
    expect(record).not.toHaveProperty('messagesOmitted');
  });

  it('takes no longer for many lists than for one', () => {
    const many = Object.fromEntries(Array.from({ length: 9_000 }, (_none, n) => [`k${n}`, Array(20).fill(1_234_567)]));
    const start = performance.now();
    sent({ custom: many }, { reads: ['custom'] });
    expect(performance.now() - start).toBeLessThan(25_000);
  });

  it('is a fault where nothing may be shortened any more', () => {
    const facts = factsOf('feedback');
    const original = Buffer.from(JSON.stringify({ custom: { id: 'x'.repeat(1_000_000) } }));
    expect(compileProjection(projection({ reads: ['custom'] }))?.(original, facts)).toEqual({
      fault: 'what leaves of it is longer than 900000 bytes',
    });
  });

  it('is below 8,000 bytes where contents are compact, lists included', () => {
    const messages = Array.from({ length: 400 }, (_none, n) => ({ text: `${n} ${'y'.repeat(300)}`, ts: `${n}.1` }));
    const record = sent({ messages, textBody: 'z'.repeat(50_000) }, { reads, contents: 'compact' });
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThanOrEqual(8_000);
    expect(record).toMatchObject({ messageTruncated: true, messagesOmitted: expect.any(Number) });
  });
});

describe('privacy', () => {
  const person = {
    visitor: { UUID: 'u-1', email: ' Ana@Example.com ', name: 'Ana Reis', handle: 'porto-8' },
    email: 'Ana@Example.com',
    emailPretty: '"Ana Reis" <ana@example.com>',
    replyToEmail: 'ana@example.com',
    message: 'call me',
  };
  const reads = [...Object.keys(DERIVED_FIELDS), 'body'];

  it('drops a value with everything that repeats it, under its own name or the derived one', () => {
    for (const path of ['visitor.email', 'body.visitor.email', 'visitorEmail', 'visitor']) {
      const record = sent(person, { reads, privacy: { ...NO_PRIVACY, drop: [path] } }, 'offline-message');
      expect(JSON.stringify(record).toLowerCase()).not.toContain('ana@example.com');
      expect(record).toMatchObject({ message: 'call me' });
    }
    const record = sent(
      { textBody: 'secret', messages: [{ text: 'secret' }] },
      { reads, privacy: { ...NO_PRIVACY, drop: ['message'] } },
    );
    expect(JSON.stringify(record)).not.toContain('secret');
  });

  it('hashes a value as Adobe’s hashed e-mail namespace takes it, and drops what cannot be hashed', () => {
    const record = sent(person, { reads, privacy: { ...NO_PRIVACY, hash: ['visitor.email'] } }, 'offline-message');
    expect(record['visitorEmail']).toBe(hash('sha256', 'ana@example.com'));
    expect(record['visitorEmail']).toBe((record['body'] as { email: string }).email);
    expect(record['body']).not.toHaveProperty('emailPretty');
    expect(JSON.stringify(record).toLowerCase()).not.toContain('ana@example.com');
  });

  it('drops and hashes below traits, which come as objects and as texts, under the names of either', () => {
    const body = {
      visitorTraits: { plan: 'gold', tier: 3 },
      visitor: { identTraits: '{"plan":"gold","tier":3}' },
      message: 'as it was',
    };
    for (const path of ['visitorTraits.plan', 'visitorIdentTraits.plan', 'body.visitor.identTraits.plan']) {
      const record = sent(body, { reads, privacy: { ...NO_PRIVACY, drop: [path] } });
      expect(JSON.stringify(record)).not.toContain('gold');
      expect(record).toMatchObject({
        visitorTraits: [{ name: 'tier', value: '3' }],
        visitorIdentTraits: [{ name: 'tier', value: '3' }],
      });
    }
    const hashed = sent(body, { reads, privacy: { ...NO_PRIVACY, hash: ['visitorIdentTraits'] } });
    expect(hashed['visitorIdentTraits']).toEqual(hashed['visitorTraits']);
    expect(JSON.stringify(hashed)).not.toContain('gold');
    for (const path of ['visitorTraits[*].value', 'visitorTraits[0]']) {
      const record = sent(body, { reads, privacy: { ...NO_PRIVACY, drop: [path] } });
      expect(JSON.stringify(record)).not.toContain('gold');
    }
  });

  it('takes members of messages by the derived names and by Chatlio’s', () => {
    const body = {
      messages: [
        { text: 'a', username: 'Mia', userId: 'U05' },
        { text: 'b', username: 'Tom' },
      ],
    };
    for (const path of ['messages[*].authorName', 'body.messages[*].username', 'messages[*].username']) {
      expect(JSON.stringify(sent(body, { reads, privacy: { ...NO_PRIVACY, drop: [path] } }))).not.toMatch(/Mia|Tom/);
    }
    const first = sent({ ...body, textBody: 'a b' }, { reads, privacy: { ...NO_PRIVACY, drop: ['messages[0].text'] } });
    expect(first['messages']).toEqual([
      { authorId: 'U05', authorName: 'Mia', isVisitor: false },
      { text: 'b', authorName: 'Tom', isVisitor: true },
    ]);
    expect(first).not.toHaveProperty('message');
  });

  it('leaves out a count that is dropped, and nothing else', () => {
    const body = { messages: [{ text: 'a' }], textBody: 'a' };
    const record = sent(body, { reads, privacy: { ...NO_PRIVACY, drop: ['messageCount'] } });
    expect(record).toMatchObject({ message: 'a', messages: [{ text: 'a' }], visitorMessageCount: 1 });
    expect(record).not.toHaveProperty('messageCount');
  });

  it('redacts wherever a text stands, traits and their numbers included', () => {
    const privacy = { ...NO_PRIVACY, redact: ['cards', 'emails', 'phones'] as const };
    const record = sent(
      {
        visitorTraits: { email: 'ana@example.com', card: 4_111_111_111_111_111 },
        visitor: {
          identTraits: '{"phone":351912345678}',
          currentPage: 'https://x.example/?m=ana%40example.com&o=12345678',
        },
        custom: [{ email: 'ana@example.com' }],
        order: 12_345_678,
      },
      { reads: [...reads, 'custom', 'order'], privacy },
    );
    expect(record).toMatchObject({
      visitorTraits: [
        { name: 'email', value: '[e-mail address]' },
        { name: 'card', value: '[card number]' },
      ],
      visitorIdentTraits: [{ name: 'phone', value: '[phone number]' }],
      visitorPage: 'https://x.example/?m=[e-mail address]&o=12345678',
      custom: [{ email: '[e-mail address]' }],
      order: 12_345_678,
    });
    expect(JSON.stringify(record)).not.toMatch(/ana|4111|3519/);
  });

  it.each([
    ['a card at the end of a sentence: 4111 1111 1111 1111.', 'a card at the end of a sentence: [card number].'],
    ['with its code 4111-1111-1111-1111 123', 'with its code [card number] 123'],
    ['nr.378282246310005, until 12/27', 'nr.[card number], until 12/27'],
    ['4111.1111.1111.1111', '[card number]'],
    ['4111 1111 1111 1111 5500 0000 0000 0004', '[card number] [card number]'],
    ['4111 1111 1111 1112 is none', '4111 1111 1111 1112 is none'],
    ['pi is 3.1415926535897932', 'pi is 3.1415926535897932'],
  ])('redacts the card numbers of: %s', (text, left) => {
    expect(sent({ textBody: text }, { reads, privacy: { ...NO_PRIVACY, redact: ['cards'] } })['message']).toBe(left);
  });

  it.each([
    ['tel:351912345678', 'tel:[phone number]'],
    ['+44 (0)20 7946 0958!', '[phone number]!'],
    ['call (555) 123-4567 or 555.123.4567', 'call [phone number] or [phone number]'],
    ['room 12345 costs 12.50', 'room 12345 costs 12.50'],
  ])('redacts the phone numbers of: %s', (text, left) => {
    expect(sent({ textBody: text }, { reads, privacy: { ...NO_PRIVACY, redact: ['phones'] } })['message']).toBe(left);
  });

  it.each([
    ['(mail ana.reis+shop@mail.example.co.uk)', '(mail [e-mail address])'],
    ['<a href="mailto:ana@example.xn--p1ai">', '<a href="mailto:[e-mail address]">'],
    [`${'a'.repeat(100)}@example.com`, '[e-mail address]'],
    ['@mia and a@b', '@mia and a@b'],
  ])('redacts the e-mail addresses of: %s', (text, left) => {
    expect(sent({ textBody: text }, { reads, privacy: { ...NO_PRIVACY, redact: ['emails'] } })['message']).toBe(left);
  });

  it.each(['a', '1', '1 ', '@a.', '-'])('takes no longer for a long run of %j', (run) => {
    const start = performance.now();
    const privacy = { ...NO_PRIVACY, redact: ['cards', 'emails', 'phones'] as const };
    sent({ textBody: run.repeat(3_000_000 / run.length) }, { reads: ['message'], privacy });
    expect(performance.now() - start).toBeLessThan(25_000);
  });

  it('redacts card numbers, e-mail addresses and phone numbers in free texts, and leaves other numbers', () => {
    const text =
      'pay 4111 1111 1111 1111 or 4111 1111 1111 1112, mail ana@example.com, call +351 912 345 678; order 12345, 2026-05-02';
    const privacy = { ...NO_PRIVACY, redact: ['cards', 'emails', 'phones'] as const };
    const record = sent(
      { message: text, visitor: { UUID: '4111111111111111' } },
      { reads: ['message', 'visitorUUID'], privacy },
      'feedback',
    );
    expect(record['message']).toContain('pay [card number] or');
    expect(record['message']).toContain('mail [e-mail address], call [phone number]; order 12345');
    expect(record['visitorUUID']).toBe('4111111111111111');
  });

  it('is applied after times are taken: a dropped end of a transcript still says when it happened', () => {
    const record = sent(
      { endedAt: '2024-05-02T10:31:15.002500057+01:00', conversationUUID: 'c' },
      { reads: ['occurredAt', 'endedAt'], privacy: { ...NO_PRIVACY, drop: ['endedAt'] } },
    );
    expect(record).toEqual({ occurredAt: '2024-05-02T09:31:15.002Z' });
  });

  /** A body with a text of its own at every path. */
  const leaf = fc.constant('leaf');
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('node')),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node;
  const bodies = fc.record({
    visitor: fc.dictionary(fc.constantFrom('UUID', 'email', 'name', 'handle', 'userAgent', 'custom'), tree),
    message: leaf,
    textBody: leaf,
    visitorTraits: tree,
    messages: fc.array(fc.dictionary(fc.constantFrom('text', 'username', 'ts', 'userId', 'more'), tree), {
      maxLength: 3,
    }),
    custom: tree,
  });

  /** Every leaf becomes its own path. @returns the paths */
  function marked(value: unknown, path: string): { value: unknown; paths: string[] } {
    if (Array.isArray(value)) {
      const inner = value.map((one, index) => marked(one, `${path}[${index}]`));
      return { value: inner.map((one) => one.value), paths: inner.flatMap(({ paths }) => paths) };
    }
    if (typeof value === 'object' && value !== null) {
      const inner = Object.entries(value).map(
        ([name, one]) => [name, marked(one, path === '' ? name : `${path}.${name}`)] as const,
      );
      return {
        value: Object.fromEntries(inner.map(([name, one]) => [name, one.value])),
        paths: inner.flatMap(([, { paths }]) => paths),
      };
    }
    return { value: `<<${path}>>`, paths: [path] };
  }

  it('leaves no trace of a dropped or hashed path, and nothing leaves that is not read', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(), fc.boolean(), (shape, at, from, hashes) => {
        const { value, paths } = marked(shape, '');
        const path = paths[at % paths.length] ?? 'message';
        const read = paths[from % paths.length] ?? 'message';
        const privacy = hashes ? { ...NO_PRIVACY, hash: [path] } : { ...NO_PRIVACY, drop: [path] };
        expect(JSON.stringify(sent(value, { reads, privacy }))).not.toContain(`<<${path}>>`);
        const others = paths.filter((other) => other !== read);
        const record = JSON.stringify(sent(value, { reads: [`body.${read}`] }));
        expect(others.filter((other) => record.includes(`<<${other}>>`))).toEqual([]);
        expect(record).toContain(`<<${read}>>`);
      }),
      { numRuns: 150 },
    );
  });
});

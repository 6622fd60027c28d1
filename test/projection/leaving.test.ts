/** What `plan` says of what leaves is what leaves. */
import { hash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_EVENT_BYTES } from '../../src/chatlio/canonicalEvent.js';
import { KINDS } from '../../src/domain/events/kinds.js';
import { CHATLIO_FIELDS } from '../../src/domain/projection/chatlioFields.js';
import { CONTENTS_MEANING, GUARDRAILS_PAGE } from '../../src/domain/projection/contents.js';
import { DERIVED_FIELDS } from '../../src/domain/projection/fields.js';
import { NO_PRIVACY, type Privacy, REDACTIONS } from '../../src/domain/projection/projection.js';
import { plannedLeaving } from '../../src/projection/leaving.js';
import { MAX_WHOLE_BYTES } from '../../src/projection/project.js';
import { bytesSent } from './sent.js';

const DERIVED = Object.keys(DERIVED_FIELDS);

function planned(privacy: Partial<Privacy>, reads: readonly string[] = DERIVED) {
  return plannedLeaving({ reads, contents: 'full', privacy: { ...NO_PRIVACY, ...privacy } });
}

/** What does not leave whole, one text for each field. */
function changed(privacy: Partial<Privacy>, reads?: readonly string[]): Record<string, string> {
  const rows = planned(privacy, reads).fields.flatMap(({ field, as, redactions = [], parts = [] }) =>
    as === 'whole' && parts.length === 0
      ? []
      : [[field, [as, ...redactions, ...parts.map((part) => `${part.as} ${part.field}`)].join(', ')]],
  );
  return Object.fromEntries(rows) as Record<string, string>;
}

/** Fields from which what is named can still be told. */
function copies(privacy: Partial<Privacy>, reads?: readonly string[]): string[] {
  return planned(privacy, reads).copies.map(({ of, field }) => `${of} in ${field}`);
}

describe('what is planned to leave', () => {
  it('is all that is read, whole, where nothing is said of privacy', () => {
    expect(planned({}).fields).toEqual(DERIVED.map((field) => ({ field, as: 'whole' })));
    expect(planned({}).copies).toEqual([]);
  });

  it.each<[string, Partial<Privacy>, Record<string, string>]>([
    [
      'goes wherever it is repeated',
      { drop: ['message'] },
      { message: 'dropped', htmlBody: 'dropped', messages: 'whole, dropped messages[*].text' },
    ],
    [
      'is hashed under every name, and dropped where its hash would be of more than it',
      { hash: ['visitor.name'] },
      {
        visitorName: 'hashed',
        channelName: 'hashed',
        archiveUrl: 'dropped',
        messages: 'whole, hashed messages[*].username',
      },
    ],
    ['of a time there is no hash', { hash: ['visitor.createdAt'] }, { visitorFirstSeenAt: 'dropped' }],
    [
      'of one element is named by its place',
      { drop: ['messages[0].text'] },
      { message: 'dropped', htmlBody: 'dropped', messages: 'whole, dropped messages[0].text' },
    ],
    [
      'of traits is dropped below both',
      { drop: ['visitorTraits.plan'] },
      {
        visitorTraits: 'whole, dropped visitorTraits.plan',
        visitorIdentTraits: 'whole, dropped visitor.identTraits.plan',
      },
    ],
    ['of counts is the count', { drop: ['messageCount'] }, { messageCount: 'dropped' }],
  ])('%s', (_what, privacy, rows) => {
    expect(changed(privacy)).toEqual(rows);
  });

  it('is redacted in texts, and only of e-mail addresses in URLs', () => {
    const { message, messages, visitorPage, visitorEmail } = changed({ redact: ['phones', 'emails', 'cards'] });
    expect([message, messages]).toEqual(['redacted, cards, emails, phones', 'redacted, cards, emails, phones']);
    expect([visitorPage, visitorEmail]).toEqual(['redacted, emails', undefined]);
    expect(changed({ redact: ['phones'] })['message']).toBe('redacted, phones');
  });

  it('is told of Chatlio’s own fields too, and of ones that it does not document', () => {
    const reads = ['visitor', 'body.rating.score', 'body.message', 'body.visitor.UUID'];
    expect(changed({ drop: ['body.rating'], hash: ['visitor.UUID', 'message'] }, reads)).toEqual({
      visitor: 'whole, hashed visitor.UUID',
      'body.rating.score': 'dropped',
      'body.message': 'hashed',
      'body.visitor.UUID': 'hashed',
    });
  });
});

describe('a copy that remains', () => {
  it.each<[Partial<Privacy>, string[]]>([
    [{ drop: ['visitor.email'] }, []],
    [{ drop: ['replyToEmail'] }, ['replyToEmail in visitorEmail', 'replyToEmail in agentEmail']],
    [{ drop: ['replyToEmail', 'agentEmail'] }, ['replyToEmail in visitorEmail']],
    [{ hash: ['replyToEmail', 'visitorEmail'] }, ['replyToEmail in agentEmail']],
    // The time of an event is taken of the original.
    [{ drop: ['endedAt'] }, ['endedAt in occurredAt']],
    [{ redact: ['emails'] }, ['emails in visitorEmail', 'emails in agentEmail', 'emails in replyToEmail']],
    [{ redact: ['emails'], hash: ['visitorEmail'] }, ['emails in agentEmail']],
    [{ redact: ['cards', 'phones'] }, []],
  ])('of %o is named: %o', (privacy, named) => {
    expect(copies(privacy)).toEqual(named);
  });

  it('is none in a field that is not read', () => {
    expect(copies({ drop: ['replyToEmail'] }, ['message', 'replyToEmail'])).toEqual([]);
  });
});

describe('the sentences on what leaves', () => {
  it('say that who can guess a value can tell it from its hash, where a hash leaves', () => {
    const guessable = expect.stringContaining('e-mail addresses and phone numbers can be guessed') as string;
    expect(planned({ hash: ['visitorEmail'] }).notes).toContainEqual(guessable);
    expect(planned({ hash: ['visitorEmail'] }, ['message']).notes).not.toContainEqual(guessable);
    expect(planned({ drop: ['visitorEmail'] }).notes).not.toContainEqual(guessable);
  });

  it('say what the contents mean, with the limits that the code has, and where Adobe says its own', () => {
    const notes = (contents: 'full' | 'compact') =>
      plannedLeaving({ reads: ['message'], contents, privacy: NO_PRIVACY }).notes.join(' ');
    expect(notes('full')).toContain(`${MAX_WHOLE_BYTES.toLocaleString('en')} bytes`);
    expect(notes('compact')).toContain(`${MAX_EVENT_BYTES.toLocaleString('en')} bytes`);
    for (const contents of ['full', 'compact'] as const) {
      expect(notes(contents)).toContain(CONTENTS_MEANING[contents]);
      expect(notes(contents)).toMatch(/10 KB.*ten entries/);
      expect(notes(contents)).toContain(GUARDRAILS_PAGE);
    }
  });
});

/** Documented texts, each with a mark of its own; of lists and maps, what holds them is enough. */
const TEXTS = Object.keys(CHATLIO_FIELDS).filter(
  (path) => !/At$|\.ts$|\[\*\]|Msg$/.test(path) && !['messages', 'visitor', 'extraData'].includes(path),
);
const markOf = (path: string): string => `text ${TEXTS.indexOf(path)}!`;

function marked(): Record<string, unknown> {
  const visitor: Record<string, unknown> = {};
  const body: Record<string, unknown> = { visitor };
  for (const path of TEXTS) {
    const holder = path.startsWith('visitor.') ? visitor : body;
    const isMap = path.endsWith('Traits');
    holder[path.replace('visitor.', '')] = isMap ? { sample: markOf(path) } : markOf(path);
  }
  return body;
}

it('whatever is dropped and hashed, what is said to leave otherwise than whole does not leave whole, and nothing else is', () => {
  const paths = fc.subarray([...TEXTS]);
  fc.assert(
    fc.property(paths, paths, fc.subarray([...REDACTIONS]), (drop, hashed, redact) => {
      const reads = TEXTS.map((path) => `body.${path}`);
      const privacy = {
        drop: drop.map((path) => `body.${path}`),
        hash: hashed.map((path) => `body.${path}`),
        redact: [...redact],
      };
      const leaving = plannedLeaving({ reads, contents: 'full', privacy });
      const bytes = KINDS.map((kind) => bytesSent(marked(), { reads, privacy }, kind)).join('');
      for (const path of TEXTS) {
        const { as } = leaving.fields.find(({ field }) => field === `body.${path}`) ?? {};
        const isThere = bytes.includes(markOf(path));
        const isHashed = bytes.includes(hash('sha256', markOf(path)));
        expect([path, isThere, isHashed]).toEqual([path, as === 'whole' || as === 'redacted', as === 'hashed']);
      }
    }),
    { numRuns: 30 },
  );
});

import { describe, expect, it } from 'vitest';
import { readsOf } from '../../src/dataprep/reads.js';
import { CodedError } from '../../src/domain/errors.js';
import type { Manifest } from '../../src/domain/source/manifest.js';
import { fullDestination } from '../../src/manifest/mapping.js';
import { sourcesOf, unknownInOriginal } from '../../src/manifest/mapping/names.js';
import { readManifest } from '../../src/manifest/read.js';
import { brokenRules } from '../../src/manifest/relations.js';

function read(mapping: string): Manifest {
  return readManifest(
    `version: 1\nname: support-chat\nsandbox: prod\nchatlio: {widgets: [{key: main-site}]}\nmapping: ${mapping}\n`,
    'chat.yaml',
  );
}

/** What a person reads of each problem, one line each. */
function problemsOf(mapping: string): string[] {
  try {
    read(mapping);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return (error.error.problems ?? []).map(
      ({ path, expected, got, hint }) => `${path}: ${expected} | ${got}${hint === undefined ? '' : ` | ${hint}`}`,
    );
  }
  return [];
}

const row = (expression: string) => `[{destination: message, expression: '${expression}'}]`;

describe('an expression in a manifest', () => {
  it.each([
    'lower(visitorEmail)',
    'iif(contains_key("message"), left(message, 100), nullify())',
    'subject.equals("feedback") ? message : subject',
    'concat(channelId, " ", ${channelName})',
    '"always this"',
  ])('is taken: %s', (expression) => {
    expect(problemsOf(row(expression))).toEqual([]);
  });

  it.each([
    ['lower(message', 'a comma or ) | the end at character 14'],
    ['lover(message)', 'a function of Data Prep | lover(…) | did you mean lower?'],
    ['frobnicate(message)', 'a function of Data Prep | frobnicate(…)'],
    [
      'message.equalIgnoreCase("x")',
      'equals, equalsIgnoreCase or get after a value | equalIgnoreCase(…) | did you mean equalsIgnoreCase?',
    ],
    ['lower(message, subject)', 'lower with 1 argument | 2'],
    ['trim(mesage)', 'a field of the canonical event | mesage | did you mean message?'],
    ['trim(visitor.UUID)', 'a field of the canonical event | visitor.UUID | did you mean visitorUUID?'],
    ['contains_key("channel")', 'a field of the canonical event | channel | did you mean channelId?'],
    ['message[0]', 'a field of the canonical event | message[0] | did you mean message?'],
  ])('is named where it cannot be: %s', (expression, problem) => {
    expect(problemsOf(row(expression))).toEqual([`mapping[0].expression: ${problem}`]);
  });
});

describe('the rows that every event needs', () => {
  it.each(['{destination: _id, expression: eventId}', '{destination: timestamp, expression: "(occurredAt)"}'])(
    'may be written out: %s',
    (written) => {
      expect(problemsOf(`[${written}]`)).toEqual([]);
    },
  );

  it.each([
    ['_id, expression: uuid()', 'expression: _id filled from eventId, by which a second copy is recognised | "uuid()"'],
    [
      '_id, expression: sha256(eventId)',
      'expression: _id filled from eventId, by which a second copy is recognised | "sha256(eventId)"',
    ],
    ['_id, source: false', 'source: _id filled from eventId, by which a second copy is recognised | "false"'],
    [
      'timestamp, source: receivedAt',
      'source: timestamp filled from occurredAt, by which it is looked for | "receivedAt"',
    ],
    [
      'timestamp, expression: now()',
      'expression: timestamp filled from occurredAt, by which it is looked for | "now()"',
    ],
  ])('are not filled with anything else: %s', (written, problem) => {
    const [line] = problemsOf(`[{destination: ${written}}]`);
    expect(line).toContain(`mapping[0].${problem.replace('"false"', 'false')} | write \`- {source: `);
  });
});

describe('a mapping with what its rows read', () => {
  it('is the same as the list of its rows, and keeps the answer', () => {
    const rows = '[{destination: subject, source: message}]';
    const { mappingReads, ...manifest } = read(`{rows: ${rows}, reads: [subject, message, subject]}`);
    expect(manifest).toEqual(read(rows));
    expect(mappingReads).toEqual(['message', 'subject']);
    expect(read(`{rows: ${rows}}`)).toEqual(read(rows));
  });

  it('may have functions that are not known here, and what is no expression here: Adobe is asked', () => {
    expect(problemsOf(`{rows: ${row('phonetic(message)')}, reads: [message]}`)).toEqual([]);
    expect(problemsOf(`{rows: ${row('message ?. text')}, reads: []}`)).toEqual([]);
    expect(problemsOf(`{rows: ${row('phonetic(message)')}}`)).toHaveLength(1);
  });

  it('is checked as the list is, and its answer as paths', () => {
    expect(
      problemsOf(
        '{rows: [{destination: mesage, source: message}, {destination: subject}, {destination: subject, source: mesage}], reads: [mesage, "a..b", 7], read: []}',
      ),
    ).toEqual([
      'mapping.reads[2]: the path of a field, such as visitorEmail | 7',
      'mapping.read: one of rows, reads, defaults, proof | an unknown field | did you mean reads?',
      'mapping.rows[0].destination: a field of the XDM schema | "mesage" | did you mean message?',
      'mapping.rows[2].destination: each destination once | "subject"',
      'mapping.rows[1]: `source` or `expression` | neither',
      'mapping.rows[2].source: a field of the canonical event, or false to drop the row | "mesage" | did you mean message?',
      'mapping.reads[0]: a field of the canonical event | mesage | did you mean message?',
      'mapping.reads[1]: the path of a field | "a..b"',
    ]);
    expect(problemsOf('{reads: [message]}')).toEqual(['mapping.rows: a list | nothing']);
    expect(problemsOf('message')).toEqual(['mapping: a list of rows, or a map with `rows` and `reads` | "message"']);
  });

  it('keeps an identity filled', () => {
    const identity = '\nidentity: {field: visitorEmail, namespace: Email}';
    expect(problemsOf(`{rows: [{destination: chatlio_email, source: false}]}${identity}`)).toEqual([
      'mapping.rows[0].source: {tenant}.chatlio_email to be filled: it is the identity | false',
    ]);
  });
});

describe("the rows of Adobe's Chatlio tutorial", () => {
  const ROWS = [
    ['slackChannelId', 'slackchannel_ID'],
    ['slackChannelName', 'slackchannel_name'],
    ['visitor.UUID', 'UUID'],
    ['visitor.email', 'chatlio_email'],
    ['message', 'message'],
    ['channelId', 'channel_ID'],
  ] as const;
  const written = (rows: readonly (readonly [string, string])[]) =>
    JSON.stringify(rows.map(([source, destination]) => ({ source, destination })));

  const NEEDED = [
    ['eventId', '_id'],
    ['occurredAt', 'timestamp'],
  ] as const;
  /** As the tutorial's request has them, with its tenant. */
  const inOldWords = (rows: readonly (readonly [string, string])[]) =>
    JSON.stringify(
      rows.map(([sourceAttribute, field]) => ({
        sourceAttribute,
        destinationXdmPath: `_extconndev.${field}`,
        identity: false,
        version: 0,
      })),
    );
  /** As its table explains them. */
  const inNewWords = (rows: readonly (readonly [string, string])[]) =>
    JSON.stringify(
      rows.map(([source, field]) => ({ sourceType: 'ATTRIBUTE', source, destination: `_{TENANT_ID}.${field}` })),
    );
  const only = (rows: string, more = '') => `{defaults: false, rows: ${rows}${more}}\ncontents: full`;
  const lines = NEEDED.map(([source, destination]) => `{source: ${source}, destination: ${destination}}`);

  it.each([
    ['old', inOldWords],
    ['new', inNewWords],
    ['our', written],
  ])(
    'alone are taken with the two that every event needs, and nothing else is mapped: in %s words',
    (_whose, words) => {
      const rows = `${words(ROWS).slice(0, -1)}, ${lines.join(', ')}]`;
      const { mapping } = read(only(rows));
      expect(new Set(mapping.map(({ source, destination }) => `${source} → ${destination}`))).toEqual(
        new Set([...ROWS, ...NEEDED].map(([source, field]) => `${source} → ${fullDestination(field)}`)),
      );
    },
  );

  it.each([
    ['old', inOldWords],
    ['new', inNewWords],
    ['our', written],
  ])('alone are refused, with the two lines to add: in %s words', (_whose, words) => {
    expect(problemsOf(only(words(ROWS)))).toEqual([
      'mapping.rows[6]: _id filled from eventId, by which a second copy is recognised | nothing | add the line `- {source: eventId, destination: _id}`',
      'mapping.rows[7]: timestamp filled from occurredAt, by which it is looked for | nothing | add the line `- {source: occurredAt, destination: timestamp}`',
    ]);
  });

  it('are refused with an _id made of uuid(), and a timestamp of now(): they count as none', () => {
    const rows = [
      { sourceType: 'EXPRESSION', source: 'uuid()', destination: '_id' },
      { sourceType: 'text/x.aep-xl', source: 'now()', destination: 'timestamp' },
    ];
    expect(problemsOf(only(JSON.stringify(rows)))).toEqual([
      'mapping.rows[0].source: _id filled from eventId, by which a second copy is recognised | "uuid()" | write `- {source: eventId, destination: _id}`',
      'mapping.rows[1].source: timestamp filled from occurredAt, by which it is looked for | "now()" | write `- {source: occurredAt, destination: timestamp}`',
    ]);
  });

  it('are taken with the default rows beside them as before, when nothing is said of these', () => {
    expect(read(`{defaults: true, rows: ${written(ROWS)}}\ncontents: full`)).toEqual(
      read(`${written(ROWS)}\ncontents: full`),
    );
  });

  it('are taken with those of _id and timestamp where the original is kept, and read what they name', () => {
    const rows = [...ROWS, ['eventId', '_id'], ['occurredAt', 'timestamp']] as const;
    const { mapping } = read(`${written(rows)}\ncontents: full`);
    for (const [source, destination] of rows) {
      expect(mapping).toContainEqual({ source, sourceType: 'ATTRIBUTE', destination: fullDestination(destination) });
    }
    const own = mapping.filter(({ source }) => rows.some(([named]) => named === source));
    expect(readsOf(own)).toEqual({ reads: rows.map(([source]) => source).toSorted() });
  });

  it('read fields that a cut event does not have', () => {
    expect(problemsOf(written(ROWS)).map((problem) => problem.split(':')[0])).toEqual([
      'mapping[2].source',
      'mapping[3].source',
    ]);
  });
});

describe('a row in the words of Adobe', () => {
  const shown = {
    id: '2d1c',
    version: 0,
    createdDate: 1_614_901_255_000,
    createdBy: 'somebody',
    sourceType: 'text/x.aep-xl',
    source: 'lower(visitorEmail)',
    destination: '_acmetenant.chatlio_email',
    sourceAttribute: 'lower(visitorEmail)',
    destinationXdmPath: '_acmetenant.chatlio_email',
    identity: false,
    primaryIdentity: false,
    matchScore: 0,
    functionVersion: 1,
  };

  it('as its API shows it is the row in ours', () => {
    expect(read(JSON.stringify([shown]))).toEqual(
      read('[{destination: chatlio_email, expression: lower(visitorEmail)}]'),
    );
  });

  it.each([
    [{ ...shown, source: 'lover(visitorEmail)' }, 'source: a function of Data Prep | lover(…) | did you mean lower?'],
    [
      { sourceAttribute: 'visitorMail', destinationXdmPath: '_acme.chatlio_email' },
      'sourceAttribute: a field of the canonical event, or false to drop the row | "visitorMail" | did you mean visitorEmail?',
    ],
    [
      { sourceAttribute: 'visitorEmail', destinationXdmPath: '_acme.chatlio_mail' },
      'destinationXdmPath: a field of the XDM schema | "_acme.chatlio_mail" | did you mean chatlio_email?',
    ],
    [
      { source: 'message', destination: '_id.message' },
      'destination: a field of the XDM schema | "_id.message" | did you mean message?',
    ],
    [{ ...shown, identity: true }, 'identity: false: an identity is declared below `identity` | true'],
    [
      { ...shown, source: 'visitorEmail', sourceType: 'STATIC' },
      'sourceType: one of ATTRIBUTE, EXPRESSION, text/x.schema-path, text/x.aep-xl | "STATIC"',
    ],
    [{ source: 'visitorEmail' }, 'destination: a field of the XDM schema | nothing'],
  ])('is named under the name that it has: %o', (row, problem) => {
    expect(problemsOf(JSON.stringify([row]))).toEqual([`mapping[0].${problem}`]);
  });

  it('fills the identity, which only written rows do where there are no others', () => {
    const identity = '\nidentity: {field: visitorEmail, namespace: Email}';
    const needed = '{source: eventId, destination: _id}, {source: occurredAt, destination: timestamp}';
    expect(problemsOf(`{defaults: false, rows: [${needed}, ${JSON.stringify(shown)}]}${identity}`)).toEqual([]);
    expect(problemsOf(`{defaults: false, rows: [${needed}]}${identity}`)).toEqual([
      'identity.field: chatlio_email to be filled by a row of the mapping | "visitorEmail"',
    ]);
  });
});

describe('names that a mapping may read', () => {
  const unknown = sourcesOf(['message', 'visitor.UUID', 'messages[*].text', 'messages[*].ts', String.raw`a\.b`], {
    expected: 'a field of an event',
  });

  it.each([
    'message',
    'visitor',
    'visitor.UUID',
    '${visitor}.UUID',
    'messages',
    'messages[*]',
    'messages[3].text',
    String.raw`a\.b`,
  ])('are taken, and what holds them: %s', (path) => {
    expect(unknown(path)).toBeUndefined();
  });

  it.each([
    ['visitor.UID', 'did you mean visitor.UUID?'],
    ['messages[*].txt', 'did you mean messages[*].text?'],
    ['messages.text', 'did you mean messages[*].text?'],
    ['message.text', 'did you mean messages[*].text?'],
    ['a.b', String.raw`did you mean a\.b?`],
    ['toString', undefined],
  ])('are named where there is no such: %s', (path, hint) => {
    expect(unknown(path)).toEqual({
      expected: 'a field of an event',
      got: path,
      ...(hint === undefined ? {} : { hint }),
    });
  });

  it.each([
    'message',
    'messages[*].authorName',
    'messages[0]',
    'visitorTraits',
    'visitorTraits[*].value',
    'userAgent',
    'htmlBody',
    'visitor.UUID',
    'visitor',
    'slackTeamID',
    'textBody',
    'emailPretty',
    'body',
    'body.visitor.UUID',
    'body.messages[*].userId',
    'body.what.Chatlio[2].sends.tomorrow',
  ])('of an original: %s', (path) => {
    expect(unknownInOriginal(path)).toBeUndefined();
  });

  it.each([
    ['visitor.UID', 'did you mean visitor.UUID?'],
    // The bare name is the derived list, which has other members than Chatlio's own.
    ['messages[*].userId', 'did you mean messages[*].authorId?'],
    ['visitorTraits.plan', 'did you mean visitorTraits[*].name?'],
    ['rating', undefined],
  ])('of no original: %s', (path, hint) => {
    expect(unknownInOriginal(path)?.hint).toBe(hint);
    expect(unknownInOriginal(path)?.got).toBe(path);
  });

  it('are those of originals once a manifest says what is kept', () => {
    const mapping = [
      { destination: 'UUID', source: 'visitor.UUID' },
      { destination: 'message', expression: 'trim(body.rating)' },
      { destination: 'subject', source: 'visitor.UID' },
      { destination: 'channel_ID', source: false },
    ];
    expect(brokenRules({ contents: 'full', mapping }).map(({ path, hint }) => [path.join('.'), hint])).toEqual([
      ['mapping.2.source', 'did you mean visitor.UUID?'],
    ]);
    expect(brokenRules({ mapping }).map(({ path }) => path.join('.'))).toEqual([
      'mapping.0.source',
      'mapping.1.expression',
      'mapping.2.source',
    ]);
  });
});

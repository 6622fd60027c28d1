import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CANONICAL_FIELD_NAMES } from '../../src/domain/events/canonical.js';
import { CodedError, type Problem } from '../../src/domain/errors.js';
import { KINDS } from '../../src/domain/events/kinds.js';
import { manifestJsonSchema } from '../../src/manifest/json-schema.js';
import { parseManifest, readManifest, readManifestFile } from '../../src/manifest/read.js';
import { manifestTemplate } from '../../src/manifest/template.js';

const MINIMAL = `version: 1
name: support-chat
sandbox: prod
chatlio:
  widgets:
    - key: main-site
`;

/** What a person reads of each problem, one line each. */
function problemsOf(text: string): string[] {
  const error = errorOf(text);
  expect(error.error.code).toBe('CAEP_MANIFEST_INVALID');
  expect(error.error.fields.count).toBe(String(error.error.problems?.length));
  return (error.error.problems ?? []).map(lineOf);
}

function lineOf({ path, expected, got, hint, line }: Problem): string {
  return `${line ?? '-'} ${path}: ${expected} | ${got}${hint === undefined ? '' : ` | ${hint}`}`;
}

function errorOf(text: string): CodedError {
  try {
    readManifest(text, 'chat.yaml');
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('The manifest was accepted');
}

describe('a manifest', () => {
  it('needs only version, name, sandbox and one widget; the rest has standard values', () => {
    const manifest = readManifest(MINIMAL, 'chat.yaml');
    expect(manifest.chatlio.widgets).toEqual([{ key: 'main-site', kinds: KINDS }]);
    expect(manifest.xdm).toEqual({
      fieldGroup: { title: 'Chatlio support-chat event details' },
      schema: { title: 'Chatlio support-chat events' },
    });
    expect(manifest.dataset).toEqual({ name: 'Chatlio support-chat events', tags: {} });
    expect(manifest).not.toHaveProperty('identity');
    expect(manifest.mapping.map((row) => row.source)).toEqual(CANONICAL_FIELD_NAMES);
    expect(manifest.delivery).toEqual({
      partitions: 1,
      concurrency: 128,
      maxRequestsPerSecond: 1_000,
      requestTimeoutMs: 65_000,
      leaseMs: 15_000,
      settleWindowMs: 300_000,
      schemaSettleWindowMs: 900_000,
      on503: 'strict',
      onNotFound: 'resend',
      lakeLatencyMs: 10_800_000,
      quietWarningMs: 86_400_000,
      retentionMs: 2_592_000_000,
    });
  });

  it('is the same however its lists of kinds and mapping rows are ordered', () => {
    const rows = ['- {destination: message, source: subject}', '- {destination: subject, source: message}'];
    const ordered = (kinds: string, mapping: string[]) =>
      readManifest(`${MINIMAL}      kinds: [${kinds}]\nmapping:\n${mapping.join('\n')}\n`, 'chat.yaml');
    expect(ordered('feedback, transcript', rows)).toEqual(ordered('transcript, feedback', rows.toReversed()));
  });

  it('replaces rows of the mapping by destination, and drops those with source false', () => {
    const { mapping } = readManifest(
      `${MINIMAL}mapping:
  - {destination: chatlio_email, expression: lower(visitorEmail)}
  - {destination: "{tenant}.visitor_name", source: visitorHandle}
  - {destination: visitor_location, source: false}
`,
      'chat.yaml',
    );
    const byDestination = new Map(mapping.map((row) => [row.destination, row]));
    expect(byDestination.get('{tenant}.chatlio_email')).toMatchObject({
      source: 'lower(visitorEmail)',
      sourceType: 'EXPRESSION',
    });
    expect(byDestination.get('{tenant}.visitor_name')).toMatchObject({
      source: 'visitorHandle',
      sourceType: 'ATTRIBUTE',
    });
    expect(byDestination.has('{tenant}.visitor_location')).toBe(false);
    expect(mapping).toHaveLength(CANONICAL_FIELD_NAMES.length - 1);
  });

  it('is the example that the project ships', async () => {
    const example = await readManifestFile('examples/support-chat.yaml');
    expect(example.name).toBe('support-chat');
  });

  it('that `init` writes is the example, but for its tags', async () => {
    const written = manifestTemplate({
      name: 'support-chat',
      sandbox: 'prod',
      widgets: ['main-site'],
      schema: '../schema/manifest.schema.json',
      file: 'examples/support-chat.yaml',
    });
    const tagged = written.replace('  # tags:\n  #   team: [support]', '  tags:\n    team: [support]');
    expect(await readFile('examples/support-chat.yaml', 'utf8')).toBe(tagged);
  });

  it('maps what is off by default where a person takes the marks of comments off the lines of the example', async () => {
    const example = await readFile('examples/support-chat.yaml', 'utf8');
    const without = (lines: RegExp) => example.replaceAll(lines, '$1');
    const off = ['{tenant}.html_body', '{tenant}.visitor_IP_address'];
    const destinationsOf = (text: string) =>
      readManifest(text, 'chat.yaml').mapping.map(({ destination }) => destination);
    expect(destinationsOf(without(/^# (contents: full)$/gm)).filter((one) => off.includes(one))).toEqual([]);
    const one = without(/^# (contents: full|mapping:|  - \{destination: (?:html_body|visitor_IP_address).*)$/gm);
    expect(destinationsOf(one)).toEqual(expect.arrayContaining(off));
    const whole = example.slice(example.indexOf('# mapping:'), example.indexOf('# Rows of your own alone'));
    const all = without(/^# (contents: full)$/gm).replace(whole, whole.replaceAll(/^# ?/gm, ''));
    expect(destinationsOf(all)).toEqual(expect.arrayContaining(off));
    expect(destinationsOf(all)).not.toContain('{tenant}.visitor_location');
  });

  it('keeps every value that the example shows as a comment equal to the standard value', async () => {
    const example = await readFile('examples/support-chat.yaml', 'utf8');
    const delivery = example.slice(example.indexOf('# delivery:')).replaceAll(/^# /gm, '');
    expect(readManifest(`${MINIMAL}${delivery}`, 'chat.yaml')).toEqual(readManifest(MINIMAL, 'chat.yaml'));
  });

  it('reads the same from data as from YAML', () => {
    const parsed = parseManifest({
      version: 1,
      name: 'support-chat',
      sandbox: 'prod',
      chatlio: { widgets: [{ key: 'main-site' }] },
    });
    expect(parsed).toEqual({ ok: true, manifest: readManifest(MINIMAL, 'chat.yaml') });
  });
});

describe('a wrong manifest', () => {
  it('gets every problem at once, each with its line, path, expectation, what was got, and a hint', () => {
    expect(
      problemsOf(`version: 2
nam: support
sandbox: Prod
chatlio:
  widgets:
    - key: Main Site
      kinds: [transcripts, chat]
      colour: red
    - {}
dataset:
  name: a=b, c
  tags: {region: "eu,us", unifiedProfile: "enabled:true"}
mapping:
  - {destination: mesage, source: message}
  - {destination: _id, source: conversationUUID}
delivery:
  lease: 1h
  retention: 30
  partitons: 8
`),
    ).toMatchInlineSnapshot(`
      [
        "1 version: 1 | 2",
        "1 name: a name: lower case letters, digits and single hyphens, at most 40 characters | nothing",
        "2 nam: one of version, name, sandbox, contents, privacy, chatlio, xdm, dataset, identity, mapping, delivery, drift | an unknown field | did you mean name?",
        "3 sandbox: the technical name of a sandbox: lower case letters, digits and single hyphens, at most 256 characters | "Prod"",
        "6 chatlio.widgets[0].key: a key: lower case letters, digits and single hyphens, at most 64 characters | "Main Site"",
        "7 chatlio.widgets[0].kinds[0]: one of new-conversation, unanswered, feedback, offline-message, transcript | "transcripts" | did you mean transcript?",
        "7 chatlio.widgets[0].kinds[1]: one of new-conversation, unanswered, feedback, offline-message, transcript | "chat"",
        "8 chatlio.widgets[0].colour: one of key, kinds | an unknown field",
        "9 chatlio.widgets[1].key: a key: lower case letters, digits and single hyphens, at most 64 characters | nothing",
        "11 dataset.name: 1 to 120 characters, without commas and equals signs, no blank at either end | "a=b, c"",
        "12 dataset.tags.region: text without commas | "eu,us"",
        "12 dataset.tags.unifiedProfile: no tag that enables Profile | the tag unifiedProfile",
        "14 mapping[0].destination: a field of the XDM schema | "mesage" | did you mean message?",
        "15 mapping[1].source: _id filled from eventId, by which a second copy is recognised | "conversationUUID" | write \`- {source: eventId, destination: _id}\`",
        "17 delivery.lease: a duration from 3s to 5m, such as 15s (units ms, s, m, h, d) | "1h"",
        "18 delivery.retention: a duration from 1h to 3650d, such as 30d (units ms, s, m, h, d) | 30",
        "19 delivery.partitons: one of partitions, concurrency, maxRequestsPerSecond, requestTimeout, lease, settleWindow, schemaSettleWindow, on503, onNotFound, canary, lakeLatency, quietWarning, retention | an unknown field | did you mean partitions?",
      ]
    `);
  });

  it.each([
    ['two widgets with one key', '    - key: main-site\n', '7 chatlio.widgets[1].key: a key that no other widget has'],
    ['a kind twice', '      kinds: [feedback, feedback]\n', '7 chatlio.widgets[0].kinds[1]: each kind once'],
    ['no kinds', '      kinds: []\n', '7 chatlio.widgets[0].kinds: at least one kind'],
    [
      'one title for two XDM resources',
      'xdm: {fieldGroup: {title: Chat}, schema: {title: chat}}\n',
      '7 xdm.schema.title: different titles for the field group and the schema',
    ],
    [
      "a field group with the schema's standard title",
      'xdm: {fieldGroup: {title: Chatlio support-chat events}}\n',
      '7 xdm.fieldGroup.title: different titles',
    ],
    ['a blank at the end of a title', 'xdm: {schema: {title: "Chat "}}\n', '7 xdm.schema.title: 1 to 120 characters'],
    ['a reserved tag', 'dataset: {tags: {adobe/pqs/table: x}}\n', '7 dataset.tags.adobe/pqs/table: a tag that is not'],
    ['a tag name with a colon', 'dataset: {tags: {"a:b": x}}\n', '7 dataset.tags.a:b: a tag name without'],
    ['a row without source', 'mapping: [{destination: message}]\n', '7 mapping[0]: `source` or `expression` | neither'],
    [
      'a row with both',
      'mapping: [{destination: message, source: subject, expression: trim(message)}]\n',
      '7 mapping[0]: either `source` or `expression` | both',
    ],
    [
      'one destination twice, in both spellings',
      'mapping:\n  - {destination: message, source: subject}\n  - {destination: "{tenant}.message", source: false}\n',
      '9 mapping[1].destination: each destination once',
    ],
    [
      'a dropped timestamp',
      'mapping: [{destination: timestamp, source: false}]\n',
      '7 mapping[0].source: timestamp to',
    ],
    ['another _id', 'mapping: [{destination: _id, expression: uuid()}]\n', '7 mapping[0].expression: _id filled from'],
    [
      'an identity whose field is not stored',
      'identity: {field: visitorEmail, namespace: Email}\nmapping: [{destination: chatlio_email, source: false}]\n',
      '8 mapping[0].source: {tenant}.chatlio_email to be filled: it is the identity',
    ],
    [
      'a primary identity that may be absent',
      'identity: {field: visitorEmail, namespace: Email, primary: true}\n',
      '7 identity.primary: false for every field but visitorUUID',
    ],
    [
      'a schema that settles before its flow',
      'delivery: {settleWindow: 20m}\n',
      '7 delivery.settleWindow: schemaSettleWindow (15m) not below settleWindow (20m)',
    ],
    [
      'bodies dropped before the lake shows them',
      'delivery: {retention: 2h}\n',
      '7 delivery.retention: retention (2h) not below lakeLatency (3h)',
    ],
    [
      'fewer requests per second than partitions',
      'delivery: {partitions: 4, maxRequestsPerSecond: 3}\n',
      '7 delivery.maxRequestsPerSecond: at least one request per second for each of the 4 partitions',
    ],
    ['a duration without unit', 'delivery: {requestTimeout: 65}\n', '7 delivery.requestTimeout: a duration from 1s'],
    ['a broken number', 'delivery: {partitions: 1.5}\n', '7 delivery.partitions: a whole number from 1 to 64 | 1.5'],
    ['a list for a map', 'delivery: []\n', '7 delivery: a map | an empty list'],
  ])('with %s is refused', (_what, text, problem) => {
    const problems = problemsOf(`${MINIMAL}${text}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('may not be empty', () => {
    expect(problemsOf('')).toEqual(['- : a map | an empty value']);
  });

  it('cannot reach a prototype', () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": 1}, "dataset": {"tags": {"__proto__": "x"}}}') as unknown;
    const parsed = parseManifest(hostile);
    const paths = parsed.ok ? [] : parsed.problems.map((problem) => problem.path);
    expect(paths).toEqual(expect.arrayContaining(['__proto__', 'dataset.tags.__proto__']));
    expect(problemsOf(`${MINIMAL}constructor: {prototype: {polluted: 1}}\n`)[0]).toContain('an unknown field');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a file that is no manifest', () => {
  it.each([
    ['broken YAML', 'name: [', 'line 1: Flow sequence'],
    ['a field that stands twice', 'name: a\nname: b', 'line 2: the field is there twice'],
    ['two documents', 'a: 1\n---\nb: 1', 'several YAML documents'],
    ['a tag that builds objects', 'a: !!js/function x', 'line 1: Unresolved tag'],
    ['aliases that multiply', bomb(), 'its aliases expand to too much data'],
    ['bottomless nesting', '['.repeat(100_000), 'it is nested too deeply'],
    ['too much', `# ${'x'.repeat(300_000)}`, 'it is larger than 256 KiB'],
  ])('is told so: %s', (_what, text, reason) => {
    const { error } = errorOf(text);
    expect(error.code).toBe('CAEP_MANIFEST_UNREADABLE');
    expect(error.fields.reason).toContain(reason);
  });

  it.each([
    ['there is none', 'test/manifest/none.yaml', 'there is no such file'],
    ['it is a folder', 'test/manifest', 'it is a folder'],
    ['it is endless', '/dev/zero', 'it is larger than 256 KiB'],
  ])('is told so: %s', async (_what, file, reason) => {
    await expect(readManifestFile(file)).rejects.toMatchObject({
      error: { code: 'CAEP_MANIFEST_UNREADABLE', fields: { file, reason } },
    });
  });
});

describe('the published JSON Schema', () => {
  it('is fresh: `npm run schema` would write the same', async () => {
    const published = await readFile('schema/manifest.schema.json', 'utf8');
    expect(published).toBe(`${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
  });
});

/** Nine levels of nine aliases each: some 387 million scalars. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const items =
      level === 0 ? Array.from({ length: 9 }, () => 'x') : Array.from({ length: 9 }, () => `*l${level - 1}`);
    return `l${level}: &l${level} [${items.join(', ')}]`;
  });
  return levels.join('\n');
}

/** As much of each as is read at all: 256 KiB, 50,000 words. */
describe('what is made to cost time', () => {
  const many = (count: number, line: (n: number) => string) =>
    Array.from({ length: count }, (_each, n) => line(n)).join('');
  const keys = (n: number) => `k${n}: 1\n`;
  const HOSTILE: Record<string, string> = {
    '20,000 unknown keys': MINIMAL + many(20_000, keys),
    '8,000 unknown keys': MINIMAL + many(8_000, keys),
    '8,000 unknown keys of a widget': MINIMAL + many(8_000, (n) => `      unknown-${n}: 1\n`),
    '8,000 keys of a map in brackets': `${MINIMAL}tags: {${many(8_000, (n) => `k${n}: 1, `)}}\n`,
    '8,000 times the same key': MINIMAL + many(8_000, () => 'k: 1\n'),
    '5,000 times the same widget': MINIMAL + many(5_000, () => '    - key: w\n'),
    '9,000 kinds that are none': `${MINIMAL}      kinds: [${many(9_000, (n) => `fedback${n}, `)}]\n`,
    '4,000 mapping rows': `${MINIMAL}mapping:\n${many(4_000, (n) => `  - source: a${n}\n    destination: b${n}\n`)}`,
    '8,000 tags': `${MINIMAL}dataset:\n  tags:\n${many(8_000, (n) => `    t${n}: [a]\n`)}`,
    '6,000 anchors and as many aliases': `${MINIMAL}${many(6_000, (n) => `k${n}: &a${n} 1\n`)}x: [${many(6_000, (n) => `*a${n}, `)}]\n`,
    'a large map under 60 aliases': `w: &w {${many(8_000, (n) => `k${n}: 1, `)}}\nchatlio:\n  widgets: [${'*w, '.repeat(60)}]\n`,
    'aliases of aliases': `a0: &a0 [x, x]\n${many(40, (n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`)}`,
    '100,000 brackets': `${MINIMAL}x: ${'['.repeat(100_000)}`,
    '60,000 braces': `${MINIMAL}x: ${'{a: '.repeat(60_000)}`,
    '20,000 dashes': `${MINIMAL}x:\n  ${'- '.repeat(20_000)}`,
    '100,000 commas': `${MINIMAL}x: [${','.repeat(100_000)}]`,
    '10,000 unknown tags': MINIMAL + many(10_000, (n) => `k${n}: !t${n} 1\n`),
    '40,000 quotes': '"a" '.repeat(40_000),
  };

  it.each(Object.keys(HOSTILE))('%s: is refused at once, with the first hundred problems', (name) => {
    const startedMs = performance.now();
    const { error } = errorOf(HOSTILE[name] ?? '');
    // Without the bounds some took a minute; with them tens of milliseconds on a machine that does nothing else.
    expect(performance.now() - startedMs).toBeLessThan(25_000);
    expect(error.code).toMatch(/^CAEP_MANIFEST_(INVALID|UNREADABLE)$/);
    expect(error.problems?.length ?? 0).toBeLessThanOrEqual(101);
  });

  it('tells how many more problems there are', () => {
    const { error } = errorOf(MINIMAL + many(1_000, keys));
    expect(error.fields.count).toBe('1000');
    expect(error.problems?.at(-1)).toMatchObject({ got: '900 more problems' });
    const document = Object.fromEntries(Array.from({ length: 50_000 }, (_each, n) => [`unknown-${n}`, 1]));
    const startedMs = performance.now();
    expect(parseManifest(document)).toMatchObject({ ok: false });
    expect(performance.now() - startedMs).toBeLessThan(25_000);
  });
});

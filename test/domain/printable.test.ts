import { describe, expect, it } from 'vitest';
import { initialForwarderState } from '../../src/domain/delivery/forwarderState.js';
import type { Manifest } from '../../src/domain/source/manifest.js';
import type { SourceState } from '../../src/domain/source/source.js';
import { DELIVERY } from '../support/delivery.js';
import { describeForwarder } from '../../src/domain/delivery/forwarderDetails.js';
import { describeSource } from '../../src/domain/source/sourceDetails.js';
import {
  markdownCode,
  markdownDocument,
  markdownText,
  oneLine,
  printable,
  printableJson,
} from '../../src/domain/printable.js';

const LINK = '[all is well](https://evil.example)';

/** What moves the cursor, writes to the clipboard, makes a link, colours, reverses, hides. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['clear the screen', '\u001b[2J\u001b[H'],
  ['hyperlink (OSC 8)', '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\'],
  ['clipboard (OSC 52)', '\u001b]52;c;cm0gLXJmIC8=\u0007'],
  ['CSI in one character (C1)', '\u009b31m'],
  ['OSC in one character (C1)', '\u009d52;c;eA==\u009c'],
  ['back to the start of the line', 'held\rlive'],
  ['backspaces', 'held\b\b\b\blive'],
  ['bidi override', 'a\u202egnp.exe'],
  ['bidi isolate', 'a\u2067b\u2069'],
  ['bidi marks', 'a\u200eb\u200fc\u061cd'],
  ['without width', 'pay\u200bpal\ufeff\u00ad'],
  ['tags', 'a\u{e0041}\u{e007f}'],
  ['line separators', 'a\u2028b\u2029c'],
  ['half a character', 'a\ud83d b'],
];
const UNSEEN =
  /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\u061c\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

describe('on a terminal', () => {
  it.each(HOSTILE)('%s is written out', (_what, text) => {
    expect(printable(text)).not.toMatch(UNSEEN);
    expect(() => encodeURIComponent(printable(text))).not.toThrow();
    expect(oneLine(`${text}\n✔ Everything is fine`)).not.toMatch(/\n/);
  });

  it('what people write stays as it is', () => {
    const text = 'Grüße, Zoë:\n\tдобрый день 👩‍👩‍👧 سلام می‌کنم 你好';
    expect(printable(text)).toBe(text);
    expect(printable('\u001b[2J')).toBe('\\x1b[2J');
    expect(printable('a\r\nb')).toBe('a\nb');
  });

  it.each([
    ['\u0007', '\\x07'],
    ['\u009b', '\\x9b'],
    ['\u202e', '\\u202e'],
    ['\u061c', '\\u061c'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud83d', '\\ud83d'],
    ['a\rb', 'a\\x0db'],
  ])('%j is written out as programmers write it', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('one line is one line: breaks and tabs are blanks', () => {
    expect(oneLine('a\n\n\tb\r\nc\td')).toBe('a b c d');
  });
});

describe('in JSON', () => {
  it.each(HOSTILE)('%s is escaped, and means the same', (_what, text) => {
    const json = printableJson(JSON.stringify({ text }));
    expect(json).not.toMatch(UNSEEN);
    expect(JSON.parse(json)).toEqual({ text });
  });

  it('layout stays: line breaks of a pretty document, also those of Windows', () => {
    const pretty = '{\r\n\t"a": 1\n}';
    expect(printableJson(pretty)).toBe(pretty);
    expect(printableJson('"\u{e0041}\u0085"')).toBe('"\\udb40\\udc41\\u0085"');
  });
});

describe('in Markdown', () => {
  it.each([
    '[click](https://evil.example)',
    '![x](https://evil.example/pixel.png)',
    '<a href="https://evil.example">x</a>',
    '<https://evil.example>',
    'https://evil.example',
    'www.evil.example',
    'mail evil@example.com',
    '**bold** `code` ~~gone~~',
    'a | b\n| --- |\n# heading',
    '&#91;x&#93;',
  ])('%s is text', (text) => {
    const shown = markdownText(text);
    expect(shown).not.toMatch(/(?<!\\)[[\]()<>|*`#~&!]/);
    expect(shown).not.toMatch(/:\/\/|www\.\w|@\w|\n/);
    expect(shown.replaceAll(/[\\\u200b]/g, '')).toBe(text.replaceAll('\n', ' '));
  });

  it('code ends where its text does', () => {
    expect(markdownCode('a`b|c\nd')).toBe("`a'b'c d`");
  });

  it.each([
    ['see https://evil.example', 'see https:\u200b//evil.example'],
    ['WWW.evil.example', 'WWW.\u200bevil.example'],
    ['mailto:a', 'mailto:\u200ba'],
    ['xmpp:a', 'xmpp:\u200ba'],
    ['at 10:30, a:b', 'at 10:30, a:b'],
    ['awww.b', 'awww.b'],
  ])('%s is no link, and other text stays', (text, shown) => {
    expect(markdownText(text)).toBe(shown);
  });

  it('a document ends with a line that may be cut off', () => {
    expect(markdownDocument(['a', 'b'])).toBe('a\nb\n\n\u00a0');
  });

  it.each(HOSTILE)('the details of a forwarder show %s as text', (_what, text) => {
    const input = { v: 1, uid: 'u', name: 'support-chat', delivery: DELIVERY } as const;
    const details = describeForwarder(
      {
        ...initialForwarderState(input),
        phase: 'held',
        hold: { reason: `${text}[x](https://evil.example)`, since: 0 },
      },
      'support-chat',
      'forwarder:support-chat',
    );
    expect(details.replaceAll('\u200b', '')).not.toMatch(UNSEEN);
    expect(details).not.toContain('[x](');
    expect(details).not.toContain('://');
  });

  it('the details of a source show what others have said as text', () => {
    const manifest = { name: 'support-chat', sandbox: 'prod' } as Manifest;
    const adobe = { service: 'Catalog', httpStatus: 400, title: LINK, detail: `${LINK}\n# heading` };
    const state: SourceState = {
      v: 1,
      uid: 'u',
      manifest,
      phase: 'held',
      steps: [{ step: 'schema', state: 'held', id: `a\`${LINK}` }],
      resources: {},
      remainders: [{ step: 'dataset', reason: LINK }],
      hold: { step: 'schema', during: 'do', since: 0, error: { code: 'CAEP_ADOBE_REFUSED', fields: {}, adobe } },
    };
    const live: SourceState = {
      ...state,
      phase: 'live',
      hold: undefined,
      paused: { since: 0, by: LINK, reason: `${LINK}\n\n# heading` },
    };
    for (const details of [describeSource(state, 'source:support-chat'), describeSource(live, 'source:support-chat')]) {
      expect(details.replaceAll(/`[^`\n]*`/g, '')).not.toMatch(/(?<!\\)\]\(|:\/\//);
      expect(details).not.toMatch(/^# heading/m);
    }
    expect(describeSource(live, 'source:support-chat')).toContain('all is well');
  });
});

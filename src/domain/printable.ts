/**
 * Text as it may stand where people look: on a terminal, in JSON that lands there, in the Markdown of the Temporal UI. Whoever can
 * post a webhook, name himself in `by` or answer for Adobe can write such text; none of it may move a cursor, reach the clipboard,
 * turn around what stands beside it, or become a link.
 */

/** Controls (C0, DEL, C1), invisible format characters (bidi among them) but those that join letters and emoji, line separators, halves of characters. */
const UNSAFE = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** For a terminal: line breaks and tabs stay, all else that is not seen is written out, such as `\x1b`. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(UNSAFE, written);
}

/** As {@link printable}, in one line: a break would let a text look like lines of ours. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]+/g, ' ');
}

/** A JSON text that means the same and shows nothing unseen: JSON itself escapes only the oldest controls. */
export function printableJson(json: string): string {
  return json.replaceAll(UNSAFE, (character) =>
    character === '\r'
      ? character
      : Array.from({ length: character.length }, (_each, at) => unit(character.charCodeAt(at))).join(''),
  );
}

/** The UI cuts off the last line of what it shows: that is one without anything in it. */
export function markdownDocument(lines: readonly string[]): string {
  return [...lines, '', '\u00a0'].join('\n');
}

/** In Markdown: the text itself, in one line, without a mark-up, a link or a table cell of its own. */
export function markdownText(text: string): string {
  return (
    oneLine(text)
      .replaceAll(/[\\`*_{}[\]()<>#|~&!$]/g, '\\$&')
      // What the UI makes a link of by itself; a character without width is no part of an address.
      .replaceAll(/:(?=\/\/)|(?<=\bwww)\.|@|(?<=\bmailto):|(?<=\bxmpp):/gi, '$&\u200b')
  );
}

/** In Markdown, as code: an id, say, also in a table. */
export function markdownCode(text: string): string {
  return `\`${oneLine(text).replaceAll(/[`|]/g, "'")}\``;
}

function written(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x1_00) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x1_00_00 ? unit(code) : `\\u{${code.toString(16)}}`;
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * How long the bodies of a run are: most as people write, some of any length up to 500 KB, and transcripts of 3 MB. And what
 * makes a body so long.
 */
import type { Kind } from '../../../src/domain/events/kinds.js';
import { type Random, randomOf } from '../random.js';

const LONGER = { least: 1_000, most: 500_000 } as const;
/** In the body, where a transcript's text stands three times. */
const LARGE_BYTES = 3_000_000;
/** A small run is to end soon. */
const SMALL_RUN = 10_000;
const SHARES = {
  small: { longer: 0.03, largeEvery: 300 },
  whole: { longer: 0.1, largeEvery: 100 },
} as const;

/** @returns draws the length of the next event's body; undefined: as people write */
export function lengthsOf(events: number): (kind: Kind, random: Random) => number | undefined {
  const { longer, largeEvery } = events < SMALL_RUN ? SHARES.small : SHARES.whole;
  let sinceLarge = largeEvery / 2;
  return (kind, random) => {
    sinceLarge += 1;
    if (kind === 'transcript' && sinceLarge >= largeEvery) {
      sinceLarge = 0;
      return LARGE_BYTES;
    }
    if (!random.chance(longer)) return undefined;
    return Math.round(LONGER.least * (LONGER.most / LONGER.least) ** random.next());
  };
}

/** Lengthens what was said, up to a body of about so many bytes; a body that is as long already stays. In place. */
export function lengthen(body: Record<string, unknown>, kind: Kind, bytes: number, seed: number): void {
  const missing = bytes - Buffer.byteLength(JSON.stringify(body));
  if (missing <= 0) return;
  const random = randomOf(seed);
  if (kind === 'transcript') lengthenTranscript(body, missing, random);
  else body['message'] = `${String(body['message'])} ${words(missing, random)}`;
}

const LONGEST_MESSAGE = 12_000;
/** Keys, times and names of one message, in each of its three places. */
const AROUND_A_MESSAGE = 300;

function lengthenTranscript(body: Record<string, unknown>, missing: number, random: Random): void {
  const messages = body['messages'] as Record<string, unknown>[];
  let [html, text] = [String(body['htmlBody']), String(body['textBody'])];
  for (let left = missing; left > AROUND_A_MESSAGE; ) {
    const said = words(Math.min(left / 3, random.between(20, LONGEST_MESSAGE)), random);
    const message = { ...messages[messages.length % 3], text: said };
    messages.push(message);
    html += `<p>${said}</p>`;
    text += `${said}\n`;
    left -= 3 * said.length + AROUND_A_MESSAGE;
  }
  Object.assign(body, { htmlBody: html, textBody: text });
}

const WORDS =
  'order parcel invoice address delivery refund colour question today please thanks bicycle lamp kettle'.split(' ');

function words(characters: number, random: Random): string {
  let text = '';
  while (text.length < characters) text += `${WORDS[random.below(WORDS.length)]} `;
  return text.slice(0, Math.max(1, Math.floor(characters)));
}

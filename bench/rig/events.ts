/**
 * The events of a run: distinct, of varied text, and numbered, so that each one can be told again at the inlet.
 *
 * The number stands in the visitor's and the conversation's UUID: `be9c{run}-0000-4000-a000-{number}`, hexadecimal. What makes
 * an event cheap to make is that only these digits differ between the uses of a template.
 */
import { fixture } from '../../src/chatlio/fixtures.js';
import type { Kind } from '../../src/domain/events/kinds.js';

/** What an event of a run is like: one of 1.2 kB, or the transcript of a conversation of 40 messages. */
export type BenchBody = 'short' | 'transcript';

/** Of short bodies. Transcripts are left out: the shortest has 1.6 kB. */
export const BENCH_KINDS = ['new-conversation', 'unanswered', 'feedback', 'offline-message'] as const satisfies Kind[];
const BODY_BYTES = 1_200;
/** Bodies are this much shorter or longer than {@link BODY_BYTES}, evenly spread. */
const VARIATION_BYTES = 200;
const NUMBER_DIGITS = 12;

export const MESSAGES_OF_A_TRANSCRIPT = 40;
/** A message of a transcript is as long as this, or longer by up to {@link MESSAGE_VARIATION}, evenly spread. */
const MESSAGE_CHARACTERS = 20;
const MESSAGE_VARIATION = 180;
const BETWEEN_MESSAGES_MS = 30_000;

export interface Template {
  readonly kind: Kind;
  readonly body: Buffer;
  /** Where the twelve digits of the number stand. */
  readonly numberAt: readonly number[];
}

/** What stands in front of the number, the same in all events of a run. */
export function numberPrefix(run: number): string {
  return `be9c${run.toString(16).padStart(4, '0')}-0000-4000-a000-`;
}

export function createTemplates(run: number, count: number, like: BenchBody = 'short'): Template[] {
  const prefix = numberPrefix(run);
  return Array.from({ length: count }, (_, seed) => {
    const { kind, body } = like === 'short' ? shortBody(seed, prefix) : transcriptBody(seed, prefix);
    return { kind, body, numberAt: placesOf(body, prefix) };
  });
}

type Posted = Pick<Template, 'kind' | 'body'>;

function shortBody(seed: number, prefix: string): Posted {
  const kind = BENCH_KINDS[seed % BENCH_KINDS.length] as Kind;
  const wanted = BODY_BYTES - VARIATION_BYTES + ((seed * 7_919) % (2 * VARIATION_BYTES + 1));
  const ofLength = (textLength: number) => numbered(fixture(kind, { seed, atMs: Date.now(), textLength }), prefix);
  const bare = ofLength(1).length;
  return { kind, body: ofLength(Math.max(20, wanted - bare)) };
}

/** Visitor and agent take turns; as Chatlio writes it, what they say stands in the body three times. */
function transcriptBody(seed: number, prefix: string): Posted {
  const atMs = Date.now();
  const short = fixture('transcript', { seed, atMs });
  const [asked, answered] = short['messages'] as Record<string, unknown>[];
  const startMs = atMs - MESSAGES_OF_A_TRANSCRIPT * BETWEEN_MESSAGES_MS;
  const messages = Array.from({ length: MESSAGES_OF_A_TRANSCRIPT }, (_, index) => {
    const sentMs = startMs + index * BETWEEN_MESSAGES_MS;
    return {
      ...(index % 2 === 0 ? asked : answered),
      text: said(seed * MESSAGES_OF_A_TRANSCRIPT + index, atMs),
      ts: `${Math.floor(sentMs / 1_000)}.${String(100 + index * 1_100).padStart(6, '0')}`,
      sentAt: new Date(sentMs).toISOString().replace('Z', '000331Z'),
    };
  });
  const lines = messages.map((message) => ({
    name: String((message as Record<string, unknown>)['username']),
    ...message,
  }));
  const body = {
    ...short,
    htmlBody: `<div>${lines.map(({ name, text }) => `<p><b>${name}</b> ${text}</p>`).join('')}</div>`,
    textBody: lines.map(({ name, text }) => `${name}: ${text}\n`).join(''),
    messages,
  };
  return { kind: 'transcript', body: numbered(body, prefix) };
}

function said(seed: number, atMs: number): string {
  const textLength = MESSAGE_CHARACTERS + ((seed * 7_919) % (MESSAGE_VARIATION + 1));
  return String(fixture('new-conversation', { seed, atMs, textLength })['message']);
}

function numbered(body: Record<string, unknown>, prefix: string): Buffer {
  const id = `${prefix}${'0'.repeat(NUMBER_DIGITS)}`;
  const visitor = { ...(body['visitor'] as Record<string, string>), UUID: id };
  const conversation = 'conversationUUID' in body ? { conversationUUID: id } : {};
  return Buffer.from(JSON.stringify({ ...body, visitor, ...conversation }));
}

function placesOf(body: Buffer, prefix: string): number[] {
  const places: number[] = [];
  for (let at = body.indexOf(prefix); at !== -1; at = body.indexOf(prefix, at + 1)) places.push(at + prefix.length);
  return places;
}

/** Writes the number's digits. Digit by digit: this runs for each request, on the cores that are measured. */
export function writeNumber(target: Buffer, at: number, value: number): void {
  let rest = value;
  for (let digit = at + NUMBER_DIGITS - 1; digit >= at; digit -= 1) {
    const low = rest % 16;
    target[digit] = low < 10 ? 48 + low : 87 + low;
    rest = (rest - low) / 16;
  }
}

/** Reads what {@link writeNumber} wrote. */
export function readNumber(source: Buffer, at: number): number {
  let value = 0;
  for (let digit = at; digit < at + NUMBER_DIGITS; digit += 1) {
    const code = source[digit] as number;
    value = value * 16 + (code < 58 ? code - 48 : code - 87);
  }
  return value;
}

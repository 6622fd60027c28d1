/**
 * What Chatlio posts in a run, from the seed alone: conversations with their webhooks, some delivered twice, some with
 * another page in the visitor's data, some out of order, some that contradict an earlier one, some that nobody can read. Each has
 * fields that no mapping of the run reads.
 */
import { fixture } from '../../../src/chatlio/fixtures.js';
import type { Kind } from '../../../src/domain/events/kinds.js';
import { randomOf, type Random } from '../random.js';
import { lengthen, lengthsOf } from './sizes.js';

/** What the body is: the event as it is, the same event with other volatile data, another content under the same id, broken. */
type Form = 'plain' | 'drifted' | 'conflicting' | 'broken';

export interface Post {
  readonly kind: Kind;
  /** The conversation. */
  readonly conversation: number;
  /** Second feedback of a conversation: another event. */
  readonly isSecond: boolean;
  readonly form: Form;
  /** Of the body. Absent: as people write. */
  readonly bytes?: number;
}

/** Stands in fields that no mapping of a run reads: it must not leave. */
export const MARKER = 'not-for-adobe-7c1e';

/** Posts of the same event have the same key; what is held on arrival has a key of its own. */
export function eventKeyOf({ kind, conversation, isSecond, form }: Post): string {
  const apart = form === 'broken' ? '/broken' : '';
  return `${conversation}/${kind}${isSecond ? '/second' : ''}${apart}`;
}

const DUPLICATE = 0.06;
const DRIFTED = 0.04;
const CONFLICTING = 0.004;
const BROKEN = 0.002;
/** Places by which a post may come late. */
const DISORDER = 40;
const FAR_DISORDER = 3_000;

/** @returns posts of at least `events` different events, in the order in which they are made */
export function postsOf(seed: number, events: number): Post[] {
  const random = randomOf(seed);
  const placed: { readonly at: number; readonly post: Post }[] = [];
  const lengthOf = lengthsOf(events);
  let made = 0;
  const place = (post: Post) => {
    const late = random.chance(0.02) ? random.between(0, FAR_DISORDER) : random.between(0, DISORDER);
    placed.push({ at: made + late, post });
  };
  for (let conversation = 0; made < events; conversation += 1) {
    for (const { kind, isSecond } of webhooksOf(random)) {
      made += 1;
      const bytes = lengthOf(kind, random);
      const post: Post = { kind, conversation, isSecond, form: 'plain', ...(bytes === undefined ? {} : { bytes }) };
      place(post);
      if (random.chance(DUPLICATE)) place(post);
      if (random.chance(DRIFTED)) place({ ...post, form: 'drifted' });
      if (random.chance(BROKEN)) place({ ...post, form: 'broken' });
      if (kind === 'new-conversation' && random.chance(CONFLICTING)) place({ ...post, form: 'conflicting' });
    }
  }
  return placed.sort((a, b) => a.at - b.at).map(({ post }) => post);
}

function webhooksOf(random: Random): { readonly kind: Kind; readonly isSecond: boolean }[] {
  const first = (kind: Kind) => ({ kind, isSecond: false });
  if (random.chance(0.15)) return [first('offline-message')];
  return [
    first('new-conversation'),
    ...(random.chance(0.25) ? [first('unanswered')] : []),
    ...(random.chance(0.8) ? [first('transcript')] : []),
    ...(random.chance(0.4) ? [first('feedback')] : []),
    ...(random.chance(0.1) ? [{ kind: 'feedback', isSecond: true } as const] : []),
  ];
}

const FIRST_AT_MS = Date.UTC(2026, 2, 1);
const APART_MS = 15_000;

/** The body that is posted: the same bytes each time. */
export function bodyOf(seed: number, post: Post): string {
  const { kind, conversation, isSecond, form, bytes } = post;
  const options = { seed: seed * 7_919 + conversation, atMs: FIRST_AT_MS + conversation * APART_MS };
  const body = fixture(kind, options);
  if (kind !== 'transcript')
    body['message'] = `${String(body['message'])} (${conversation}${isSecond ? ', again' : ''})`;
  if (bytes !== undefined) lengthen(body, kind, bytes, options.seed);
  markUnread(body);
  switch (form) {
    case 'plain':
      break;
    case 'drifted':
      body['visitor'] = { ...(body['visitor'] as object), currentPage: 'https://shop.example.com/elsewhere' };
      break;
    case 'conflicting':
      body['message'] = `${String(body['message'])} and something else`;
      break;
    case 'broken':
      return JSON.stringify(body).slice(0, -3);
    default:
      return form satisfies never;
  }
  return JSON.stringify(body);
}

/** A field of each kind that nobody reads: one that Chatlio does not have, in each place, and those that are off by default. */
function markUnread(body: Record<string, unknown>): void {
  const visitor = body['visitor'] as Record<string, unknown>;
  body['rating'] = { stars: 5, why: MARKER };
  body['visitor'] = { ...visitor, score: MARKER, IPAddress: `${String(visitor['IPAddress'])} ${MARKER}` };
  const { htmlBody, messages } = body;
  if (typeof htmlBody === 'string') body['htmlBody'] = `${htmlBody}<p>${MARKER}</p>`;
  if (Array.isArray(messages)) body['messages'] = messages.map((one: object) => ({ ...one, edited: MARKER }));
}

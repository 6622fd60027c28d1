/**
 * Invented Chatlio webhooks: for `send`, the demo, load and tests. Everything follows from the seed and the time, so that the
 * same call gives the same body; another seed is another visitor with another conversation.
 */
import type { Kind } from '../domain/events/kinds.js';

export interface FixtureOptions {
  readonly seed: number;
  /** When it is posted, milliseconds since the epoch. */
  readonly atMs: number;
  /** Length of the visitor's text. Left out: a sentence or two, as people write. */
  readonly textLength?: number;
}

/** The five webhooks of one seed belong together: one visitor, one conversation. */
export function fixture(kind: Kind, options: FixtureOptions): Record<string, unknown> {
  const random = randomOf(options.seed);
  const person = invent(random);
  const scene: Scene = {
    ...options,
    random,
    person,
    visitor: visitorOf(person, options.atMs),
    conversation: {
      conversationUUID: uuid(random),
      channelId: slackId('C', random),
      slackChannelName: 'live-chat',
      slackChannelId: 'C06LVCHAT01',
    },
  };
  return BODIES[kind](scene);
}

interface Scene extends FixtureOptions {
  readonly random: Random;
  readonly person: Person;
  readonly visitor: Record<string, string>;
  readonly conversation: Record<string, string>;
}

const BODIES: Readonly<Record<Kind, (scene: Scene) => Record<string, unknown>>> = {
  'new-conversation': (scene) => conversationBody(scene, textOf(scene, QUESTIONS)),
  unanswered: (scene) => conversationBody(scene, `${textOf(scene, QUESTIONS)} ${pick(scene.random, REMINDERS)}`),
  feedback: (scene) => conversationBody(scene, textOf(scene, OPINIONS)),
  'offline-message': (scene) => {
    const { location: _absent, ...visitor } = scene.visitor;
    const { name, email } = scene.person;
    return { name, email, emailPretty: `"${name}" <${email}>`, message: textOf(scene, QUESTIONS), visitor };
  },
  transcript: transcriptBody,
};

function conversationBody({ visitor, conversation }: Scene, message: string): Record<string, unknown> {
  return { visitor, message, ...conversation };
}

function transcriptBody(scene: Scene): Record<string, unknown> {
  const { random, person, visitor, conversation, atMs } = scene;
  const startMs = atMs - 95_000;
  const said = [
    { fromVisitor: true, text: textOf(scene, QUESTIONS) },
    { fromVisitor: false, text: pick(random, ANSWERS) },
    { fromVisitor: true, text: 'Great, thanks!' },
  ];
  const messages = said.map(({ fromVisitor, text }, index) => {
    const sentMs = startMs + 1_000 + index * 30_000;
    return {
      text,
      ts: `${Math.floor(sentMs / 1_000)}.${String(100 + index * 1_100).padStart(6, '0')}`,
      sentAt: chatlioTime(sentMs, 9),
      userId: fromVisitor ? '' : 'U05MIAAAA',
      username: fromVisitor ? person.handle : 'Mia K.',
      isVisitorMsg: fromVisitor,
    };
  });
  return {
    agentEmail: 'mia@example.com',
    agentName: 'Mia K.',
    archiveUrl: `https://acme.slack.com/archives/${person.handle}`,
    extraData: [],
    channelId: conversation.channelId,
    channelName: person.handle,
    conversationUUID: conversation.conversationUUID,
    endedAt: chatlioTime(atMs - 2_000, 9),
    htmlBody: `<div>${messages.map(({ username, text }) => `<p><b>${username}</b> ${text}</p>`).join('')}</div>`,
    textBody: messages.map(({ username, text }) => `${username}: ${text}\n`).join(''),
    messages,
    startedAt: chatlioTime(startMs, 6),
    visitorEmail: '',
    replyToEmail: 'mia@example.com',
    visitorName: person.handle,
    visitorTraits: { current_page: visitor.currentPage, time_on_page: '2min', logged_in: 'false' },
    visitor,
    slackTeamID: 'T05ABCDEF',
  };
}

interface Person {
  readonly uuid: string;
  readonly name: string;
  readonly email: string;
  readonly location: string;
  readonly handle: string;
  readonly page: string;
  readonly address: string;
}

function invent(random: Random): Person {
  const name = `${pick(random, FIRST_NAMES)} ${pick(random, LAST_NAMES)}`;
  const [city, region, country] = pick(random, PLACES);
  const handle = [city, country].join('-').toLowerCase().replaceAll(' ', '-');
  return {
    uuid: uuid(random),
    name,
    email: `${name.toLowerCase().replaceAll(' ', '.')}@example.net`,
    location: [city, region, country].join(', '),
    handle: `${handle}-${1 + below(random, 99)}`,
    page: `https://shop.example.com/${pick(random, PAGES)}`,
    address: `203.0.113.${1 + below(random, 254)}`,
  };
}

function visitorOf(person: Person, atMs: number): Record<string, string> {
  return {
    email: '',
    UUID: person.uuid,
    name: '',
    identUserId: '',
    identTraits: '',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    handle: person.handle,
    currentPage: person.page,
    referrerURL: '',
    createdAt: chatlioTime(atMs - 140_000, 6),
    IPAddress: person.address,
    location: person.location,
  };
}

const FIRST_NAMES = ['Ana', 'Tom', 'Noor', 'Jonas', 'Mei', 'Luca', 'Amara', 'Piotr', 'Sofia', 'Kenji'];
const LAST_NAMES = ['Reis', 'Okafor', 'Haddad', 'Lindqvist', 'Tanaka', 'Moretti', 'Nowak', 'Silva', 'Keller', 'Brand'];
const PLACES = [
  ['Porto', 'Porto', 'Portugal'],
  ['Leeds', 'England', 'United Kingdom'],
  ['Costa Mesa', 'California', 'United States'],
  ['Lyon', 'Rhone', 'France'],
  ['Graz', 'Styria', 'Austria'],
  ['Osaka', 'Osaka', 'Japan'],
] as const;
const PAGES = ['shipping', 'returns', 'cart', 'products/4711', 'contact', 'account/orders'];
const QUESTIONS = [
  'Do you ship to Porto?',
  'My parcel arrived damaged. Can you call me back?',
  'The checkout says "card declined", but my bank says it is fine 🙈',
  'Is the blue one coming back in size M?',
  'Können Sie mir die Rechnung noch einmal schicken?',
  'How long do I have to return an order?',
];
const REMINDERS = ['Hello?', 'Is anybody there?', 'I am still waiting.'];
const ANSWERS = ['Yes, 3 to 4 working days.', 'Of course, one moment please.', 'I am sorry about that, let me look.'];
const OPINIONS = ['Quick and friendly, thank you!', 'Took a while, but it was solved.', 'Not helpful at all.'];
const WORDS =
  'order parcel invoice address delivery refund colour size question today tomorrow week please thanks still again number store voucher code bicycle lamp kettle jacket received waiting changed wrong right maybe'.split(
    ' ',
  );

function textOf({ random, textLength }: Scene, sentences: readonly string[]): string {
  const sentence = pick(random, sentences);
  if (textLength === undefined) return sentence;
  const words = Array.from({ length: Math.ceil(textLength / 4) }, () => pick(random, WORDS));
  return [sentence, ...words].join(' ').slice(0, textLength);
}

/** As Chatlio writes times: six fractional digits from its database, nine from Slack, and an offset that is not the visitor's. */
function chatlioTime(timeMs: number, digits: 6 | 9): string {
  const offsetMs = 3_600_000;
  return new Date(timeMs + offsetMs).toISOString().replace('Z', `${'000331'.slice(0, digits - 3)}+01:00`);
}

type Random = () => number;

/** Mulberry32 (Tommy Ettinger, public domain): small, and good enough to invent people. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[below(random, choices.length)] as T;
}

function hex(random: Random, digits: number): string {
  return Array.from({ length: digits }, () => below(random, 16).toString(16)).join('');
}

function uuid(random: Random): string {
  return [hex(random, 8), hex(random, 4), `4${hex(random, 3)}`, `a${hex(random, 3)}`, hex(random, 12)].join('-');
}

function slackId(prefix: string, random: Random): string {
  return `${prefix}${Array.from({ length: 10 }, () => below(random, 36).toString(36).toUpperCase()).join('')}`;
}

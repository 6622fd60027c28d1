/** The mapping of Adobe's Chatlio tutorial, provisioned alone, and what of each kind of event is in the lake then. */
import { Client, escapeIdentifier } from 'pg';
import { request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { KINDS, type Kind } from '../../../src/domain/events/kinds.js';
import { compileProjection } from '../../../src/projection/project.js';
import { type Installation, newSource, provision, type Source, withInstallation } from '../installation.js';

const installation = withInstallation({ lakeDelayMs: 0 });
const RECEIVED_AT_MS = Date.UTC(2026, 4, 2, 10, 31, 20);

/** Chatlio's own field, and the field of the tutorial's schema. */
const ROWS = [
  ['slackChannelId', 'slackchannel_ID'],
  ['slackChannelName', 'slackchannel_name'],
  ['visitor.UUID', 'UUID'],
  ['visitor.email', 'chatlio_email'],
  ['message', 'message'],
  ['channelId', 'channel_ID'],
] as const;
const NEEDED = [
  { source: 'eventId', destination: '_id' },
  { source: 'occurredAt', destination: 'timestamp' },
];
const IN_OLD_WORDS = ROWS.map(([sourceAttribute, field]) => ({
  sourceAttribute,
  destinationXdmPath: `_extconndev.${field}`,
  identity: false,
  version: 0,
}));
const IN_NEW_WORDS = ROWS.map(([source, field]) => ({
  sourceType: 'ATTRIBUTE',
  source,
  destination: `_extconndev.${field}`,
}));

const idOf = (kind: Kind): string => String(KINDS.indexOf(kind)).repeat(64);

function bodyOf(kind: Kind): Record<string, unknown> {
  const body = fixture(kind, { seed: 7, atMs: RECEIVED_AT_MS });
  return { ...body, visitor: { ...(body['visitor'] as object), email: 'ana@example.com' } };
}

/** Sends an event of each kind as it leaves under what the inlet step has decided. */
async function sendEachKind({ store, simulator }: Installation, { marker }: Source): Promise<void> {
  const { projection } = await store.gate(marker);
  const project = projection === undefined ? undefined : compileProjection(projection.projection);
  const urls = await store.sourceUrls(marker.name, 'https://chat.example.com');
  // The settle window: the simulator drops what comes before.
  await simulator.admin.advance(300_000);
  for (const kind of KINDS) {
    const facts = { eventId: idOf(kind), kind, widget: 'main-site', receivedAtMs: RECEIVED_AT_MS };
    const projected = project?.(Buffer.from(JSON.stringify(bodyOf(kind))), facts);
    if (projected === undefined || 'fault' in projected) throw new Error(projected?.fault ?? 'nothing leaves');
    const { inlet } = urls ?? {};
    const answer = await request(inlet?.url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-adobe-flow-id': inlet?.flowId ?? '' },
      body: projected.body,
    });
    expect(answer.statusCode).toBe(200);
    await answer.body.dump();
  }
  await simulator.admin.advance(60_000);
}

/** All rows of the dataset, by `_id`. */
async function lakeRows(
  { adobe, database }: Installation,
  { manifest }: Source,
  datasetId: string,
): Promise<Map<string, Record<string, unknown>>> {
  const dataset = await adobe.forSandbox(manifest.sandbox).catalog.getDataset(datasetId);
  const url = new URL(database.pool.options.connectionString as string);
  const lake = new Client({ connectionString: Object.assign(url, { pathname: `/${manifest.sandbox}:all` }).href });
  await lake.connect();
  onTestFinished(() => lake.end());
  const { rows } = await lake.query<Record<string, unknown>>(
    `select * from public.${escapeIdentifier(dataset?.table ?? '')}`,
  );
  return new Map(rows.map((row) => [String(row['_id']), row]));
}

/** What a reader of the tutorial looks for: what Chatlio says under the name of the row; of a transcript its text. */
function expected(kind: Kind): Record<string, unknown> {
  const body = bodyOf(kind);
  const visitor = body['visitor'] as Record<string, unknown>;
  const always = {
    UUID: visitor['UUID'],
    chatlio_email: 'ana@example.com',
    message: kind === 'transcript' ? body['textBody'] : body['message'],
  };
  if (kind === 'offline-message') return always;
  const { channelId, slackChannelId, slackChannelName } = body;
  const ofChannel = { ...always, channel_ID: channelId };
  return kind === 'transcript'
    ? ofChannel
    : { ...ofChannel, slackchannel_ID: slackChannelId, slackchannel_name: slackChannelName };
}

it.each([
  ['old', IN_OLD_WORDS, 'null'],
  ['new', IN_NEW_WORDS, 'rowError'],
] as const)(
  'with the two rows that every event needs, in %s words: each kind lands with its six fields and no other',
  async (_whose, rows, missingAttributeInMapping) => {
    installation().simulator.admin.policy.change({ missingAttributeInMapping });
    const source = newSource({ contents: 'full', mapping: { defaults: false, rows: [...rows, ...NEEDED] } });
    const { dataset } = await provision(installation(), source);
    await sendEachKind(installation(), source);
    const landed = await lakeRows(installation(), source, dataset?.id ?? '');
    expect(landed.size).toBe(KINDS.length);
    for (const kind of KINDS) {
      const { _acmetenant: fields, timestamp } = landed.get(idOf(kind)) ?? {};
      expect([kind, fields]).toEqual([kind, expected(kind)]);
      expect(timestamp).toEqual(new Date(kind === 'transcript' ? RECEIVED_AT_MS - 2_000 : RECEIVED_AT_MS));
    }
  },
);

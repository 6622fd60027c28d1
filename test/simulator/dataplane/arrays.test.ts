import { describe, expect, test } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { KIND_FACTS, KINDS } from '../../../src/domain/events/kinds.js';
import { type Body, makeSource, newEventId, queryClient, type Source, truthOf, withSimulator } from './harness.js';

const LAKE_DELAY_MS = 1_000;
const bench = withSimulator({ lakeDelayMs: LAKE_DELAY_MS });
const OCCURRED_AT = '2024-05-02T09:31:07.412Z';

const text = { type: 'string' };
const MESSAGES = {
  type: 'array',
  items: {
    type: 'object',
    properties: { ts: text, text, isVisitor: { type: 'boolean' }, sentAt: { type: 'string', format: 'date-time' } },
  },
};

const attribute = (source: string, destination: string) => ({ sourceType: 'ATTRIBUTE', source, destination });
const expression = (source: string, destination: string) => ({ sourceType: 'EXPRESSION', source, destination });
const NEEDED = [attribute('eventId', '_id'), attribute('occurredAt', 'timestamp')];

const land = () =>
  bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);

async function landed(source: Source): Promise<Body[]> {
  const client = await queryClient(bench());
  try {
    const { rows } = await client.query(`SELECT _id, _acmetenant FROM ${source.table} ORDER BY _id`);
    return rows;
  } finally {
    await client.end();
  }
}

/** The lines of the newest failed batch. */
async function failedRecords(source: Source): Promise<Body[]> {
  const path = `/data/foundation/catalog/batches?dataSet=${source.datasetId}&status=failed&orderBy=desc:created&limit=1`;
  const [batchId = ''] = Object.keys((await bench().platform('GET', path)).json);
  const failed = `/data/foundation/export/batches/${batchId}/failed`;
  const { json: listing } = await bench().platform('GET', failed);
  const { text: lines } = await bench().platform('GET', `${failed}?path=${listing.data[1].name}`);
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** What a lake that keeps its rows as JSON makes of a text. */
const stored = (said: string) => said.replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD');

const SAID = [
  'plain',
  'emoji 👩‍👩‍👧 🏳️‍🌈',
  '\u05E9\u05DC\u05D5\u05DD, \u0645\u0631\u062D\u0628\u0627',
  'two\r\nlines',
  'with \0 in it',
  'half a pair \uD83D',
  '\uDE00 the other half',
];

describe('a transcript of 400 messages', () => {
  const messages = Array.from({ length: 400 }, (_, place) => ({
    ts: `1714642230.${String(place).padStart(6, '0')}`,
    text: `${place}: ${SAID[place % SAID.length]} ${'and so on '.repeat(76)}`,
    isVisitor: place % 2 === 0,
    sentAt: OCCURRED_AT,
  }));

  test('lands with each message in its place and order', async () => {
    expect(Buffer.byteLength(JSON.stringify(messages.map((message) => message.text)))).toBeGreaterThan(300_000);
    const source = await makeSource(bench(), {
      tenantFields: { messages: MESSAGES },
      mappings: [...NEEDED, attribute('messages', '_acmetenant.messages')],
    });
    expect((await source.post({ eventId: newEventId(), occurredAt: OCCURRED_AT, messages })).status).toBe(200);
    await land();
    const [row] = await landed(source);
    expect(row['_acmetenant'].messages).toEqual(messages.map((one) => ({ ...one, text: stored(one.text) })));

    const client = await queryClient(bench());
    const { rows } = await client.query(
      `SELECT element ->> 'ts' AS ts FROM ${source.table}, jsonb_array_elements(_acmetenant -> 'messages') WITH ORDINALITY AS e (element, place) WHERE element ->> 'isVisitor' = 'false' ORDER BY place LIMIT 2`,
    );
    await client.end();
    expect(rows).toEqual([{ ts: messages[1]?.ts }, { ts: messages[3]?.ts }]);
  });

  test('lands by one member alone, as a list of texts, and as a list of objects made of lists', async () => {
    const source = await makeSource(bench(), {
      tenantFields: { messages: MESSAGES, texts: { type: 'array', items: text }, rebuilt: MESSAGES },
      mappings: [
        ...NEEDED,
        attribute('messages[*].ts', '_acmetenant.messages[*].ts'),
        attribute('messages[*].text', '_acmetenant.texts[*]'),
        expression('arrays_to_objects("ts", messages[*].ts, "text", messages[*].text)', '_acmetenant.rebuilt'),
      ],
    });
    const few = messages.slice(0, 3);
    await source.post({ eventId: newEventId(), occurredAt: OCCURRED_AT, messages: few });
    await land();
    const [row] = await landed(source);
    expect(row['_acmetenant']).toEqual({
      messages: few.map(({ ts }) => ({ ts })),
      texts: few.map((one) => one.text),
      rebuilt: few.map(({ ts, text: said }) => ({ ts, text: said })),
    });
  });
});

describe('a failed batch names the row of the mapping', () => {
  const optional = { tenantFields: { messages: MESSAGES } };
  const post = async (source: Source, more: object) => {
    const eventId = newEventId();
    await source.post({ eventId, occurredAt: OCCURRED_AT, ...more });
    await land();
    return eventId;
  };

  test('of a text where an array is wanted, and of a member that the schema does not have', async () => {
    const source = await makeSource(bench(), {
      ...optional,
      mappings: [...NEEDED, attribute('messages', '_acmetenant.messages')],
    });
    await post(source, { messages: 'hello' });
    expect((await failedRecords(source))[0]['_errors']['_mapper'][0].message).toBe(
      'The value is a string that cannot be converted to array (mapping messages → _acmetenant.messages)',
    );
    await post(source, { messages: [{ text: 'hello', mood: 'good' }] });
    expect((await failedRecords(source))[0]['_validationErrors'][0]).toMatchObject({
      pointerToViolation: '#/_acmetenant/messages/0',
      message: 'extraneous key [mood] is not permitted',
    });
  });

  test.each([
    ['null', 'lazy', 'plain', 1],
    ['rowError', 'lazy', 'plain', 0],
    ['rowError', 'lazy', 'guarded', 1],
    ['rowError', 'eager', 'guarded', 0],
    ['null', 'eager', 'guarded', 1],
  ] as const)(
    'lacking attributes as %s and %s iif: of a %s row %i land, which a milder preview does not tell',
    async (missingAttributeInMapping, iifEvaluation, form, count) => {
      const { policy } = bench().simulator().admin;
      const source = form === 'plain' ? 'subject' : 'iif(contains_key("subject"), subject, nullify())';
      const row = (form === 'plain' ? attribute : expression)(source, '_acmetenant.subject');
      const mappings = [...NEEDED, row];
      const made = await makeSource(bench(), { mappings });
      policy.change({ missingAttributeInMapping, iifEvaluation });
      try {
        const eventId = await post(made, {});
        expect(await truthOf(bench(), eventId)).toMatchObject({ rows: count, failed: 1 - count });
        const failure = 'Attribute subject does not exist';
        const named = count === 0 ? await failedRecords(made) : [];
        expect(named.map((record) => record['_errors']['_mapper'][0].message)).toEqual(
          Array.from({ length: 1 - count }, () => `${failure} (mapping ${source} → _acmetenant.subject)`),
        );
        const preview = async (): Promise<Body> => {
          const schemaRef = { id: made.schemaId, contentType: 'application/vnd.adobe.xed-full+json;version=1' };
          const body = {
            data: [{ eventId, occurredAt: OCCURRED_AT }],
            mappingSet: { outputSchema: { schemaRef }, mappings },
          };
          return (await bench().platform('POST', '/data/foundation/conversion/mappingSets/preview', body)).json[0];
        };
        const fails = { data: null, errors: [{ exception: expect.stringContaining(failure) }] };
        const passes = { data: { _id: eventId }, errors: null };
        expect(await preview()).toMatchObject(count === 0 ? fails : passes);
        policy.change({ previewIsMilder: true });
        expect(await preview()).toMatchObject(passes);
      } finally {
        policy.change({ missingAttributeInMapping: null, iifEvaluation: null, previewIsMilder: null });
      }
    },
  );
});

test("the tutorial's six rows, with the two that every event needs, land what its reader expects of each kind", async () => {
  const source = await makeSource(bench(), {
    mappings: [
      ...NEEDED,
      attribute('slackChannelId', '_acmetenant.slackchannel_ID'),
      attribute('slackChannelName', '_acmetenant.slackchannel_name'),
      attribute('visitor.UUID', '_acmetenant.UUID'),
      attribute('visitor.email', '_acmetenant.chatlio_email'),
      attribute('message', '_acmetenant.message'),
      attribute('channelId', '_acmetenant.channel_ID'),
    ],
  });
  const bodies = KINDS.map((kind, place) => ({
    ...(fixture(kind, { seed: 5, atMs: Date.parse(OCCURRED_AT) }) as Record<string, Body>),
    eventId: `${place}${newEventId()}`,
    occurredAt: OCCURRED_AT,
    eventType: KIND_FACTS[kind].eventType,
  }));
  for (const body of bodies) await source.post(body);
  await land();
  const rows = await landed(source);
  expect(rows.map((row) => row['_id'])).toEqual(bodies.map(({ eventId }) => eventId));
  const given = (...values: [string, unknown][]) =>
    Object.fromEntries(values.filter(([, value]) => value !== undefined));
  for (const [place, body] of (bodies as Record<string, Body>[]).entries()) {
    expect(rows[place]['_acmetenant'], KINDS[place]).toEqual(
      given(
        ['slackchannel_ID', body['slackChannelId']],
        ['slackchannel_name', body['slackChannelName']],
        ['UUID', body['visitor'].UUID],
        ['chatlio_email', body['visitor'].email],
        ['message', body['message']],
        ['channel_ID', body['channelId']],
      ),
    );
  }
  const lacking = (name: string) => KINDS.filter((_, place) => !Object.hasOwn(rows[place]['_acmetenant'], name));
  expect(lacking('slackchannel_ID')).toEqual(['offline-message', 'transcript']);
  expect(lacking('message')).toEqual(['transcript']);
  expect(lacking('channel_ID')).toEqual(['offline-message']);
});

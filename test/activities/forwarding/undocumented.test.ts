/**
 * What Adobe does not document, each way it may be: whether lacking attributes are errors, whether `iif` is lazy, and whether a
 * preview tells what ingestion will do. Provisioned, sent and looked for, with the fullest and the barest event of each kind.
 */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Policy } from '../../../simulator/policy.js';
import { createForwarderActivities } from '../../../src/activities/forwarding/forwarder.js';
import { occurredAtMs } from '../../../src/chatlio/eventTime.js';
import type { Payload } from '../../../src/chatlio/payloads.js';
import { sampleBodies } from '../../../src/chatlio/samples.js';
import { KIND_FACTS, KINDS } from '../../../src/domain/events/kinds.js';
import type { ForwarderActivities } from '../../../src/domain/delivery/forwarder.js';
import { ORIGINAL_FORM, sealOriginal } from '../../../src/store/bodies/originals.js';
import { readGate } from '../../../src/store/delivery/gate.js';
import { createWakeListener, type WakeListener } from '../../../src/store/delivery/wakeListener.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { findSourceId } from '../../../src/store/sources/sources.js';
import { findException } from '../../../src/store/views/exceptionPages.js';
import { newEventId } from '../../simulator/dataplane/harness.js';
import { DELIVERY } from '../../support/delivery.js';
import { silentLog, takenEvent } from '../../support/store.js';
import { attempts, newSource, provision, type Source, withInstallation } from '../installation.js';
import { LONG_MS, letPass } from '../reconcile/bench.js';

const installation = withInstallation({ lakeDelayMs: 0, settleWindowMs: 0 });
let wakeListener: WakeListener;
let activities: ForwarderActivities;

beforeAll(() => {
  const { database, keyRing, adobe, configuration } = installation();
  wakeListener = createWakeListener(database, silentLog);
  activities = createForwarderActivities({
    database,
    keyRing,
    wakeListener,
    adobe,
    configuration,
    minimumLakeLatencyMs: 0,
    holder: 'test',
    log: silentLog,
  });
});
afterAll(() => wakeListener.close());

/** A row as a careful person writes it: it reads the attribute only where the record has it. */
const GUARDED = {
  expression: 'iif(contains_key("slackChannelId"), slackChannelId, nullify())',
  destination: 'slackchannel_ID',
};

const HARSH = { missingAttributeInMapping: 'rowError', iifEvaluation: 'eager' } as const;

/** Adobe is like this from now on, and otherwise as the simulator is by itself. */
function adobeIs(policy: Readonly<Record<string, unknown>>): void {
  const { admin } = installation().simulator;
  admin.policy.change({ missingAttributeInMapping: null, iifEvaluation: null, previewIsMilder: null, ...policy });
}

const sourceOf = (contents: 'full' | 'compact') =>
  newSource({ contents, mapping: [GUARDED], delivery: { settleWindow: '1ms' } });

/** As the worker runs it. */
const run = <T>(activity: () => Promise<T>): Promise<T> =>
  new MockActivityEnvironment().run<[], T, typeof activity>(activity);

/** The fullest and the barest event of each kind, as a receiver puts them into the log. @returns their ids */
async function take({ marker }: Source): Promise<string[]> {
  const { database, keyRing } = installation();
  const sourceId = (await findSourceId(database, marker.uid)) ?? 0;
  const events = sampleBodies().map(async ({ body, facts }) => {
    const eventId = Buffer.from(newEventId(), 'hex');
    const sealed = await sealOriginal(keyRing, { sourceId, eventId }, facts, body);
    const payload = JSON.parse(body.toString()) as Payload;
    const at = occurredAtMs(payload, facts.kind === 'transcript', facts.receivedAtMs);
    const { code } = KIND_FACTS[facts.kind];
    return takenEvent('', { eventId, kind: code, occurredAtMs: at, sealed, form: ORIGINAL_FORM });
  });
  const taken = await Promise.all(events);
  await createEventLog(database).append(sourceId, 0, taken);
  return taken.map(({ eventId }) => eventId.toString('hex'));
}

/** Sends what is to be sent, and looks for it when the lake has had its time, until nothing more is to be sent. */
async function forward({ marker }: Source): Promise<{ readonly accepted: number }> {
  const { database, simulator } = installation();
  const { uid } = marker;
  const sourceId = (await findSourceId(database, uid)) ?? 0;
  const look = async (): Promise<void> => {
    await run(() => activities.reconcile({ v: 1, uid, delivery: DELIVERY }));
    await letPass(database, sourceId, LONG_MS);
  };
  let sent = 0;
  for (;;) {
    const { accepted } = await run(() =>
      activities.drain({
        v: 1,
        uid,
        partition: 0,
        delivery: DELIVERY,
        requestsPerSecond: 100_000,
        mode: 'slice',
        sliceMs: 20_000,
        lingerMs: 300,
      }),
    );
    sent += accepted;
    await simulator.admin.advance(60_000);
    // What was accepted, then what was sent again: a look plans, and the next one finds what the plan is about.
    for (let looks = 0; looks < 3; looks += 1) await look();
    if (accepted === 0) return { accepted: sent };
  }
}

interface Truth {
  readonly rows: number;
  readonly failed: number;
  readonly acceptances: readonly unknown[];
}

async function truth(id: string): Promise<Truth> {
  const { events } = (await installation().simulator.admin.truth(new URLSearchParams({ eventId: id }))) as {
    readonly events: readonly Truth[];
  };
  const { rows = 0, failed = 0, acceptances = [] } = events[0] ?? {};
  return { rows, failed, acceptances };
}

interface ExceptionRow {
  readonly id: number;
  readonly sourceId: number;
  readonly eventId: string;
  readonly reason: string;
  readonly state: string;
}

async function exceptions({ marker }: Source): Promise<ExceptionRow[]> {
  const { rows } = await installation().database.pool.query<ExceptionRow>(
    `select id, source_id as "sourceId", encode(event_id, 'hex') as "eventId", reason, state from exception
     where source_id = (select id from source where uid = $1) order by id`,
    [marker.uid],
  );
  return rows;
}

async function confirmed({ marker }: Source): Promise<number> {
  const { rows } = await installation().database.pool.query<{ count: number }>(
    `select coalesce(sum(confirmed_count), 0)::int as count from partition_audit
     where source_id = (select id from source where uid = $1)`,
    [marker.uid],
  );
  return rows[0]?.count ?? 0;
}

describe('the fullest and the barest event of each kind', () => {
  it.each<[string, 'full' | 'compact', Partial<Policy>]>(
    (['full', 'compact'] as const).flatMap((contents) => [
      ['lacking attributes are null', contents, {}],
      ['lacking attributes are errors', contents, { missingAttributeInMapping: 'rowError' }],
      ['iif is eager', contents, { iifEvaluation: 'eager' }],
      ['they are errors and iif is eager', contents, HARSH],
      ['previews are milder, and nothing fails that they do not show', contents, { previewIsMilder: true }],
    ]),
  )('lands once, with no failed batch, where %s (contents: %s)', async (_what, contents, policy) => {
    adobeIs(policy);
    const source = sourceOf(contents);
    await provision(installation(), source);
    const ids = await take(source);
    expect(await forward(source)).toEqual({ accepted: ids.length });
    for (const id of ids) {
      expect([id, await truth(id)]).toMatchObject([id, { rows: 1, failed: 0, acceptances: [{ fate: 'land' }] }]);
    }
    expect([await exceptions(source), await confirmed(source)]).toEqual([[], ids.length]);
  });

  it.each(['full', 'compact'] as const)(
    'lands also where ingestion alone fails: the first of each kind finds it, and leaves again in another form (contents: %s)',
    async (contents) => {
      adobeIs({ ...HARSH, previewIsMilder: true });
      const source = sourceOf(contents);
      await provision(installation(), source);
      const ids = await take(source);
      await forward(source);
      const fates = await Promise.all(ids.map(async (id) => ({ id, ...(await truth(id)) })));
      expect(fates.filter(({ rows }) => rows !== 1)).toEqual([]);
      const refused = fates.filter(({ failed }) => failed > 0).map(({ id }) => id);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThanOrEqual(KINDS.length);
      const resent = await exceptions(source);
      expect(resent.map(({ eventId, state }) => `${eventId} ${state}`).sort()).toEqual(
        refused.map((id) => `${id} resolved`).sort(),
      );
      expect(await confirmed(source)).toBe(ids.length);
      const [first] = resent;
      const details = (await findException(installation().database, first?.sourceId ?? 0, first?.id ?? 0))?.details;
      expect(details?.versions).toEqual([1, 2]);
      expect(details?.evidence.map(({ fact }) => fact)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            /^accepted by the inlet, then refused \(MAPPER-3700-400, failed batch \S+\): sent again/,
          ),
          'attempt 2: made under version 2 of the projection, attempt 1 under version 1',
        ]),
      );
      // What ingestion has refused does not come back, though previews go on saying that it would do.
      await provision(installation(), source);
      expect(await versions(source)).toEqual([{ version: 2 }, { version: 1 }]);
    },
  );

  it('waits, but for the first of each kind, where no form passes; the source says why, and goes on once that is mended', async () => {
    adobeIs({ ...HARSH, previewIsMilder: true });
    const source = newSource({
      contents: 'full',
      xdm: { fields: [{ path: 'last', type: 'string' }] },
      // An element that a list lacks is sent in no form.
      mapping: [{ expression: 'iif(size_of(messages) > 999, messages[999].text, nullify())', destination: 'last' }],
      delivery: { settleWindow: '1ms' },
    });
    const made = await provision(installation(), source);
    const ids = await take(source);
    await forward(source);
    const fates = await Promise.all(ids.map(truth));
    // Of each kind one, in either form.
    expect(fates.map(({ rows, failed }) => `${rows} ${failed}`).sort()).toEqual([
      ...KINDS.map(() => '0 0'),
      ...KINDS.map(() => '0 2'),
    ]);
    expect((await exceptions(source)).map(({ state, reason }) => `${state} ${reason}`)).toEqual(
      KINDS.map(() => 'held invalid'),
    );
    const { database } = installation();
    const sourceId = (await findSourceId(database, source.marker.uid)) ?? 0;
    expect(await readGate(database, sourceId)).toMatchObject({
      open: false,
      reason: expect.stringMatching(/first event.*transcript.*MAPPER-3700-400.*then unpause/),
    });

    const { mapping } = source.manifest;
    const manifest = {
      ...source.manifest,
      mapping: mapping.filter(({ destination }) => !destination.endsWith('.last')),
    };
    const { store, activities: ofSource } = installation();
    const wanted = { ...source, manifest };
    const { resources } = await attempts(() => ofSource.prepareUpdate({ ...wanted, resources: made }));
    await attempts(() => ofSource.applyUpdate({ ...wanted, resources, schemaChanged: false, mappingChanged: true }));
    await store.openGate(source.marker, new Date(0), made.dataset?.id ?? '');
    await run(() =>
      activities.decideHeld({
        uid: source.marker.uid,
        name: source.marker.name,
        requestId: randomUUID(),
        decision: { decision: 'resend', reason: 'invalid', by: 'ana', why: 'the row is gone' },
      }),
    );
    await forward(source);
    for (const id of ids) expect([id, await truth(id)]).toMatchObject([id, { rows: 1 }]);
  });
});

async function versions({ marker }: Source): Promise<{ readonly version: number }[]> {
  const { rows } = await installation().database.pool.query<{ version: number }>(
    `select version from projection where source_id = (select id from source where uid = $1) order by version desc`,
    [marker.uid],
  );
  return rows;
}

/** `audit NAME` as a person runs it: real processes, and the simulator's lake behind its front of Query Service, TLS and token. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { request } from 'undici';
import { expect, it, onTestFinished, vi } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import type { AuditReport } from '../../src/domain/audit.js';
import { KINDS } from '../../src/domain/events/kinds.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { markerText } from '../../src/domain/source/steps.js';
import { createProvisioningStore } from '../../src/store/sources/provisioning.js';
import { DELIVERY } from '../support/delivery.js';
import { makeSource, withSimulator } from '../simulator/dataplane/harness.js';
import { manifestFixture } from '../support/manifest.js';
import { withNamespace } from '../support/namespace.js';
import { spawnEntry, temporaryFolder } from '../support/processes.js';
import { withDatabase } from '../support/store.js';
import { withTemporal } from '../support/temporal.js';

vi.setConfig({ testTimeout: 180_000 });

const HOUR_MS = 3_600_000;
const CONVERSATIONS = 4;

const temporal = withTemporal();
const namespace = withNamespace(temporal);
const database = withDatabase();
const simulated = withSimulator({ lakeDelayMs: 0 });

it('confirms each event that a receiver has answered; then names the one that the lake has lost, has twice, has invented, and the one that the log has lost', async () => {
  const home = temporaryFolder();
  const environment = processEnvironment(home);
  const { name, table, webhooks } = await provision(home);
  const worker = spawnEntry('src/worker', [], environment);
  const receiver = spawnEntry('src/receiver', [], environment);
  await Promise.all([worker.waitFor('"msg":"ready"'), receiver.waitFor('"msg":"ready"')]);
  const receiverUrl = /"url":"(http[^"]+)"/.exec(receiver.output())?.[1] ?? '';

  const audit = async () => {
    const client = spawnEntry('src/client', ['audit', name, '--output', 'json'], environment);
    const exitCode = await client.exitCode;
    const output = client.output();
    return { exitCode, report: JSON.parse(output.slice(output.indexOf('{'))) as AuditReport };
  };
  // Catalog names the table from the start; Query Service makes it with the first row.
  const early = await audit();
  expect(early).toMatchObject({ exitCode: 0, report: { counts: { taken: 0 }, lake: { read: true, table, rows: 0 } } });
  expect(early.report.notKnown.join()).toContain(`Query Service does not have the table ${table} yet`);

  const ids: string[] = [];
  for (let seed = 0; seed < CONVERSATIONS; seed += 1) {
    for (const kind of KINDS) {
      const url = webhooks.find((one) => one.kind === kind)?.url ?? '';
      const body = JSON.stringify(fixture(kind, { seed, atMs: Date.now() }));
      const answer = await request(receiverUrl + new URL(url).pathname, { method: 'POST', body });
      expect(answer.statusCode).toBe(200);
      ids.push(((await answer.body.json()) as { eventId: string }).eventId);
    }
  }
  await expect.poll(accepted, { timeout: 60_000 }).toBe(ids.length);
  await simulated().advance(1_000);
  const lake = await openLake();
  // It reports its journal a last time.
  expect(await receiver.end('SIGTERM')).toBe(0);

  const whole = await audit();
  expect(whole.report).toMatchObject({
    counts: { taken: ids.length, accepted: ids.length, confirmed: ids.length, lost: 0, repeated: 0, invented: 0 },
    lake: { read: true, table, rows: ids.length },
    notKnown: [],
  });
  expect(whole.exitCode).toBe(0);

  const [absent = '', twice = '', unlogged = ''] = ids;
  const events = `public.${escapeIdentifier(table)}`;
  await lake.query(`delete from ${events} where _id = $1`, [absent]);
  await lake.query(`insert into ${events} select * from ${events} where _id = $1`, [twice]);
  await lake.query(`insert into ${events} (_id, timestamp) values ('nobody-has-sent-this', now())`);
  await database().pool.query('delete from event_id where event_id = $1', [Buffer.from(unlogged, 'hex')]);
  // As if the lake had had its time. The forwarder keeps to the hour that it began with, and so does not look first.
  await database().pool.query(`update source set delivery = delivery || '{"lakeLatencyMs": 1}' where name = $1`, [
    name,
  ]);

  const torn = await audit();
  expect(torn.report).toMatchObject({
    counts: { taken: ids.length, confirmed: ids.length - 3, lost: 2, repeated: 1, invented: 1 },
    lake: { rows: ids.length + 1 },
  });
  const { lost, repeated, invented } = torn.report.lists;
  expect(new Map(lost.map(({ eventId, what }) => [eventId, what]))).toEqual(
    new Map([
      [absent, 'accepted by the inlet, not in the lake'],
      [unlogged, 'answered by a receiver, but not in the event log'],
    ]),
  );
  expect(repeated).toMatchObject([{ eventId: twice, copies: 2, what: '2 times in the lake' }]);
  expect(invented).toMatchObject([{ eventId: 'nobody-has-sent-this', copies: 1 }]);
  expect(torn.exitCode).toBe(1);
});

/** A source in the store, over objects that the simulator has. */
async function provision(home: string) {
  const uid = randomUUID();
  const sourceName = `audited-${uid.slice(0, 8)}`;
  const description = `Dataset of Chatlio events. ${markerText({ name: sourceName, uid })}`;
  const { flowId, inletUrl, table } = await makeSource(simulated(), { description });
  const manifest = {
    ...manifestFixture({ name: sourceName }),
    sandbox: simulated().simulator().credentials.sandboxNames[0] ?? '',
    delivery: { ...DELIVERY, partitions: 2, lakeLatencyMs: HOUR_MS },
  };
  const owner = { marker: { uid, name: manifest.name }, manifest };
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const store = createProvisioningStore(database(), keyRing);
  await store.makeRoutes(owner);
  await store.saveInlet(owner, { flowId, url: inletUrl, opensAt: new Date(Date.now() - 1_000) });
  const urls = await store.sourceUrls(manifest.name, 'http://receiver');
  return { name: manifest.name, table, webhooks: urls?.webhooks ?? [] };
}

function processEnvironment(home: string): NodeJS.ProcessEnv {
  const { baseUrl, credentials } = simulated().simulator();
  return {
    CHATLIO_AEP_HOME: home,
    DATABASE_URL: database().pool.options.connectionString,
    TEMPORAL_ADDRESS: temporal().address,
    TEMPORAL_NAMESPACE: namespace().options.namespace,
    ADOBE_CLIENT_ID: credentials.clientId,
    ADOBE_CLIENT_SECRET: credentials.clientSecrets[0],
    ADOBE_ORG_ID: credentials.orgId,
    ADOBE_SCOPES: credentials.scopes,
    ADOBE_IMS_URL: baseUrl,
    ADOBE_PLATFORM_URL: baseUrl,
    RECEIVER_PORT: '0',
    LOG_LEVEL: 'info',
    NO_COLOR: '1',
  };
}

/** The simulated lake itself, behind the front's back. */
async function openLake(): Promise<Client> {
  const [sandbox] = simulated().simulator().credentials.sandboxNames;
  const url = new URL(database().pool.options.connectionString as string);
  const lake = new Client({ connectionString: Object.assign(url, { pathname: `/${sandbox}:all` }).href });
  await lake.connect();
  onTestFinished(() => lake.end());
  return lake;
}

async function accepted(): Promise<number> {
  const { rows } = await database().pool.query<{ n: number }>(
    'select sum(accepted_count)::int as n from partition_cursor',
  );
  return rows[0]?.n ?? 0;
}

/** A source of a run: provisioned as a user would; the one whose processes are killed has a forwarder that runs in small steps. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowUpdateStage } from '@temporalio/client';
import type { Sources } from '../../src/temporal/sources/port.js';
import { FORWARDER_MESSAGES, type ForwarderInput, type ForwarderState } from '../../src/domain/delivery/forwarder.js';
import type { Kind } from '../../src/domain/events/kinds.js';
import type { Manifest } from '../../src/domain/source/manifest.js';
import { forwarderWorkflowId, TASK_QUEUES, WORKFLOW_TYPES } from '../../src/domain/source/source.js';
import { webhookPath } from '../../src/domain/events/webhookPath.js';
import { parseManifest } from '../../src/manifest/read.js';
import type { Database } from '../../src/store/connection/database.js';
import type { KeyRing } from '../../src/store/keys/keyRing.js';
import { createProvisioningStore } from '../../src/store/sources/provisioning.js';
import { patiently } from '../stack/patience.js';
import { SANDBOX } from './stack.js';
import { DELIVERY, FORWARDER_PACE, MAX_HISTORY_EVENTS } from './times.js';

const LIVE_TIMEOUT_MS = 120_000;
const POLL_MS = 200;
/** The product looks every quarter of a minute, and not while a change of the flow keeps the gate closed. */
const RESTART_TIMEOUT_MS = 120_000;

export type ForwarderEnd = 'cancel' | 'terminate';

export interface ForwardedSource {
  readonly name: string;
  readonly id: number;
  readonly flowId: string;
  /** The manifest that it was made with. */
  readonly document: object;
  webhookPath(kind: Kind): string;
  /** Before the load: in place of the one that the product has started, one in small steps. */
  startForwarder(): Promise<void>;
  /** Ends it, and waits until the product has started it again by itself. */
  endForwarder(how: ForwarderEnd): Promise<void>;
  forwarderState(): Promise<ForwarderState>;
  /** The same settings once more: it asks all of its drains to end. Resolves when it knows. */
  configureForwarder(): Promise<void>;
}

export async function provisionSource(deps: {
  readonly client: Client;
  readonly sources: Sources;
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly name: string;
  readonly widget: string;
  /** In the titles of what it makes: those of a source that was torn down are still taken. */
  readonly edition?: string;
}): Promise<ForwardedSource> {
  const { client, sources, database, name, widget, edition } = deps;
  const uid = randomUUID();
  const document = documentOfRun(name, widget, edition);
  const manifest = manifestOf(document);
  await sources.start({ v: 1, uid, manifest });
  await waitUntilLive(sources, name);

  const { rows } = await database.pool.query<{ id: number; flow_id: string }>(
    'select id, flow_id from source join gate on gate.source_id = source.id where uid = $1',
    [uid],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the source is live and not in the store');
  const urls = await createProvisioningStore(database, deps.keyRing).sourceUrls(name, '');
  const secrets = new Map((urls?.webhooks ?? []).map(({ kind, url }) => [kind, url.slice(url.lastIndexOf('/') + 1)]));

  const input: ForwarderInput = {
    v: 1,
    uid,
    name,
    sandbox: manifest.sandbox,
    delivery: manifest.delivery,
    pace: FORWARDER_PACE,
    maxHistoryEvents: MAX_HISTORY_EVENTS,
  };
  const workflowId = forwarderWorkflowId(name);
  const handle = () => client.workflow.getHandle(workflowId);
  /** Stays the same when it continues as new. */
  const firstRun = async () => {
    const { status, raw } = await handle().describe();
    return { isRunning: status.name === 'RUNNING', id: raw.workflowExecutionInfo?.firstRunId };
  };
  return {
    name,
    id: row.id,
    flowId: row.flow_id,
    document,
    webhookPath: (kind) => webhookPath({ widget, kind, secret: secrets.get(kind) ?? '' }),
    startForwarder: () =>
      patiently(async () => {
        await client.workflow.start(WORKFLOW_TYPES.forwarder, {
          workflowId,
          taskQueue: TASK_QUEUES.forwarder,
          args: [input],
          workflowIdConflictPolicy: 'TERMINATE_EXISTING',
        });
      }),
    endForwarder: async (how) => {
      const ended = await patiently(firstRun);
      await patiently(async () => void (await handle()[how]()));
      const deadline = performance.now() + RESTART_TIMEOUT_MS;
      for (;;) {
        const { isRunning, id } = await patiently(firstRun);
        if (isRunning && id !== ended.id) return;
        if (performance.now() > deadline) throw new Error(`nobody starts the forwarder again after a ${how}`);
        await delay(POLL_MS);
      }
    },
    forwarderState: () => handle().query<ForwarderState>(FORWARDER_MESSAGES.state),
    configureForwarder: () =>
      patiently(async () => {
        await handle().startUpdate(FORWARDER_MESSAGES.configure, {
          args: [manifest.delivery],
          waitForStage: WorkflowUpdateStage.ACCEPTED,
        });
      }),
  };
}

/** As of 0.1.x: it says nothing of `contents`. */
export function documentOfRun(name: string, widget: string, edition = 'first'): object {
  const title = `Chatlio ${name} (${edition})`;
  return {
    version: 1,
    name,
    sandbox: SANDBOX,
    chatlio: { widgets: [{ key: widget }] },
    xdm: { fieldGroup: { title: `${title} details` }, schema: { title: `${title} schema` } },
    dataset: { name: `${title} events` },
    delivery: DELIVERY,
  };
}

export function manifestOf(document: object): Manifest {
  const result = parseManifest(document);
  if (!result.ok) throw new Error(`not a valid manifest: ${JSON.stringify(result.problems)}`);
  return result.manifest;
}

export async function waitUntilLive(sources: Sources, name: string): Promise<void> {
  const deadline = performance.now() + LIVE_TIMEOUT_MS;
  for (;;) {
    const run = await sources.describe(name);
    if (run?.phase === 'live') return;
    if (performance.now() > deadline) throw new Error(`the source is ${run?.phase ?? 'not there'}, expected live`);
    await delay(POLL_MS);
  }
}

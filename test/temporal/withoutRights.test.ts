/** A namespace whose search attributes are made by its administrator alone, as in Temporal Cloud. */
import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { remedyOf } from '../../src/domain/errors.js';
import {
  awaitSearchAttributes,
  ensureSearchAttributes,
  unknownSearchAttributes,
} from '../../src/temporal/searchAttributes.js';
import { startGrpcProxy } from '../support/grpcProxy.js';
import { withTemporal } from '../support/temporal.js';

const temporal = withTemporal();
const namespace = `rights-${randomUUID()}`;
const DENIED = { status: 7, message: 'Request unauthorized.' };
const ALL = ['SourceName', 'SourcePhase', 'HeldReason', 'SourceDrift'];

async function connect(address: string): Promise<Connection> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return connection;
}

/** As somebody who may work in the namespace, and nothing else. */
async function withoutRights(): Promise<Connection> {
  const { address } = await startGrpcProxy(temporal().address, {
    refuse: (path) => (path.includes('OperatorService') ? DENIED : undefined),
  });
  return connect(address);
}

beforeAll(async () => {
  const admin = await Connection.connect({ address: temporal().address });
  await admin.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  // A new namespace is known to the server's other parts after a moment.
  await vi.waitFor(() => unknownSearchAttributes(admin, namespace), { timeout: 30_000 });
  await admin.close();
});

it('a worker says which are missing and how they are made, waits, and goes on once they are there', async () => {
  const connection = await withoutRights();
  expect(await unknownSearchAttributes(connection, namespace)).toEqual(ALL);
  const onMissing = vi.fn();
  const waiting = awaitSearchAttributes(connection, namespace, { onMissing, everyMs: 50 });
  await vi.waitFor(() => expect(onMissing).toHaveBeenCalledOnce(), { timeout: 20_000 });
  const [{ error }] = onMissing.mock.calls[0] as [{ error: Parameters<typeof remedyOf>[0] }];
  expect(error).toMatchObject({ code: 'CAEP_SEARCH_ATTRIBUTES_MISSING', fields: { missing: ALL.join(', ') } });
  expect(remedyOf(error)).toContain(
    `temporal operator search-attribute create --namespace ${namespace} --name SourceName --type Keyword --name SourcePhase`,
  );
  expect(remedyOf(error)).toContain(
    `tcld namespace search-attributes add --namespace ${namespace} --sa "SourceName=Keyword"`,
  );

  await ensureSearchAttributes(await connect(temporal().address), namespace);
  expect(await waiting).toEqual([]);
  expect(await unknownSearchAttributes(connection, namespace)).toEqual([]);
}, 60_000);

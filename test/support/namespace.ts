/** A Temporal namespace of its own for a test file: task queues and workflow ids may be those of the product. */
import { randomUUID } from 'node:crypto';
import { type Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, vi } from 'vitest';
import { ensureSearchAttributes } from '../../src/temporal/searchAttributes.js';
import { createClient } from '../../src/temporal/connection.js';
import type { TestTemporal } from './temporal.js';

/**
 * Call it at the top of a test file.
 *
 * @returns gives a client of the namespace, from `beforeAll` on
 */
export function withNamespace(temporal: () => TestTemporal): () => Client {
  const namespace = `test-${randomUUID()}`;
  let client: Client | undefined;
  beforeAll(async () => {
    const connection = await Connection.connect({ address: temporal().address });
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    await vi.waitFor(() => ensureSearchAttributes(connection, namespace), { timeout: 30_000 });
    client = createClient(connection, namespace);
  });
  afterAll(() => client?.connection.close());
  return () => {
    if (client === undefined) throw new Error('the namespace exists from beforeAll on');
    return client;
  };
}

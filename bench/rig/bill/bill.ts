/** What events cost beside time: bytes that PostgreSQL and Temporal write and keep, and Temporal's operations. */
import { existsSync, statSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { forwarderWorkflowId } from '../../../src/domain/source/source.js';
import { billableActions, sumOf } from './actions.js';
import type { Stack } from '../stack.js';

export interface Bill {
  readonly walBytes: number;
  readonly diskBytes: number;
  readonly temporalDiskBytes: number;
  /** Requests of workers to the Temporal server, those that wait for work left out. */
  readonly temporalRequests: number;
  /** What Temporal Cloud bills as actions. */
  readonly temporalActions: number;
}

/** @param sourceName whose forwarder's actions are counted; none while no worker runs */
export async function readBill(stack: Stack, sourceName?: string): Promise<Bill> {
  const { rows } = await stack.database.pool.query<{ wal: string; disk: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal,
       pg_database_size(current_database()) as disk`,
  );
  const requests = await workerRequests(stack);
  return {
    walBytes: Number(rows[0]?.wal),
    diskBytes: rows[0]?.disk ?? 0,
    temporalDiskBytes: [stack.temporal.dbFile, `${stack.temporal.dbFile}-wal`].reduce(
      (sum, file) => sum + sizeOf(file),
      0,
    ),
    temporalRequests: [...requests.values()].reduce((sum, count) => sum + count, 0),
    temporalActions:
      (sourceName === undefined ? 0 : await actionsIn(stack, sourceName)) +
      (requests.get('RecordActivityTaskHeartbeat') ?? 0),
  };
}

export function billBetween(before: Bill, after: Bill): Bill {
  const difference = (of: (bill: Bill) => number) => of(after) - of(before);
  return {
    walBytes: difference(({ walBytes }) => walBytes),
    diskBytes: difference(({ diskBytes }) => diskBytes),
    temporalDiskBytes: difference(({ temporalDiskBytes }) => temporalDiskBytes),
    temporalRequests: difference(({ temporalRequests }) => temporalRequests),
    temporalActions: difference(({ temporalActions }) => temporalActions),
  };
}

/** By operation, from the SDK's metric `temporal_request`; long polls are counted by another one. */
async function workerRequests(stack: Stack): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const port of stack.workerMetricsPorts) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    for (const [, labels = '', value] of text.matchAll(/^temporal_request(?:_total)?\{(.*)\} (\d+)/gm)) {
      const operation = /operation="(\w+)"/.exec(labels)?.[1] ?? '';
      found.set(operation, (found.get(operation) ?? 0) + Number(value));
    }
  }
  return found;
}

/** Over all runs of the source's forwarder. */
async function actionsIn(stack: Stack, sourceName: string): Promise<number> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  try {
    const { workflow } = new Client({ connection, namespace: stack.temporal.namespace });
    let actions = 0;
    let runId: string | undefined;
    do {
      const history = await workflow.getHandle(forwarderWorkflowId(sourceName), runId).fetchHistory();
      const events = history.events ?? [];
      actions += sumOf(billableActions(events));
      runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? undefined;
    } while (runId !== undefined && runId !== '');
    return actions;
  } finally {
    await connection.close();
  }
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

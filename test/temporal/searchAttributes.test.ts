import type { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { ensureSearchAttributes } from '../../src/temporal/searchAttributes.js';

const refusal = (code: number) => Object.assign(new Error(`${code}`), { code, details: '', metadata: {} });

/** A server that may not be asked for its list, and what it does with a query that names an attribute. */
function server(
  listing: number,
  query: (named: string) => number | undefined = () => undefined,
  adding = 7,
): Connection {
  return {
    options: { address: 'cloud:7233' },
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    operatorService: {
      listSearchAttributes: () => Promise.reject(refusal(listing)),
      addSearchAttributes: () => Promise.reject(refusal(adding)),
    },
    workflowService: {
      countWorkflowExecutions: (asked: { query: string }) => {
        const code = query(asked.query.split(' ')[0] ?? '');
        return code === undefined ? Promise.resolve({ count: 0 }) : Promise.reject(refusal(code));
      },
    },
  } as unknown as Connection;
}

describe('search attributes that may not be listed', () => {
  it.each([7, 12, 16])('are tried by a query each (status %i)', async (status) => {
    await expect(ensureSearchAttributes(server(status), 'chat')).resolves.toEqual([]);
    const lacking = server(status, (named) => (named === 'HeldReason' ? 3 : undefined));
    await expect(ensureSearchAttributes(lacking, 'chat')).rejects.toMatchObject({
      error: { code: 'CAEP_SEARCH_ATTRIBUTES_MISSING', fields: { missing: 'HeldReason', namespace: 'chat' } },
    });
  });
});

describe('a search attribute that an earlier release did not have', () => {
  it('may be missing where it may not be made: the worker is told, and starts', async () => {
    const lacking = server(7, (named) => (named === 'SourceDrift' ? 3 : undefined));
    await expect(ensureSearchAttributes(lacking, 'chat')).resolves.toEqual(['SourceDrift']);
  });

  it('is not taken for one that may not be made where Temporal has just gone away', async () => {
    const lacking = server(7, (named) => (named === 'SourceDrift' ? 3 : undefined), 14);
    await expect(ensureSearchAttributes(lacking, 'chat')).rejects.toMatchObject({
      error: { code: 'CAEP_TEMPORAL_UNREACHABLE' },
    });
  });
});

describe('a server that fails while they are listed', () => {
  it.each([
    [14, 'CAEP_TEMPORAL_UNREACHABLE'],
    [4, 'CAEP_TEMPORAL_UNREACHABLE'],
    [8, 'CAEP_TEMPORAL_FAILED'],
    [13, 'CAEP_TEMPORAL_FAILED'],
  ])('with status %i is %s', async (status, code) => {
    await expect(ensureSearchAttributes(server(status), 'chat')).rejects.toMatchObject({
      error: { code, fields: { address: 'cloud:7233' } },
    });
  });
});

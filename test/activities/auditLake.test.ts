import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { findEarlierTables, openAuditLake } from '../../src/activities/inquiry/auditLake.js';
import { emptyUntilMade } from '../../src/adobe/lake/emptyLake.js';
import type { AdobeClients } from '../../src/adobe/clients.js';
import { lakeError } from '../../src/adobe/lake/lakeSession.js';
import { markerText } from '../../src/domain/source/steps.js';

const UID = '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11';
const MARK = markerText({ name: 'support-chat', uid: UID });

function noTable(): Error {
  const error = new DatabaseError('relation "chatlio" does not exist', 0, 'error');
  return lakeError(Object.assign(error, { code: '42P01' }));
}

interface Adobe {
  readonly dataset?: object;
  readonly target?: object;
  /** Null: it is gone. */
  readonly flow?: object | null;
  /** Datasets that carry the mark. */
  readonly left?: readonly object[];
}

function adobe({ dataset = {}, target = {}, flow = { targetConnectionIds: ['t-1'] }, left = [] }: Adobe) {
  return {
    flowService: {
      getFlow: () => Promise.resolve(flow ?? undefined),
      getTargetConnection: () => Promise.resolve({ dataSetId: 'ds-1', ...target }),
    },
    catalog: {
      getDataset: () => Promise.resolve({ id: 'ds-1', tags: {}, ...dataset }),
      findDatasets: () => Promise.resolve(left),
    },
  } as unknown as AdobeClients;
}

const flow = { uid: UID, flowId: 'f-1' };
const whyNot = async (clients: AdobeClients, audited: Parameters<typeof openAuditLake>[1] = flow) => {
  const opened = await openAuditLake(clients, audited, () => undefined);
  return opened.state === 'unreadable' ? opened.why : opened.state;
};

describe('the lake of an audit', () => {
  it('is not readable where the dataset is not the source’s, though it has a table', async () => {
    const foreign = {
      description: 'somebody else’s chatlio-aep:other:00000000-0000-0000-0000-000000000000',
      table: 't',
    };
    expect(await whyNot(adobe({ dataset: foreign }))).toBe(
      'its flow writes to the dataset ds-1, which does not belong to the source',
    );
  });

  it('is that of a dataset of ours, or of an adopted one behind a connection of ours', async () => {
    expect(await whyNot(adobe({ dataset: { description: MARK } }))).toContain('no table in Query Service yet');
    expect(await whyNot(adobe({ target: { description: MARK } }))).toContain('no table in Query Service yet');
  });

  it('is found by its mark when the source was torn down: the flow goes, the dataset stays', async () => {
    expect(await whyNot(adobe({ flow: null, left: [{ id: 'ds-1', tags: {} }] }))).toContain(
      'no table in Query Service',
    );
    expect(await whyNot(adobe({ flow: null }))).toBe('its flow no longer exists');
  });

  it('says in plain words what is missing', async () => {
    expect(await whyNot(adobe({}), { ...flow, flowId: null })).toBe('the source has no flow yet');
  });
});

describe('the datasets that a source’s events went to before', () => {
  const datasets: Readonly<Record<string, object>> = {
    ours: { id: 'ours', description: MARK, table: 'before' },
    adopted: { id: 'adopted', table: 'adopted' },
    foreign: { id: 'foreign', description: 'chatlio-aep:other:00000000-0000-0000-0000-000000000000', table: 'f' },
    unmade: { id: 'unmade', description: MARK },
  };
  const clients = {
    flowService: { getFlow: () => Promise.resolve(undefined) },
    catalog: {
      getDataset: (id: string) => Promise.resolve(datasets[id]),
      findDatasets: () => Promise.resolve([{ id: 'today', table: 'today' }]),
    },
  } as unknown as AdobeClients;
  const find = async (earlier: readonly (readonly [flowId: string, datasetId: string | null])[]) => {
    const said: string[] = [];
    const flows = earlier.map(([flowId, datasetId]) => ({ flowId, datasetId }));
    const { tables, unreadFlows } = await findEarlierTables(clients, UID, flows, (text) => said.push(text));
    return { tables: [...tables], unreadFlows: [...unreadFlows], said };
  };

  it('are read once each, also where their flows are gone', async () => {
    const flows = [
      ['f-3', 'ours'],
      ['f-2', 'adopted'],
      ['f-1', 'ours'],
    ] as const;
    expect(await find(flows)).toEqual({ tables: ['before', 'adopted'], unreadFlows: [], said: [] });
  });

  it.each([
    ['deleted', 'its dataset deleted no longer exists'],
    ['foreign', "its dataset foreign is not the source's"],
    ['unmade', 'its dataset has no table in Query Service yet'],
    [null, 'its flow no longer exists'],
  ])('are named where they cannot be read: %s', async (datasetId, why) => {
    expect(await find([['f-1', datasetId]])).toEqual({
      tables: [],
      unreadFlows: ['f-1'],
      said: [`what was sent by the earlier flow f-1 is not compared: ${why}`],
    });
  });
});

describe('a table that Query Service does not have yet', () => {
  it('is an empty lake, and that is said once', async () => {
    const said: string[] = [];
    const query = emptyUntilMade(
      () => Promise.reject(noTable()),
      () => said.push('missing'),
    );
    expect([await query('a'), await query('b'), said]).toEqual([[], [], ['missing']]);
  });

  it('is no excuse for one that was there, nor for another failure', async () => {
    let calls = 0;
    const vanishing = emptyUntilMade(
      () => ((calls += 1) === 1 ? Promise.resolve([{ n: 1 }]) : Promise.reject(noTable())),
      () => undefined,
    );
    expect(await vanishing('a')).toEqual([{ n: 1 }]);
    await expect(vanishing('b')).rejects.toThrow('CAEP_LAKE_UNAVAILABLE');
    const away = emptyUntilMade(
      () => Promise.reject(lakeError(new Error('connection ended'))),
      () => undefined,
    );
    await expect(away('a')).rejects.toThrow('CAEP_LAKE_UNAVAILABLE');
  });
});

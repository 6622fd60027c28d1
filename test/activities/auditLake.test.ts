import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { openAuditLake } from '../../src/activities/inquiry/auditLake.js';
import { emptyUntilMade } from '../../src/adobe/emptyLake.js';
import type { AdobeClients } from '../../src/adobe/clients.js';
import { lakeError } from '../../src/adobe/lakeSession.js';
import { markerText } from '../../src/domain/steps.js';

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
      "its flow writes to a dataset that is not the source's, ds-1",
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
    expect(await whyNot(adobe({ flow: null }))).toBe('its flow is not there any more');
  });

  it('says in plain words what is missing', async () => {
    expect(await whyNot(adobe({}), { ...flow, flowId: null })).toBe('the source has no flow yet');
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

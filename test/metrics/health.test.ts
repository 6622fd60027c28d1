import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Registry } from 'prom-client';
import { codedError } from '../../src/domain/errors.js';
import { type Concern, concernOf } from '../../src/metrics/healthDocument.js';
import { createHealth, type Look } from '../../src/metrics/health.js';
import { startMetricsServer } from '../../src/metrics/server.js';

const never = new Promise<never>(() => undefined);
const databaseLate = () => codedError('CAEP_DATABASE_UNREACHABLE', { reason: 'it takes too long' });
const temporalLate = () => codedError('CAEP_TEMPORAL_UNREACHABLE', { address: 'temporal:7233' });
const ending = concernOf('ending', codedError('CAEP_PROCESS_ENDING', { process: 'worker' }));

let database: () => Promise<void>;
let temporal: () => Promise<void>;
let reasons: Concern[];
let warnings: Concern[];

beforeEach(() => {
  database = temporal = () => Promise.resolve();
  reasons = [];
  warnings = [];
});

function looks(): Look[] {
  return [
    { look: () => database(), late: databaseLate },
    { look: () => temporal(), late: temporalLate },
  ];
}

/** Asks as a probe does. */
async function probe(path: string) {
  const health = createHealth(looks(), () => ({ reasons, warnings }));
  const address = { host: '127.0.0.1', port: 0, option: 'WORKER_METRICS_PORT' };
  const server = await startMetricsServer({ ...address, registry: new Registry(), health });
  onTestFinished(() => server.close());
  const answer = await fetch(new URL(path, server.url));
  return { status: answer.status, document: await answer.json() };
}

const found = async () => {
  const { status, document } = await probe('/readyz');
  const { reasons: all } = document as { reasons: readonly Concern[] };
  return [status, ...all.map(({ check, code }) => `${check}: ${code}`)];
};

describe('/readyz of a worker', () => {
  it('is 200 when nothing speaks against it', async () => {
    expect(await probe('/readyz')).toEqual({
      status: 200,
      document: { v: 1, status: 'ready', reasons: [], warnings: [] },
    });
  });

  it('is 503 with each reason by what was looked at, its code and its words', async () => {
    database = () => Promise.reject(codedError('CAEP_SCHEMA_NEWER', { migration: '0099_x' }));
    temporal = () => Promise.reject(codedError('CAEP_TEMPORAL_REFUSED', { address: 'temporal:7233', reason: 'no' }));
    reasons = [ending];
    expect(await found()).toEqual([
      503,
      'ending: CAEP_PROCESS_ENDING',
      'schema: CAEP_SCHEMA_NEWER',
      'temporal: CAEP_TEMPORAL_REFUSED',
    ]);
    expect(JSON.stringify(await probe('/readyz'))).toContain('it does not know 0099_x');
  });

  it.each([
    ['CAEP_DATABASE_UNREACHABLE', 'database'],
    ['CAEP_KEY_FILE_FOREIGN', 'keys'],
    ['CAEP_SCHEMA_OLDER', 'schema'],
  ] as const)('says of %s that it concerns %s', async (code, check) => {
    database = () => Promise.reject(codedError(code));
    expect(await found()).toEqual([503, `${check}: ${code}`]);
  });

  it('is answered within a second, whatever does not answer', async () => {
    database = temporal = () => never;
    const askedMs = performance.now();
    expect(await found()).toEqual([503, 'database: CAEP_DATABASE_UNREACHABLE', 'temporal: CAEP_TEMPORAL_UNREACHABLE']);
    expect(performance.now() - askedMs).toBeLessThan(1_500);
  });

  it('takes a fault that nobody foresaw for one of what was looked at', async () => {
    database = () => Promise.reject(new Error('relation "key_check" does not exist'));
    expect(await found()).toEqual([503, 'database: CAEP_INTERNAL']);
  });

  it('is 200 with what does not keep it from its work', async () => {
    warnings = [{ check: 'search-attributes', code: 'CAEP_SEARCH_ATTRIBUTES_MISSING' }];
    expect(await probe('/readyz')).toMatchObject({ status: 200, document: { warnings } });
  });
});

it('/healthz asks nobody', async () => {
  database = temporal = () => Promise.reject(new Error('asked'));
  reasons = [ending];
  expect(await probe('/healthz')).toEqual({ status: 200, document: { v: 1, status: 'alive' } });
});

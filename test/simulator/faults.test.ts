import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Fault, FaultRule } from '../../simulator/faults/faults.js';
import { drawOf, hits, matches } from '../../simulator/faults/faults.js';
import { sourceConnectionBody } from './provisioned.js';
import { asClient, FLOW_SERVICE, withSimulator } from './simulated.js';

const simulated = withSimulator();

const PATH = `${FLOW_SERVICE}/sourceConnections`;
const CREATE = { route: 'flowservice.sourceConnections.create' };

const create = () => simulated().call('POST', PATH, { body: sourceConnectionBody() });
/** An answer's status, or that there was none. */
const outcomeOf = async (request: Promise<{ status: number }>) =>
  request.then(({ status }) => status).catch(() => 'cut');

function place(fault: Fault, rule: Partial<FaultRule> = {}) {
  return simulated().admin.faults.place({ match: CREATE, fault, ...rule });
}

describe('what the caller sees, and whether the call took effect', () => {
  test.each<[string, Fault, number | string, number]>([
    ['429', { kind: 'status', status: 429, retryAfter: 2 }, 429, 0],
    ['503', { kind: 'status', status: 503 }, 503, 0],
    ['500 after the effect', { kind: 'status', status: 500, effect: 'done' }, 500, 1],
    ['cut before', { kind: 'cut', effect: 'none' }, 'cut', 0],
    ['commit, then cut', { kind: 'cut', effect: 'done' }, 'cut', 1],
    ['slow before', { kind: 'slow', ms: 50, when: 'before-effect' }, 201, 1],
    ['slow after', { kind: 'slow', ms: 50, when: 'after-effect' }, 201, 1],
    ['a page of HTML', { kind: 'status', status: 502, body: 'html' }, 502, 0],
    ['broken JSON', { kind: 'status', status: 200, body: 'malformed', effect: 'done' }, 200, 1],
  ])('%s', async (_, fault, outcome, objects) => {
    const { admin } = simulated();
    place(fault);
    expect(await outcomeOf(create())).toBe(outcome);
    expect(admin.objects()).toHaveLength(objects);
    expect(admin.journal.list({ route: CREATE.route, faulted: true })).toHaveLength(1);
  });

  test('token revoked: until a new one is fetched', async () => {
    const client = await asClient(simulated());
    place({ kind: 'token-revoked' });
    const post = () => client.call('POST', PATH, { body: sourceConnectionBody() });
    expect([(await post()).status, (await post()).status]).toEqual([401, 401]);
    expect(simulated().admin.objects()).toHaveLength(0);
    expect((await create()).status).toBe(201);
  });
});

describe('answers that faults give', () => {
  test.each<[string, Fault, Record<string, unknown>]>([
    ['429', { kind: 'status', status: 429 }, { error_code: '429050', message: 'Too many requests' }],
    ['500', { kind: 'status', status: 500 }, { type: 'https://ns.adobe.com/aep/errors/FLOW-1102-500', status: 500 }],
    ['503', { kind: 'status', status: 503 }, { type: 'https://ns.adobe.com/aep/errors/FLOW-1103-503', status: 503 }],
    ['504', { kind: 'status', status: 504 }, { type: 'https://ns.adobe.com/aep/errors/FLOW-1104-504', status: 504 }],
  ])('%s has the body of who sends it', async (_, fault, body) => {
    place(fault);
    expect((await create()).json).toMatchObject(body);
  });

  test('Retry-After is seconds or a date, or is not there', async () => {
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
    const seen: Array<string | null> = [];
    for (const retryAfter of [7, date, undefined]) {
      place({ kind: 'status', status: 503, retryAfter });
      seen.push((await create()).headers.get('retry-after'));
    }
    expect(seen).toEqual(['7', date, null]);
  });

  test('HTML says that it is HTML, broken JSON that it is JSON', async () => {
    place({ kind: 'status', status: 502, body: 'html' });
    const html = await create();
    expect(html.headers.get('content-type')).toBe('text/html');
    expect(html.text).toMatch(/^<html>/);
    place({ kind: 'status', status: 200, body: 'malformed' });
    const broken = await create();
    expect(broken.headers.get('content-type')).toBe('application/json');
    expect(() => JSON.parse(broken.text) as unknown).toThrow(SyntaxError);
  });
});

describe('without an answer in time', () => {
  const impatient = (body: unknown) => {
    const { baseUrl, token, credentials, sandboxName } = simulated();
    return fetch(baseUrl + PATH, {
      method: 'POST',
      signal: AbortSignal.timeout(150),
      body: JSON.stringify(body),
      headers: {
        authorization: `Bearer ${token}`,
        'x-api-key': credentials.clientId,
        'x-gw-ims-org-id': credentials.orgId,
        'x-sandbox-name': sandboxName,
        'content-type': 'application/json',
      },
    });
  };

  test.each<[Fault, number]>([
    [{ kind: 'hang', effect: 'none' }, 0],
    [{ kind: 'hang', effect: 'done' }, 1],
  ])('%o', async (fault, objects) => {
    place(fault);
    expect(await outcomeOf(impatient(sourceConnectionBody()))).toBe('cut');
    expect(simulated().admin.objects()).toHaveLength(objects);
  });

  test.each<Fault>([
    { kind: 'accept-late', ms: 400, connection: 'hang' },
    { kind: 'accept-late', ms: 400, connection: 'cut' },
    { kind: 'slow', ms: 400, when: 'before-effect' },
  ])('%o: the call takes effect after its caller has gone', async (fault) => {
    place(fault);
    expect(await outcomeOf(impatient(sourceConnectionBody()))).toBe('cut');
    expect(simulated().admin.objects()).toHaveLength(0);
    await expect.poll(() => simulated().admin.objects()).toHaveLength(1);
  });
});

test('a stale list hides what is young, from one list only', async () => {
  const { admin, call } = simulated();
  const { json } = await create();
  admin.faults.place({ match: { route: '*.list' }, fault: { kind: 'stale-list', youngerThanMs: 60_000 } });
  expect((await call('GET', PATH)).json['items']).toEqual([]);
  expect((await call('GET', `${PATH}/${json['id']}`)).status).toBe(200);
  expect((await call('GET', PATH)).json['items']).toHaveLength(1);
});

test('connections can be cut before a byte is read, and refused for a while', async () => {
  const { admin, call, baseUrl } = simulated();
  admin.faults.place({ match: { route: 'connection' }, fault: { kind: 'cut', effect: 'none' }, times: 0 });
  // Without an agent: a connection of its own.
  const fresh = async () => {
    const [answer] = (await once(get(`${baseUrl}/__sim/api`, { agent: false }), 'response')) as [IncomingMessage];
    answer.resume();
    return { status: answer.statusCode ?? 0 };
  };
  expect(await outcomeOf(fresh())).toBe('cut');
  admin.faults.clear();
  expect(await outcomeOf(fresh())).toBe(200);
  const outage = admin.refuseConnections(200);
  expect(await outcomeOf(fresh())).toBe('cut');
  await outage;
  expect((await call('GET', PATH)).status).toBe(200);
});

test('faults of the service itself are left to the service', async () => {
  place({ kind: 'service', name: 'anything' });
  expect((await create()).status).toBe(201);
});

describe('which requests a rule hits', () => {
  const rule = (changes: Partial<FaultRule>): FaultRule => ({
    id: 'r',
    match: {},
    fault: { kind: 'cut', effect: 'none' },
    ...changes,
  });
  const hitNumbers = (changes: Partial<FaultRule>) =>
    Array.from({ length: 10 }, (_, index) => index + 1).filter((number) => hits(rule(changes), number));

  test.each<[Partial<FaultRule>, number[]]>([
    [{}, [1]],
    [{ nth: 3 }, [3]],
    [{ nth: 3, times: 2 }, [3, 4]],
    [{ nth: 9, times: 0 }, [9, 10]],
    [{ probability: 1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [{ probability: 0 }, []],
    [{ probability: 1, nth: 4, times: 3 }, [4, 5, 6]],
  ])('%o: %o', (changes, expected) => {
    expect(hitNumbers(changes)).toEqual(expected);
  });

  test('a seed draws the same requests every time, about as many as asked for', () => {
    const drawn = (seed: number) =>
      Array.from({ length: 10_000 }, (_, number) => drawOf(seed, number) < 0.2).filter(Boolean).length;
    expect(hitNumbers({ probability: 0.5, seed: 1 })).toEqual(hitNumbers({ probability: 0.5, seed: 1 }));
    expect(hitNumbers({ probability: 0.5, seed: 1 })).not.toEqual(hitNumbers({ probability: 0.5, seed: 2 }));
    for (const seed of [0, 1, 2, 12_345]) {
      expect(drawn(seed)).toBeGreaterThan(1_850);
      expect(drawn(seed)).toBeLessThan(2_150);
    }
  });

  const subject = {
    routeName: 'catalog.dataSets.get',
    method: 'GET',
    path: '/data/foundation/catalog/dataSets/63ef',
    body: Buffer.from('{"_id":"abc"}'),
  };
  test.each([
    [{}, true],
    [{ route: 'catalog.*' }, true],
    [{ route: 'catalog.dataSets' }, false],
    [{ method: 'get' }, true],
    [{ method: 'POST' }, false],
    [{ path: 'dataSets/[0-9a-f]+$' }, true],
    [{ path: '^/dataSets' }, false],
    [{ bodyIncludes: '"abc"' }, true],
    [{ bodyIncludes: '"abd"' }, false],
    [{ route: '*', method: 'GET', path: 'catalog', bodyIncludes: '_id' }, true],
  ])('%o: %s', (match, expected) => {
    expect(matches(match, subject)).toBe(expected);
  });
});

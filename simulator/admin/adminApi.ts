/**
 * The admin side of the simulator as JSON over HTTP. No client of Adobe's services reads it.
 *
 * | request | answers or does |
 * | --- | --- |
 * | `GET /__sim/api` | `{ready, nowMs, baseUrl}` |
 * | `GET /__sim/api/objects` | what exists: `[{orgId, sandboxName, kind, id, name, state?, schemaId?, createdAtMs}]`; `?kind=`, `?sandbox=` |
 * | `GET /__sim/api/landed` | what landed per dataset (`LandedFigures`) |
 * | `GET /__sim/api/truth` | acceptances, rows and failures per event id; parameters are the data plane's |
 * | `GET /__sim/api/journal` | newest last; `?route=`, `?method=`, `?status=`, `?path=`, `?after=` (sequence), `?faulted=`, `?limit=` |
 * | `DELETE /__sim/api/journal` | empties it |
 * | `GET /__sim/api/faults` | `[{rule, seen, hits}]` |
 * | `POST /__sim/api/faults` | places a rule (`FaultRule` of `faults.ts`, id optional); 201 with it |
 * | `PUT /__sim/api/faults/{id}` | places or replaces it |
 * | `DELETE /__sim/api/faults[/{id}]` | removes it, or all |
 * | `GET /__sim/api/policy` | every row with default, value and meaning |
 * | `PATCH /__sim/api/policy` | `{name: value}`; `null` puts one back to its default |
 * | `GET /__sim/api/clock` | `{nowMs, offsetMs}` |
 * | `POST /__sim/api/clock` | `{advanceMs}`; answers when what became due has run |
 * | `POST /__sim/api/outage` | `{ms}`: ends all connections and refuses new ones for so long; answers before |
 * | `POST /__sim/api/tokens/revoke` | revokes every token |
 * | `POST /__sim/api/reset` | removes objects, faults, journal and lake; keeps tokens, policy and clock |
 * | `GET /__sim` | the page for people |
 */
import * as z from 'zod';
import type { Admin } from './admin.js';
import { adminPage } from './adminPage.js';
import type { Context } from '../context.js';
import { placeholderFamily, Refusal } from '../errorFamilies.js';
import { faultRuleSchema } from '../faults/faultSchema.js';
import type { JournalFilter } from './journal.js';
import { PolicyError } from '../policy.js';
import type { RawRequest, Reply, Route } from '../transport/request.js';

const PATH = '/__sim/api';

/** Long enough for the answer to leave. */
const OUTAGE_BEGINS_AFTER_MS = 50;

const outageSchema = z.strictObject({ ms: z.number().int().min(0) });
const clockSchema = z.strictObject({ advanceMs: z.number().int().min(0) });
const policySchema = z.record(z.string(), z.unknown());

export function registerAdminApi(context: Context, admin: Admin): void {
  const route = (method: Route['method'], path: string, handle: (request: RawRequest) => unknown, status = 200): void =>
    context.route({
      name: `sim.${method} ${path}`,
      method,
      path: `${PATH}${path}`,
      family: placeholderFamily,
      access: 'open',
      handle: async (request): Promise<Reply> => {
        const json = await handle(request);
        return json === undefined ? { status: 204 } : { status, json };
      },
    });

  route('GET', '', ({ baseUrl }) => ({ ready: true, nowMs: admin.nowMs(), baseUrl }));
  route('GET', '/objects', ({ query }) => {
    const [kind, sandbox] = [query.get('kind'), query.get('sandbox')];
    return admin
      .objects()
      .filter((one) => (kind === null || one.kind === kind) && (sandbox === null || one.sandboxName === sandbox));
  });
  route('GET', '/landed', () => admin.landed());
  route('GET', '/truth', ({ query }) => admin.truth(query));

  route('GET', '/journal', ({ query }) => admin.journal.list(journalFilter(query)));
  route('DELETE', '/journal', () => admin.journal.clear());

  route('GET', '/faults', () => admin.faults.list());
  route('POST', '/faults', (request) => admin.faults.place(parse(faultRuleSchema, request)), 201);
  route('PUT', '/faults/:id', (request) =>
    admin.faults.place({ ...parse(faultRuleSchema, request), id: request.params['id'] }),
  );
  route('DELETE', '/faults', () => admin.faults.clear());
  route('DELETE', '/faults/:id', ({ params }) => {
    if (admin.faults.remove(params['id'] ?? '')) return undefined;
    throw new Refusal({ status: 404, title: 'NotFoundError', detail: `There is no fault ${params['id']}` });
  });

  route('GET', '/policy', () => admin.policy.describe());
  route('PATCH', '/policy', (request) => {
    try {
      admin.policy.change(parse(policySchema, request));
    } catch (error) {
      throw error instanceof PolicyError ? badRequest(error.message) : error;
    }
    return admin.policy.current;
  });

  const clock = () => ({ nowMs: admin.nowMs(), offsetMs: context.clock.offsetMs });
  route('GET', '/clock', clock);
  route('POST', '/clock', async (request) => {
    await admin.advance(parse(clockSchema, request).advanceMs);
    return clock();
  });

  route('POST', '/outage', (request) => {
    const { ms } = parse(outageSchema, request);
    setTimeout(() => {
      admin.refuseConnections(ms).catch((error: unknown) => context.log.error({ err: error }, 'outage did not end'));
    }, OUTAGE_BEGINS_AFTER_MS);
  });
  route('POST', '/tokens/revoke', () => admin.revokeTokens());
  route('POST', '/reset', () => admin.reset());

  context.route({
    name: 'sim.page',
    method: 'GET',
    path: '/__sim',
    family: placeholderFamily,
    access: 'open',
    handle: async () => ({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      text: await adminPage(admin),
    }),
  });
}

const badRequest = (detail: string) => new Refusal({ status: 400, title: 'BadRequestError', detail });

/** @throws Refusal 400 that names each problem */
function parse<T extends z.ZodType>(schema: T, request: RawRequest): z.output<T> {
  const parsed = schema.safeParse(request.json());
  if (parsed.success) return parsed.data;
  throw badRequest(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

function journalFilter(query: URLSearchParams): JournalFilter {
  const text = (name: string) => query.get(name) ?? undefined;
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  return {
    route: text('route'),
    method: text('method'),
    path: text('path'),
    status: number('status'),
    afterSequence: number('after'),
    limit: number('limit'),
    faulted: query.has('faulted') ? query.get('faulted') === 'true' : undefined,
  };
}

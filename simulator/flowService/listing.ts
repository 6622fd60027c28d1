/** Lists of Flow Service: `property`, `orderby`, `limit`, `count`, `continuationToken` ("Sort and filter responses"). */
import * as z from 'zod';
import type { Context } from '../context.js';
import { type Json, type JsonObject, textOf } from '../values/json.js';
import { COMPARISONS, fits, parsePropertyFilter, valuesAt } from '../values/propertyFilter.js';
import { shownInLists, type Reply, type SimRequest } from '../transport/request.js';
import {
  continuationInvalid,
  countWithLimit,
  filterInvalid,
  filterManyValues,
  filterOperatorUnknown,
  parameterUnknown,
  sortFieldInvalid,
  sortPrefixInvalid,
  type FlowCollection,
} from './refusals.js';

const PARAMETERS = ['property', 'limit', 'orderby', 'count', 'continuationToken'];

/** What a page is made by; the token of the next page carries all of it, as its link has no other parameter. */
const pageSchema = z.object({
  properties: z.array(z.string()),
  orderby: z.string(),
  limit: z.number().int().positive(),
  /** Sort value and id of the last object shown. */
  after: z.tuple([z.union([z.string(), z.number()]), z.string()]).optional(),
});

type Page = z.infer<typeof pageSchema>;

/** @throws Refusal 400 */
function matcherOf(expression: string): (document: JsonObject) => boolean {
  const filter = parsePropertyFilter(expression, COMPARISONS);
  if (filter === undefined) throw filterOperatorUnknown(expression);
  if (filter.operator === 'exists') throw filterInvalid(expression);
  const values = filter.value.split(',');
  if (values.length > 1 && filter.operator !== '==') throw filterManyValues(expression);
  return (document) => fits(document, filter, values);
}

/** @throws Refusal 400 */
function orderOf(orderby: string, documents: readonly JsonObject[]): { field: string; direction: 1 | -1 } {
  const [, prefix = '', field = ''] = /^([^A-Za-z#]?)(.*)$/.exec(orderby) ?? [];
  // An unescaped plus arrives as a space.
  if (!['', '+', '-'].includes(prefix)) throw sortPrefixInvalid(orderby);
  const isKnown = /^(id|name|description|state|createdAt|updatedAt|flowId)$|^(metrics|connectionSpec|flowSpec)[.]/.test(
    field,
  );
  if (!isKnown && !documents.some((document) => valuesAt(document, field).length > 0)) throw sortFieldInvalid(field);
  return { field, direction: prefix === '-' ? -1 : 1 };
}

function sortValue(document: JsonObject, field: string): string | number {
  const value: Json = valuesAt(document, field)[0] ?? '';
  return typeof value === 'number' ? value : textOf(value);
}

function comparePositions([a, idA]: [string | number, string], [b, idB]: [string | number, string]): number {
  if (a !== b) return a < b ? -1 : 1;
  if (idA === idB) return 0;
  return idA < idB ? -1 : 1;
}

/** Base64url has no `=` without padding, so the token can be cut out of the link by the simplest means. */
const tokenOf = (page: Page) => Buffer.from(JSON.stringify(page)).toString('base64url');

/** @throws Refusal 400 */
function readToken(token: string, invalidCode: string): Page {
  try {
    return pageSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch {
    throw continuationInvalid(invalidCode);
  }
}

function firstPage(
  query: URLSearchParams,
  { flowListLimit, flowListLongest, flowInvalidCode }: Context['policy']['current'],
): Page {
  const asked = query.get('limit');
  const limit = asked === null ? flowListLimit : Number(asked);
  if (!Number.isInteger(limit) || limit < 1) {
    throw filterInvalid(`limit=${asked} (${flowInvalidCode})`);
  }
  return {
    properties: query.getAll('property'),
    orderby: query.get('orderby') ?? 'createdAt',
    limit: Math.min(limit, flowListLongest),
  };
}

/**
 * @param documents as a GET by id shows them
 * @throws Refusal 400
 */
export function listReply(
  context: Pick<Context, 'policy' | 'clock'>,
  request: SimRequest,
  collection: FlowCollection,
  documents: readonly JsonObject[],
): Reply {
  const { query } = request;
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw parameterUnknown(unknown);
  // Only a true count excludes limit; `count=false` beside it is fine.
  const counts = query.get('count')?.toLowerCase() === 'true';
  if (counts && query.has('limit')) throw countWithLimit();

  const token = query.get('continuationToken');
  const policy = context.policy.current;
  const page = token === null ? firstPage(query, policy) : readToken(token, policy.flowBadTokenCode);
  const matchers = page.properties.map(matcherOf);
  const visible = shownInLists(documents, (document) => Number(document['createdAt'] ?? 0), {
    nowMs: context.clock.now(),
    hidesYoungerThanMs: request.hidesYoungerThanMs,
  });
  const matching = visible.filter((document) => matchers.every((matches) => matches(document)));
  if (counts) return { status: 200, json: { count: matching.length } };

  const { field, direction } = orderOf(page.orderby, documents);
  const positionOf = (document: JsonObject): [string | number, string] => [
    sortValue(document, field),
    textOf(document['id']),
  ];
  const after = page.after;
  const rest = matching
    .toSorted((a, b) => direction * comparePositions(positionOf(a), positionOf(b)))
    .filter((document) => after === undefined || direction * comparePositions(positionOf(document), after) > 0);
  const items = rest.slice(0, page.limit);
  const last = items.at(-1);
  if (last === undefined || rest.length <= items.length) return { status: 200, json: { items, _links: {} } };
  const nextToken = tokenOf({ ...page, after: positionOf(last) });
  const next = { href: `/${collection}?continuationToken=${nextToken}` };
  return { status: 200, json: { items, _links: { next } } };
}

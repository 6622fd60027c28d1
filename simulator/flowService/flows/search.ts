/** `POST /flows/search`: only in the OpenAPI file, which does not say what a query string looks like. */
import * as z from 'zod';
import type { Context } from '../../context.js';
import { flowFamily } from '../../errorFamilies.js';
import type { JsonObject } from '../../values/json.js';
import { platformRoutes } from '../../transport/request.js';
import { COLLECTIONS, type StoredFlow } from '../../state/stored.js';
import { listReply } from '../listing.js';
import { presentFlow } from './presentFlow.js';
import { invalidBody } from '../refusals.js';
import { objectBody } from '../writes.js';

const searchSchema = z.object({
  queryString: z.string().default(''),
  limit: z.number().int().min(1).max(1_000).optional(),
  orderby: z.string().optional(),
  count: z.boolean().optional(),
  projectionFields: z.array(z.string()).optional(),
});

/** Filter expressions as in lists, joined by `&` or AND; anything else is looked for in the name. */
function splitQuery(queryString: string) {
  const parts = queryString.split(/&|\bAND\b/).flatMap((part) => part.trim() || []);
  const isExpression = (part: string) => /[=<>!]/.test(part);
  return {
    expressions: parts.filter(isExpression).map((part) => part.replace(/^property=(?!=)/, '')),
    words: parts.filter((part) => !isExpression(part)).map((part) => part.toLowerCase()),
  };
}

export function registerSearch(context: Context): void {
  platformRoutes(
    context,
    flowFamily,
  )({
    name: 'flowservice.flows.search',
    method: 'POST',
    path: '/data/foundation/flowservice/flows/search',
    handle(request) {
      const parsed = searchSchema.safeParse(objectBody(request));
      if (!parsed.success)
        throw invalidBody(context.policy.current.flowInvalidCode, parsed.error.issues[0]?.message ?? '');
      const { queryString, limit, orderby, count, projectionFields } = parsed.data;
      const { expressions, words } = splitQuery(queryString);
      const query = new URLSearchParams(expressions.map((expression): [string, string] => ['property', expression]));
      if (limit !== undefined) query.set('limit', String(limit));
      if (orderby !== undefined) query.set('orderby', orderby);
      if (count === true) query.set('count', 'true');
      const found = context.state
        .collection<StoredFlow>(COLLECTIONS.flows)
        .list(request.scope)
        .filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
        .map((flow) => presentFlow(context, request, flow));
      const reply = listReply(context, { ...request, query }, 'flows', found);
      if (projectionFields === undefined || !('status' in reply)) return reply;
      const { items } = reply.json as { items?: readonly JsonObject[] };
      if (items === undefined) return reply;
      const project = (item: JsonObject) =>
        Object.fromEntries(Object.entries(item).filter(([field]) => projectionFields.includes(field)));
      return { ...reply, json: { ...(reply.json as object), items: items.map(project) } };
    },
  });
}

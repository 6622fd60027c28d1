/** Reads fault rules that come over the admin API. */
import * as z from 'zod';
import type { Fault, FaultRule } from './faults.js';

const effect = z.enum(['none', 'done']);
const ms = z.number().int().min(0);

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.number().int().min(200).max(599),
    retryAfter: z.union([z.number().int().min(0), z.string()]).optional(),
    body: z.enum(['service', 'html', 'malformed', 'empty']).optional(),
    effect: effect.optional(),
  }),
  z.strictObject({ kind: z.literal('slow'), ms, when: z.enum(['before-effect', 'after-effect']) }),
  z.strictObject({ kind: z.literal('cut'), effect }),
  z.strictObject({ kind: z.literal('hang'), effect }),
  z.strictObject({ kind: z.literal('accept-late'), ms, connection: z.enum(['cut', 'hang']) }),
  z.strictObject({ kind: z.literal('stale-list'), youngerThanMs: ms }),
  z.strictObject({ kind: z.literal('token-revoked') }),
  z.strictObject({
    kind: z.literal('service'),
    name: z.string(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
]) satisfies z.ZodType<Fault>;

function isRegularExpression(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

export const faultRuleSchema = z.strictObject({
  id: z.string().min(1).optional(),
  match: z.strictObject({
    route: z.string().optional(),
    method: z.string().optional(),
    path: z.string().refine(isRegularExpression, 'must be a regular expression').optional(),
    bodyIncludes: z.string().optional(),
    sandbox: z.string().optional(),
  }),
  fault: faultSchema,
  nth: z.number().int().min(1).optional(),
  times: z.number().int().min(0).optional(),
  probability: z.number().min(0).max(1).optional(),
  seed: z.number().int().optional(),
}) satisfies z.ZodType<Omit<FaultRule, 'id'> & { id?: string | undefined }>;

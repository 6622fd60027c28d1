/**
 * Optional fields of answers. One that is missing, null, or of another shape than documented counts as absent: a field
 * that nobody needs must not make an answer unreadable, nor somebody else's object a whole list.
 */
import * as z from 'zod';

export function optional<T>(schema: z.ZodType<T>) {
  return schema.optional().catch(undefined);
}

export const text = optional(z.string());
export const milliseconds = optional(z.number());
export const texts = optional(z.array(z.string()));

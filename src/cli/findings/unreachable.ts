/** fetch hides the reason in the cause: ECONNREFUSED, ENOTFOUND. A connection that is taken and not answered has none. */
import { messageOf } from '../../domain/messageOf.js';
export function unreachableReason(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code;
  return messageOf(error);
}

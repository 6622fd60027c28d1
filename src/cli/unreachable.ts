/** fetch hides the reason in the cause: ECONNREFUSED, ENOTFOUND. */
export function unreachableReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.message : String(error);
}

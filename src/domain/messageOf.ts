/** What went wrong in the words of whoever threw it: not everything that is thrown is an error. */
export function messageOf(thrown: unknown): string {
  // Several refused addresses: it has no message of its own.
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error && thrown.message !== '' ? thrown.message : String(thrown);
}

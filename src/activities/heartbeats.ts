import { Context } from '@temporalio/activity';

/** Runs the work of an activity, and tells Temporal at once and then every so often that it goes on. */
export async function withHeartbeats<T>(
  everyMs: number,
  work: () => Promise<T>,
  details: () => unknown = () => undefined,
): Promise<T> {
  const activity = Context.current();
  const beat = (): void => activity.heartbeat(details());
  beat();
  const timer = setInterval(beat, everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Stands in for a source that lives over several builds. */
import { condition, defineQuery, defineUpdate, patched, setHandler } from '@temporalio/workflow';

/** A test makes a build of it that does not fit the histories of the others. */
const COMMANDS: string = 'as released';

export async function source(): Promise<void> {
  setHandler(defineQuery('state'), () => ({ v: 1 }));
  setHandler(defineUpdate('resume'), () => undefined);
  if (COMMANDS === 'as released') patched('first');
  await condition(() => false);
}

/** All meetings on one stack, one per sandbox at a time. */
import { KILL_SANDBOXES, KILL_TIMES } from '../../stack/kills/killPoints.js';
import { resultOfProcesses, startChaosStack } from '../../stack/product/stack.js';
import type { Report } from '../../stack/result.js';
import type { KillsOptions } from '../kills/run.js';
import { undisturbedAll } from '../kills/run.js';
import { meet } from './meeting.js';
import { operatorMeetings } from './operators.js';
import { deletionMeetings, etagMeetings } from './otherPeople.js';

export async function runMeetings(
  { only, on, log }: Pick<KillsOptions, 'only' | 'on' | 'log'>,
  report: Report,
): Promise<void> {
  const startedAt = performance.now();
  const stack = await startChaosStack({ times: KILL_TIMES, sandboxCount: KILL_SANDBOXES, log, on });
  try {
    const all = await undisturbedAll(stack, report);
    const waiting = [...operatorMeetings(all), ...etagMeetings(all), ...deletionMeetings(all)].filter(({ name }) =>
      only.test(name),
    );
    if (waiting.length === 0) throw new Error('no meeting has such a name');
    log(`${waiting.length} meetings`);
    await Promise.all(
      stack.sandboxes.map(async (sandbox) => {
        for (let meeting = waiting.shift(); meeting !== undefined; meeting = waiting.shift()) {
          report(await meet(stack, sandbox, meeting));
        }
      }),
    );
    report(resultOfProcesses(stack, startedAt));
  } finally {
    await stack.stop();
  }
}

/** What a run prints. */
import { type DeployRun, isWithoutFault } from './deployRun.js';

const SHOWN = 20;

/** @param repeat the command that makes the same run */
export function reportOf(run: DeployRun, repeat: string): string {
  const { comparison, deploys, failedElsewhere, faults, stuck } = run;
  const { differences } = comparison;
  const count = (wrong: string): number => differences.filter((one) => one.wrong === wrong).length;
  const width = Math.max(...deploys.map(({ name }) => name.length));
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  const others = differences.filter(({ wrong }) => wrong !== 'lost' && wrong !== 'repeated').length;
  return [
    '',
    `${comparison.events} events answered with 2xx in ${seconds(run.loadMs)} s, ${run.failedPosts} posts not answered so at first; ${comparison.delivered} delivered exactly once`,
    `${count('lost')} lost, ${count('repeated')} repeated, ${others} other differences`,
    `failed workflow tasks: ${run.failedInBroken} in the broken build, ${failedElsewhere.length} elsewhere`,
    '',
    'deploy, seconds from the start of the new workers to the end of the old ones, longest time without an accepted event',
    ...deploys.map(
      ({ name, fromMs, toMs, longestGapMs }) =>
        `  ${name.padEnd(width)}  ${seconds(toMs - fromMs).padStart(6)} s  ${longestGapMs === undefined ? 'not measured' : `${seconds(longestGapMs).padStart(6)} s`}`,
    ),
    '',
    ...differences.slice(0, SHOWN).map(({ wrong, eventId, detail }) => `${wrong} ${eventId.slice(0, 16)}: ${detail}`),
    ...failedElsewhere.slice(0, SHOWN).map(({ workflowId, message }) => `failed task of ${workflowId}: ${message}`),
    ...faults,
    ...run.unexpectedEnds.map((line) => `ended by itself: ${line}`),
    ...(stuck === undefined ? [] : [`did not come to its end: ${JSON.stringify(stuck)}`]),
    ...(isWithoutFault(run) ? ['Nothing is wrong.'] : [`logs and data: ${run.home}`, `once more: ${repeat}`]),
  ].join('\n');
}

/** How long the simulator of a stack lets a person wait: seconds, or as long as Adobe. */

/** What takes minutes at Adobe takes seconds; below the default windows of `manifest/shortWindows.ts`. */
const SHORT_POLICY = { flowActivationDelayMs: 1_000, settleWindowMs: 1_500, lakeDelayMs: 1_000 };

/** The variable by which the commands of other terminals know of it. */
const VARIABLE = 'CHATLIO_AEP_SHORT_WINDOWS';

export const SHORT_WINDOWS_ON = { policy: SHORT_POLICY, environment: { [VARIABLE]: 'yes' } } as const;

/** @param command that has started it */
export function windowLines(isShort: boolean, command: string): string[] {
  if (!isShort)
    return [
      'The simulator waits as long as Adobe does: 5 minutes after a flow is made, 15 minutes until rows can be seen.',
    ];
  return [
    'Waits are short here: events are sent 2 seconds after a flow is made and can be seen in the lake 1 second later, instead of after 5 and 15 minutes.',
    `To wait as long as with Adobe: ${command} -- --real-time`,
  ];
}

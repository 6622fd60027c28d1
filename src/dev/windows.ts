/** How long the simulator of a stack lets a person wait: seconds, or as long as Adobe. */

/** What takes minutes at Adobe takes seconds; below the standard windows of `manifest/shortWindows.ts`. */
const SHORT_POLICY = { flowActivationDelayMs: 1_000, settleWindowMs: 1_500, lakeDelayMs: 1_000 };

/** The variable by which the commands of other terminals know of it. */
const VARIABLE = 'CHATLIO_AEP_SHORT_WINDOWS';

export const SHORT_WINDOWS_ON = { policy: SHORT_POLICY, environment: { [VARIABLE]: 'yes' } } as const;

export function windowLines(isShort: boolean): string[] {
  if (!isShort)
    return ['The simulator waits as long as Adobe: 5 min after a flow is made, 15 min until rows are seen.'];
  return [
    'Waits are short here: events are sent 2 s after a flow is made and seen in the lake after 1 s, not after 5 and 15 minutes.',
    'As long as at Adobe: npm start -- --real-time',
  ];
}

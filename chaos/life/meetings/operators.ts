/** Two operators at once: the second one is refused and told who holds the source; the first one ends as if it had been alone. */
import type { Undisturbed } from '../kills/undisturbed.js';
import { commandFor } from '../commandFor.js';
import { ASKED_BY, type Subject } from '../operations.js';
import { differencesAtEnd, waitUntilOver } from '../state/ending.js';
import type { Meeting } from './meeting.js';

/** What the second one types. */
const COMMANDS: readonly (readonly string[])[] = [
  ['update', 'FILE'],
  ['pause', 'NAME'],
  ['pause', 'NAME', '--disable-flow'],
  ['unpause', 'NAME'],
  ['repair', 'NAME', '--yes'],
  ['drift', 'NAME'],
  ['teardown', 'NAME', '--yes'],
];

/** Held before its first request until the second one has been refused. */
export function operatorMeetings(all: readonly Undisturbed[]): Meeting[] {
  return all.flatMap((of): Meeting[] => {
    const first = of.points[0];
    if (first === undefined) return [];
    return [
      {
        what: 'a second operator',
        name: `meeting / a second operator / ${of.operation.name}`,
        of,
        route: first.route,
        fault: { kind: 'status', status: 429, retryAfter: 5 },
        happens: refusalsOf,
        async verify(subject) {
          await waitUntilOver(subject, of.operation);
          return differencesAtEnd(subject, of.end);
        },
      },
    ];
  });
}

async function refusalsOf(subject: Subject): Promise<string[]> {
  const { operation, phase } = await subject.source.state();
  const refusals = COMMANDS.map(async (command) => {
    const printed = await commandFor(subject, command);
    return faultsOfRefusal(command.join(' '), printed, { kind: operation?.kind ?? '', isLive: phase === 'live' });
  });
  return (await Promise.all(refusals)).flat();
}

/** Who has asked for what is told, also of a source that is not live yet, or no more. */
function faultsOfRefusal(
  command: string,
  printed: string | undefined,
  { kind, isLive }: { readonly kind: string; readonly isLive: boolean },
): string[] {
  if (printed === undefined) return [`${command} was not refused while ${kind} was running`];
  const expected = isLive
    ? ['"code":"CAEP_OPERATION_RUNNING"', `is already running: ${kind}, asked for by ${ASKED_BY}, since 20`]
    : ['"code":"CAEP_NOT_LIVE"', ...(kind === '' ? [] : [`Under way: ${kind}, asked for by ${ASKED_BY}, since 20`])];
  return expected
    .filter((text) => !printed.includes(text))
    .map((text) => `${command} is refused without ${text}: ${printed}`);
}

/** What an operator reads in the Temporal UI's "current details" of a forwarder. */
// Stryker disable StringLiteral: what this file says is wording, not decisions.
import { EVENT_PARTS, type EventParts, PART_FACTS } from '../events/eventParts.js';
import { EXCEPTION_FACTS, isExceptionReason } from '../exceptions/exceptions.js';
import { nextDestinationLook } from './destinationLooks.js';
import type { ForwarderState } from './forwarder.js';
import { markdownDocument, markdownText } from '../printable.js';
import { updateByHand } from '../updateByHand.js';

/** Markdown without images and HTML, which the UI does not show. */
export function describeForwarder(state: ForwarderState, name: string, workflowId: string): string {
  return markdownDocument([
    // As the summary, which Temporal gives to the first run alone.
    `Delivery of **${name}**: **${state.phase}**${state.draining.length === 0 ? '' : ` · partitions ${state.draining.join(', ')}`}`,
    '',
    ...phaseLines(state, name, workflowId),
    ...(state.lastError === undefined
      ? []
      : [
          `Last error${state.lastErrorAt === undefined ? '' : `, at ${time(state.lastErrorAt)}`}: ${state.lastError}`,
          '',
        ]),
    ...(state.surveyedAt === 0 ? [] : countLines(state, name)),
    ...lakeLines(state),
    ...runLines(state, name),
  ]);
}

/** Points in time and no ages: nobody writes this page anew while nothing happens. */
function countLines({ counters, surveyedAt }: ForwarderState, name: string): string[] {
  const { taken, accepted, confirmed, waiting, exceptions } = counters;
  const parts: Partial<EventParts> = counters.parts ?? { waiting, accepted };
  const shown = EVENT_PARTS.filter(
    (part) => part === 'waiting' || part === 'accepted' || (parts[part] !== undefined && parts[part] > 0),
  );
  const reasons = Object.entries(exceptions);
  const since = (ms: number | undefined) => (ms === undefined ? undefined : time(surveyedAt - ms));
  const oldest = [
    ['waiting', since(waiting === 0 ? undefined : counters.oldestWaitingMs)],
    ['held', since(counters.oldestHeldMs)],
  ].flatMap(([word, at]) => (at === undefined ? [] : [`The oldest ${word} event: since ${at}.`]));
  return [
    `Events as of ${time(surveyedAt)} (\`chatlio-aep status ${name}\` counts again):`,
    '',
    `| Taken | ${shown.map((part) => capitalised(PART_FACTS[part].word)).join(' | ')} | Confirmed in the lake |`,
    `| --- |${' --- |'.repeat(shown.length + 1)}`,
    `| ${taken} | ${shown.map((part) => parts[part]).join(' | ')} | ${confirmed ?? 'not known'} |`,
    '',
    ...(oldest.length === 0 ? [] : [oldest.join(' '), '']),
    ...(reasons.length === 0
      ? []
      : [
          '| Exception | Events | Means |',
          '| --- | --- | --- |',
          ...reasons.map(([reason, count]) => `| ${markdownText(reason)} | ${count} | ${meaningOf(reason)} |`),
          '',
          `\`chatlio-aep held list ${name}\` shows them.`,
          '',
        ]),
  ];
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function phaseLines(state: ForwarderState, name: string, workflowId: string): string[] {
  const resume = ['```', ...updateByHand(workflowId, 'resume'), '```', ''];
  switch (state.phase) {
    case 'held':
      return [
        `**Held** since ${time(state.hold?.since)}: ${markdownText(state.hold?.reason ?? '')}.`,
        `${state.hold?.nextProbeAt === undefined ? '' : `The next try is at ${time(state.hold.nextProbeAt)}. `}Events are still taken, and wait. Fix the cause, then run \`chatlio-aep resume ${name}\`, or:`,
        '',
        ...resume,
      ];
    case 'outage':
      return [
        `**The destination is unavailable** since ${time(state.outage?.since)}: ${markdownText(state.outage?.detail ?? '')}.`,
        `Try ${(state.outage?.probes ?? 0) + 1} is at ${time(state.outage?.nextProbeAt)}. Events are still taken, and wait. To try now:`,
        '',
        ...resume,
      ];
    case 'settling':
      return [
        `The flow was changed, and Adobe may lose events until it is ready: nothing is sent before ${time(state.gate?.opensAt)}.`,
        '',
      ];
    case 'paused':
      return [
        `Nothing is sent: ${markdownText(state.gate?.reason ?? '')}. ${opening(state)}\`chatlio-aep unpause ${name}\` starts sending again; \`chatlio-aep status ${name}\` shows more.`,
        '',
      ];
    case 'idle':
    case 'forwarding':
      return (state.awaitingCanary ?? []).length === 0
        ? []
        : [
            `What leaves was changed: of some kinds one event was sent, and the others wait until it is seen in the lake. \`chatlio-aep status ${name}\` shows which.`,
            '',
          ];
    default:
      return state.phase satisfies never;
  }
}

function opening(state: ForwarderState): string {
  if (state.gate?.opensByItself !== true) return '';
  const next = nextDestinationLook(state, { closedToo: true });
  return `Sending starts again by itself once this is fixed at Adobe${next === undefined ? '' : `; the next check is at ${time(next)}`}. `;
}

function lakeLines({ lake, counters }: ForwarderState): string[] {
  const repeated = counters.repeated ?? 0;
  return [
    ...(repeated === 0 ? [] : [`${repeated} event(s) are in the lake more than once.`, '']),
    ...(lake?.state === 'refused'
      ? [`It is not known whether accepted events are in the lake: ${markdownText(lake.detail ?? '')}.`, '']
      : []),
    ...(lake?.state === 'away'
      ? [`The lake could not be read: ${markdownText(lake.detail ?? '')}. The worker tries again by itself.`, '']
      : []),
  ];
}

function runLines({ flowRuns }: ForwarderState, name: string): string[] {
  if (flowRuns === undefined) return [];
  const { failedRecords, lookedAt } = flowRuns;
  const failed = failedRecords === 0 ? 'no record has failed' : `**${failedRecords} record(s) failed**`;
  return [
    `Adobe's flow runs in the 24 hours before ${lookedAt}: ${failed}. \`chatlio-aep runs ${name}\` shows them.`,
    '',
  ];
}

function time(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString();
}

function meaningOf(reason: string): string {
  return isExceptionReason(reason) ? EXCEPTION_FACTS[reason].meaning : '';
}

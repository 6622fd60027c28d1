/** What an operator reads in the Temporal UI's "current details" of a forwarder. */
import { EXCEPTION_FACTS, isExceptionReason } from './exceptions.js';
import type { ForwarderState } from './forwarder.js';

/** Markdown without images and HTML, which the UI does not show. */
export function describeForwarder(state: ForwarderState, name: string, workflowId: string): string {
  const { counters } = state;
  const exceptions = Object.entries(counters.exceptions);
  return [
    `Delivery of **${name}** is **${state.phase}**${state.draining.length === 0 ? '' : ` · partitions ${state.draining.join(', ')}`}`,
    '',
    '| Taken | Accepted | Confirmed | Waiting | Oldest waiting | Exceptions | Oldest exception |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    `| ${counters.taken} | ${counters.accepted} | ${counters.confirmed ?? 'not known'} | ${counters.waiting} | ${age(counters.oldestWaitingMs)} | ${exceptions.reduce((sum, [, count]) => sum + count, 0)} | ${age(counters.oldestExceptionMs)} |`,
    '',
    ...(exceptions.length === 0
      ? []
      : [
          '| Exception | Events | Means |',
          '| --- | --- | --- |',
          ...exceptions.map(([reason, count]) => `| ${reason} | ${count} | ${meaningOf(reason)} |`),
          '',
          `\`chatlio-aep held list ${name}\` shows them.`,
          '',
        ]),
    ...phaseLines(state, name, workflowId),
    ...lakeLines(state),
    ...(state.surveyedAt === 0 ? [] : [`Counted at ${new Date(state.surveyedAt).toISOString()}.`]),
  ].join('\n');
}

function phaseLines(state: ForwarderState, name: string, workflowId: string): string[] {
  const resume = [
    '```',
    `temporal workflow update execute --workflow-id ${workflowId} --name resume --input '{}'`,
    '```',
    '',
  ];
  switch (state.phase) {
    case 'held':
      return [`**Held**: ${state.hold?.reason ?? ''}. After the fix:`, '', ...resume];
    case 'outage':
      return [
        `**The destination is away** since ${time(state.outage?.since)}: ${state.outage?.detail ?? ''}.`,
        `Probe ${(state.outage?.probes ?? 0) + 1} at ${time(state.outage?.nextProbeAt)}; events wait in the log. To probe now:`,
        '',
        ...resume,
      ];
    case 'settling':
      return [`The flow was changed; nothing is sent before ${time(state.gate?.opensAt)}.`, ''];
    case 'paused':
      return [
        `The gate is closed: ${state.gate?.reason ?? ''}. \`chatlio-aep unpause ${name}\` opens it; \`chatlio-aep status ${name}\` says more.`,
        '',
      ];
    case 'idle':
    case 'forwarding':
      return [];
    default:
      return state.phase satisfies never;
  }
}

function lakeLines({ lake, counters }: ForwarderState): string[] {
  const repeated = counters.repeated ?? 0;
  return [
    ...(repeated === 0 ? [] : [`${repeated} event(s) are in the lake more than once.`, '']),
    ...(lake?.state === 'refused'
      ? [`Whether accepted events are in the lake is not known: ${lake.detail ?? ''}.`, '']
      : []),
    ...(lake?.state === 'away' ? [`The lake could not be read: ${lake.detail ?? ''}. It is tried again.`, ''] : []),
  ];
}

function time(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString();
}

function age(ms: number | undefined): string {
  if (ms === undefined) return '';
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function meaningOf(reason: string): string {
  return isExceptionReason(reason) ? EXCEPTION_FACTS[reason].meaning : '';
}

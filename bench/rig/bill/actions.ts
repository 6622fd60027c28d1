/**
 * What Temporal Cloud bills as actions, as far as a history tells it: by the pages "Temporal Cloud Actions" of Temporal's documentation.
 * Heartbeats and queries are in no history.
 */
import type { History } from '@temporalio/common/lib/proto-utils.js';

type HistoryEvent = NonNullable<History['events']>[number];

const EACH_IS_ONE = [
  // Also of a run that another one has continued as.
  ['workflowExecutionStartedEventAttributes', 'start'],
  ['workflowExecutionSignaledEventAttributes', 'signal'],
  ['workflowExecutionUpdateAcceptedEventAttributes', 'update'],
  ['timerStartedEventAttributes', 'timer'],
] as const;
/** Exempt: what the SDK writes for `patched`. */
const CHANGE_VERSION = 'TemporalChangeVersion';

/** By what they were for: the type of an activity, else the name of what was billed. */
export function billableActions(events: readonly HistoryEvent[]): ReadonlyMap<string, number> {
  const actions = new Map<string, number>();
  const typeOf = new Map<string, string>();
  const withMarkers = new Set<string>();
  const count = (what: string, more = 1) => actions.set(what, (actions.get(what) ?? 0) + more);
  for (const event of events) {
    for (const [attributes, what] of EACH_IS_ONE) if (event[attributes]) count(what);
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: started } = event;
    if (scheduled) {
      const type = scheduled.activityType?.name ?? '';
      typeOf.set(String(event.eventId), type);
      count(type);
    }
    // Attempts before the last one are in no event of their own.
    if (started) count(typeOf.get(String(started.scheduledEventId)) ?? '', (started.attempt ?? 1) - 1);
    const names = Object.keys(
      event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields ?? {},
    );
    if (names.some((name) => name !== CHANGE_VERSION)) count('upsert');
    // All markers of one workflow task together.
    const marker = event.markerRecordedEventAttributes;
    if (marker) withMarkers.add(String(marker.workflowTaskCompletedEventId));
  }
  if (withMarkers.size > 0) count('markers', withMarkers.size);
  return actions;
}

export function sumOf(actions: ReadonlyMap<string, number>): number {
  return [...actions.values()].reduce((sum, count) => sum + count, 0);
}

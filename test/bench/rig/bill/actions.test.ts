/** By the page "Temporal Cloud Actions" of Temporal's documentation. */
import { readdirSync, readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import { billableActions, sumOf } from '../../../../bench/rig/bill/actions.js';
import { packageFile } from '../../../../src/process/packageFiles.js';

const of = (...events: object[]) => {
  const numbered = events.map((event, index) => ({ eventId: String(index + 1), ...event }));
  return Object.fromEntries(billableActions(historyFromJSON({ events: numbered }).events ?? []));
};

const scheduled = (name: string) => ({
  eventType: 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED',
  activityTaskScheduledEventAttributes: { activityType: { name } },
});

describe('what Temporal Cloud bills', () => {
  it('is each start, also of a run that continues another, signal, update and timer', () => {
    expect(
      of(
        { eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED', workflowExecutionStartedEventAttributes: {} },
        { eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', workflowExecutionSignaledEventAttributes: {} },
        {
          eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
          workflowExecutionUpdateAcceptedEventAttributes: {},
        },
        { eventType: 'EVENT_TYPE_TIMER_STARTED', timerStartedEventAttributes: {} },
        { eventType: 'EVENT_TYPE_TIMER_FIRED', timerFiredEventAttributes: {} },
        { eventType: 'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED', workflowTaskScheduledEventAttributes: {} },
      ),
    ).toEqual({ start: 1, signal: 1, update: 1, timer: 1 });
  });

  it('is each activity, and each attempt of it after the first', () => {
    const started = {
      eventType: 'EVENT_TYPE_ACTIVITY_TASK_STARTED',
      activityTaskStartedEventAttributes: { scheduledEventId: '1', attempt: 3 },
    };
    expect(of(scheduled('drain'), started)).toEqual({ drain: 3 });
  });

  it('is each upsert of search attributes but that of the SDK’s own', () => {
    const upsert = (name: string) => ({
      eventType: 'EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
      upsertWorkflowSearchAttributesEventAttributes: { searchAttributes: { indexedFields: { [name]: {} } } },
    });
    expect(of(upsert('SourcePhase'), upsert('TemporalChangeVersion'))).toEqual({ upsert: 1 });
  });

  it('is one for all markers of a workflow task', () => {
    const marker = (workflowTaskCompletedEventId: string) => ({
      eventType: 'EVENT_TYPE_MARKER_RECORDED',
      markerRecordedEventAttributes: { markerName: 'core_patch', workflowTaskCompletedEventId },
    });
    expect(of(marker('4'), marker('4'), marker('9'))).toEqual({ markers: 2 });
  });

  it('is found in each recorded history', () => {
    const folder = packageFile('test/histories/');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const { events } = historyFromJSON(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
      expect(sumOf(billableActions(events ?? [])), file).toBeGreaterThan(0);
    }
  });
});

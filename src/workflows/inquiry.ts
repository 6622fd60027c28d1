import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Answer, Inquiry, InquiryActivities } from '../domain/plan.js';

// A person waits for the answer: it fails soon rather than tries for long.
const activities = proxyActivities<InquiryActivities>({
  startToCloseTimeout: '2 minutes',
  retry: { maximumAttempts: 2 },
});

// A second attempt would make yet another secret: after a lost answer `urls` tells the newest.
const once = proxyActivities<InquiryActivities>({ startToCloseTimeout: '1 minute', retry: { maximumAttempts: 1 } });

// Ten million events take some minutes; a worker that is gone is noticed by its heartbeat.
const long = proxyActivities<InquiryActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
  retry: { maximumAttempts: 3 },
});

/** Asks the worker something that only it can know, because only it has Adobe's credentials and the database's keys. */
export function inquiry(input: Inquiry): Promise<Answer<Inquiry>> {
  switch (input.ask) {
    case 'plan':
      return activities.plan(input);
    case 'doctor':
      return activities.doctor(input);
    case 'urls':
      return activities.urls(input);
    case 'rotate':
      return once.rotate(input);
    case 'decide':
      return activities.decide(input);
    case 'exceptions':
      return activities.exceptions(input);
    case 'exception':
      return activities.exception(input);
    case 'audit':
      return long.audit(input);
    case 'events':
      return activities.events(input);
    case 'intake':
      return activities.intake(input);
    case 'restored':
      return activities.restored(input);
    default:
      throw ApplicationFailure.nonRetryable(`unknown inquiry ${JSON.stringify(input satisfies never)}`, 'CAEP_USAGE');
  }
}

import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { CatalogueError } from '../domain/errors.js';
import type { Answer, AnswerForm, Inquiry, InquiryActivities, Refused } from '../domain/plan.js';
import type { StepFailureDetails } from '../domain/provisioning.js';

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
export async function inquiry(input: Inquiry & AnswerForm): Promise<Answer<Inquiry> | Refused> {
  const { refusals, ...question } = input;
  try {
    return await answer(question);
  } catch (failure) {
    const refused = refusals === 'result' ? refusalIn(failure) : undefined;
    if (refused === undefined) throw failure;
    return { refused };
  }
}

/** What an activity says in the catalogue's words is an answer. */
function refusalIn(failure: unknown): CatalogueError | undefined {
  const cause = failure instanceof ActivityFailure ? failure.cause : undefined;
  return cause instanceof ApplicationFailure ? (cause.details?.[0] as Partial<StepFailureDetails>)?.error : undefined;
}

function answer(input: Inquiry): Promise<Answer<Inquiry>> {
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

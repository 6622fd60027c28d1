import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { CatalogueError } from '../domain/errors.js';
import {
  type Answer,
  type AnswerForm,
  INQUIRIES,
  type Inquiry,
  type InquiryActivities,
  type Patience,
  type Refused,
} from '../domain/inquiries.js';
import type { StepFailureDetails } from '../domain/source/provisioning.js';

/** The activities that answer, by how patiently. */
const ACTIVITIES: Readonly<Record<Patience, InquiryActivities>> = {
  // It fails soon rather than tries for long.
  soon: proxyActivities({ startToCloseTimeout: '2 minutes', retry: { maximumAttempts: 2 } }),
  once: proxyActivities({ startToCloseTimeout: '1 minute', retry: { maximumAttempts: 1 } }),
  // Ten million events take some minutes; a worker that is gone is noticed by its heartbeat.
  long: proxyActivities({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30 seconds',
    retry: { maximumAttempts: 3 },
  }),
};

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
  const facts = Object.hasOwn(INQUIRIES, input.ask) ? INQUIRIES[input.ask] : undefined;
  if (facts === undefined) {
    throw ApplicationFailure.nonRetryable(`unknown inquiry ${JSON.stringify(input.ask)}`, 'CAEP_USAGE');
  }
  const activity = ACTIVITIES[facts.patience][input.ask] as (ask: Inquiry) => Promise<Answer<Inquiry>>;
  return activity(input);
}

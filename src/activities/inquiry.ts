/** Activities behind the questions of the command line: they read, and change something only where that is what is asked for. */
import { ApplicationFailure } from '@temporalio/common';
import type { Adobe } from '../adobe/clients.js';
import { sentenceOf } from '../domain/errors.js';
import type { InquiryActivities } from '../domain/plan.js';
import type { Database } from '../store/database.js';
import type { KeyRing } from '../store/keyRing.js';
import { restoredReport } from '../store/restored.js';
import { decideWithoutForwarder } from './inquiry/decide.js';
import { eventPage } from './inquiry/events.js';
import { intakeReport } from './inquiry/intake.js';
import { exceptionDetails, exceptionPage } from './inquiry/exceptions.js';
import { auditReport } from './inquiry/audit.js';
import { doctorReport, type DoctorDeps } from './inquiry/doctor.js';
import { planReport } from './inquiry/plan.js';
import { rotatedUrls, sealedUrls } from './inquiry/urls.js';
import { toCatalogueError } from './failures.js';
import type { ProvisioningStore } from '../store/provisioning.js';

export interface InquiryDeps extends DoctorDeps {
  readonly adobe: Adobe;
  readonly database: Database;
  readonly keyRing: KeyRing;
  /** `postgres://host:port` in place of what Query Service says of itself. */
  readonly queryServiceUrl?: string;
  readonly store: ProvisioningStore;
  readonly minimumSettleWindowMs: number;
  readonly minimumLakeLatencyMs?: number;
  /** As Chatlio reaches the receiver. */
  readonly receiverUrl: () => Promise<string>;
}

export function createInquiryActivities(deps: InquiryDeps): InquiryActivities {
  /** An inquiry that can't be answered says why, in the catalogue's words, and is not tried again. */
  const answer = async <T>(fields: Record<string, string>, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (failure) {
      const error = toCatalogueError(failure, fields);
      throw ApplicationFailure.nonRetryable(sentenceOf(error), error.code, { error });
    }
  };
  const of = (name: string, command: string) => ({ name, again: `chatlio-aep ${command} ${name}` });
  return {
    plan: ({ manifest, uid, live }) =>
      answer({ name: manifest.name, sandbox: manifest.sandbox, again: 'chatlio-aep plan FILE' }, () =>
        planReport(deps, manifest, { uid, live }),
      ),
    doctor: ({ sandbox }) =>
      answer({ sandbox: sandbox ?? 'prod', again: 'chatlio-aep doctor' }, () => doctorReport(deps, sandbox ?? 'prod')),
    urls: (ask) => answer(of(ask.name, 'urls'), () => sealedUrls(deps, ask)),
    rotate: (ask) => answer(of(ask.name, 'urls'), () => rotatedUrls(deps, ask)),
    decide: (ask) => answer(of(ask.name, 'held list'), () => decideWithoutForwarder(deps, ask)),
    exceptions: (ask) => answer(of(ask.name, 'held list'), () => exceptionPage(deps.database, ask)),
    audit: (ask) => answer(of(ask.name, 'audit'), () => auditReport(deps, ask)),
    events: (ask) => answer(of(ask.name, 'events tail'), () => eventPage(deps, ask)),
    intake: (ask) => answer(of(ask.name, 'status'), () => intakeReport(deps.database, ask)),
    restored: (ask) =>
      answer({ again: `chatlio-aep doctor --restored ${ask.since}` }, () => restoredReport(deps.database, ask)),
    exception: (ask) => answer(of(ask.name, 'held list'), () => exceptionDetails(deps, ask)),
  };
}

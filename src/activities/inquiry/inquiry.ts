/** Activities behind the questions of the command line: they read, and change something only where that is what is asked for. */
import { ApplicationFailure } from '@temporalio/common';
import type { Adobe } from '../../adobe/clients.js';
import { sentenceOf } from '../../domain/errors.js';
import { type Ask, INQUIRIES, type Inquiry, type InquiryActivities, type InquiryName } from '../../domain/inquiries.js';
import type { Database } from '../../store/connection/database.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import type { NeedsReport } from '../../domain/events/shownEvents.js';
import { readBudgetStanding } from '../../store/sharing/requestBudget.js';
import { readNeeds } from '../../store/views/needs.js';
import { readHistory } from '../../store/history/operations.js';
import { restoredReport } from '../../store/delivery/restored.js';
import { accountDetails, accountList, deleteAccount, updateAccount } from '../accounts/accounts.js';
import { recipientOf } from '../accounts/credentials.js';
import { adoptionReport } from './adoption/adoption.js';
import { decideWithoutForwarder } from './decide.js';
import { contentsPiece } from './contents.js';
import { eventDetails } from './eventDetails.js';
import { eventPage } from './events.js';
import { intakeReport } from './intake.js';
import { exceptionDetails, exceptionPage } from './exceptions.js';
import { auditReport } from './audit.js';
import { doctorReport, type DoctorDeps } from './doctor.js';
import { planReport } from '../planning/plan.js';
import { sampleReport } from '../planning/sample.js';
import { runDetails } from './runs/runDetails.js';
import { runsReport } from './runs/runs.js';
import { dataReport } from '../steps/data.js';
import { rotatedUrls, sealedUrls } from './urls.js';
import { toCatalogueError } from '../failures.js';
import type { ProvisioningStore } from '../../store/sources/provisioning.js';

/** Every organisation has it. */
const DEFAULT_SANDBOX = 'prod';

export interface InquiryDeps extends DoctorDeps {
  readonly adobe: Adobe;
  readonly database: Database;
  readonly keyRing: KeyRing;
  /** `postgres://host:port` in place of what Query Service says of itself. */
  readonly queryServiceUrl?: string;
  readonly store: ProvisioningStore;
  /** At Adobe. */
  readonly organisation?: string;
  readonly minimumSettleWindowMs: number;
  readonly minimumLakeLatencyMs?: number;
  /** As Chatlio reaches the receiver. */
  readonly receiverUrl: () => Promise<string>;
}

export function createInquiryActivities(deps: InquiryDeps): InquiryActivities {
  const { database } = deps;
  return {
    plan: answering('plan', (ask) => planReport(deps, ask.manifest, ask)),
    sample: answering('sample', (ask) => sampleReport(deps, ask)),
    doctor: answering('doctor', ({ sandbox = DEFAULT_SANDBOX }) => doctorReport(deps, sandbox)),
    urls: answering('urls', (ask) => sealedUrls(deps, ask)),
    rotate: answering('rotate', (ask) => rotatedUrls(deps, ask)),
    decide: answering('decide', (ask) => decideWithoutForwarder(deps, ask)),
    exceptions: answering('exceptions', (ask) => exceptionPage(database, ask)),
    exception: answering('exception', (ask) => exceptionDetails(deps, ask)),
    audit: answering('audit', (ask) => auditReport(deps, ask)),
    events: answering('events', (ask) => eventPage(deps, ask)),
    event: answering('event', (ask) => eventDetails(database, ask)),
    contents: answering('contents', (ask) => contentsPiece(deps, ask)),
    intake: answering('intake', (ask) => intakeReport(database, ask)),
    runs: answering('runs', (ask) => runsReport(deps, ask)),
    run: answering('run', (ask) => runDetails(deps, ask)),
    needs: answering('needs', () => needsReport(deps)),
    accounts: answering('accounts', (ask) => accountList(deps, ask)),
    account: answering('account', (ask) => accountDetails(deps, ask)),
    recipient: answering('recipient', (ask) => Promise.resolve(recipientOf(deps, ask))),
    updateAccount: answering('updateAccount', (ask) => updateAccount(deps, ask)),
    deleteAccount: answering('deleteAccount', (ask) => deleteAccount(deps, ask)),
    history: answering('history', (ask) => readHistory(database, ask)),
    adoption: answering('adoption', (ask) => adoptionReport(deps, ask)),
    data: answering('data', (ask) => dataReport(deps, ask)),
    restored: answering('restored', (ask) => restoredReport(database, ask)),
  };
}

async function needsReport({ database, organisation }: InquiryDeps): Promise<NeedsReport> {
  const budget = organisation === undefined ? undefined : await readBudgetStanding(database, organisation);
  return { v: 1, sources: await readNeeds(database), ...(budget === undefined ? {} : { budget }) };
}

/** An inquiry that can't be answered says why, in the catalogue's words, and is not tried again. */
function answering<N extends InquiryName>(name: N, answer: InquiryActivities[N]): InquiryActivities[N] {
  const asked = async (ask: Ask<N>) => {
    try {
      return await answer(ask);
    } catch (failure) {
      const error = toCatalogueError(failure, { ...about(ask as Inquiry), again: INQUIRIES[name].again(ask) });
      throw ApplicationFailure.nonRetryable(sentenceOf(error), error.code, { error });
    }
  };
  return asked as InquiryActivities[N];
}

/** What an error may name. */
function about(ask: Inquiry): Record<string, string> {
  if (ask.ask === 'plan' || ask.ask === 'sample') return { name: ask.manifest.name, sandbox: ask.manifest.sandbox };
  if (ask.ask === 'doctor') return { sandbox: ask.sandbox ?? DEFAULT_SANDBOX };
  if ('id' in ask && 'sandbox' in ask) return { id: ask.id, sandbox: ask.sandbox };
  if (ask.ask === 'accounts' || ask.ask === 'adoption') return { sandbox: ask.sandbox };
  return 'name' in ask && ask.name !== undefined ? { name: ask.name } : {};
}

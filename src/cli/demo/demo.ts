/**
 * `demo`: the whole job unattended, against the simulator. Starts everything, provisions the example source, posts the five
 * kinds of webhook, waits until each stands in the dataset, and says how long it took.
 *
 * All of it lies in a folder of its own. A demo that was killed is gone on with by the next one.
 */
import { join } from 'node:path';
import { type Configuration, readConfiguration } from '../../configuration.js';
import { startStack, type Stack } from '../../dev/stack.js';
import { watchInterruption } from '../../process/interruption.js';
import { codedError, EXIT_CODES, type ExitCode } from '../../domain/errors.js';
import { packageFile } from '../../process/packageFiles.js';
import type { WebhookUrl } from '../../domain/inquiries.js';
import { runClient } from './client.js';
import { type DemoFindings, faultsOf, renderReport, reportDocument } from './report.js';
import { postWebhooks } from './post.js';
import { openDemoRun } from './run.js';
import { unreachableReason } from '../findings/unreachable.js';
import { countObjects, waitUntilLanded } from './truth.js';
import type { Output } from '../terminal/output.js';

export interface DemoOptions {
  /** For example `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
  readonly output: Output;
}

const SOURCE = 'support-chat';
/** After a lost answer an object may be late in lists; the simulator's lists are not. */
const CONSISTENCY_WINDOW_MS = 2_000;
const LANDED_TIMEOUT_MS = 120_000;

/** Ctrl-C ends it in order; another one at once, and the next start ends what was left behind. */
export async function runDemo({ environment, output }: DemoOptions): Promise<ExitCode> {
  const signal = watchInterruption({
    signals: process,
    monotonicMs: () => performance.now(),
    endAtOnce: () => process.exit(EXIT_CODES.interrupted),
  });
  signal.addEventListener('abort', () => output.note('Stopping everything (press Ctrl-C again to stop at once)'), {
    once: true,
  });
  try {
    return await demonstrate({ environment, output, signal });
  } catch (error) {
    // Whatever broke off then did so because everything is being ended.
    if (!signal.aborted) throw error;
    output.note('The demo was interrupted; the next run continues it.');
    return EXIT_CODES.interrupted;
  }
}

interface Interruptible extends DemoOptions {
  readonly signal: AbortSignal;
}

async function demonstrate(options: Interruptible): Promise<ExitCode> {
  const { output, signal } = options;
  const say = (line: string) => output.note(line);
  const startedAt = performance.now();
  const environment = withoutOutside(options.environment);
  const configuration = readConfiguration(environment);
  const run = openDemoRun(configuration.home);
  if (run.isResumed) say('The last demo did not finish; continuing it.');
  say(`Starting Temporal, PostgreSQL, the Adobe simulator, worker and receiver in ${configuration.home}`);
  const stack = await startStack({ configuration, environment, shortWindows: true, log: say, signal });
  try {
    const stackMs = performance.now() - startedAt;
    if (stack.environment['TEMPORAL_UI_URL'] !== undefined) say(`Temporal UI: ${stack.environment['TEMPORAL_UI_URL']}`);
    const findings = await doTheJob({ options, environment, configuration, stack, event: run });
    const allMs = performance.now() - startedAt;
    const report = { ...findings, timings: { ...findings.timings, stackMs, allMs } };
    output.result(reportDocument(report), () => renderReport(report, output.paint));
    return faultsOf(report).length === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
  } finally {
    await stack.stop();
    if (!signal.aborted) run.finish();
  }
}

interface Job {
  readonly options: Interruptible;
  readonly environment: NodeJS.ProcessEnv;
  readonly configuration: Configuration;
  readonly stack: Stack;
  readonly event: { readonly seed: number; readonly atMs: number };
}

async function doTheJob({ options, environment, configuration, stack, event }: Job): Promise<DemoFindings> {
  const { output, signal } = options;
  const say = (line: string) => output.note(line);
  const adminUrl = stack.environment['SIMULATOR_ADMIN_URL'] ?? '';
  const client = (args: readonly string[], shown: boolean) =>
    runClient(args, { ...environment, ...stack.environment }, shown, signal);

  const provisionStartedAt = performance.now();
  const provisioned = await client(['provision', packageFile(`examples/${SOURCE}.yaml`)], true);
  if (provisioned.exitCode !== 0) throw unfinished('the example source was not provisioned', configuration);
  const provisionMs = performance.now() - provisionStartedAt;

  const urls = await client(['--output=json', 'urls', SOURCE], false);
  if (urls.exitCode !== 0) throw unfinished('the webhook URLs are not known', configuration);
  say('Posting one webhook of each kind');
  const { webhooks } = JSON.parse(urls.stdout) as { webhooks: WebhookUrl[] };
  const sent = await postWebhooks(webhooks, event, signal).catch((error: unknown) => {
    throw unfinished(`the receiver did not take the webhooks: ${unreachableReason(error)}`, configuration, error);
  });

  say('Waiting until each event is in the dataset');
  const kindOf = new Map(sent.map(({ eventId, kind }) => [eventId, kind]));
  let firstLandedMs: number | undefined;
  const onLanded = (eventId: string): void => {
    firstLandedMs ??= performance.now() - provisionStartedAt;
    say(`  ${kindOf.get(eventId)} landed`);
  };
  const awaited = { eventIds: [...kindOf.keys()], timeoutMs: LANDED_TIMEOUT_MS, onLanded, signal };
  const [landed, objects] = await seen(adminUrl, awaited).catch((error: unknown) => {
    throw unfinished(
      `the simulator does not say which events have arrived: ${unreachableReason(error)}`,
      configuration,
      error,
    );
  });
  return { sent, landed, objects, timings: { stackMs: 0, provisionMs, firstLandedMs, allMs: 0 } };
}

async function seen(adminUrl: string, awaited: Parameters<typeof waitUntilLanded>[1]) {
  const landed = await waitUntilLanded(adminUrl, awaited);
  return [landed, await countObjects(adminUrl, SOURCE)] as const;
}

function unfinished(reason: string, { home }: Configuration, cause?: unknown): Error {
  return codedError('CAEP_DEMO_UNFINISHED', { reason, logs: join(home, 'logs') }, { cause });
}

/** Nothing outside is touched: no database, no Adobe organisation, no port that somebody may want. */
function withoutOutside(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !/^(ADOBE_|RECEIVER_|DATABASE_(DIRECT_|MIGRATOR_)?URL(_FILE)?$|CHATLIO_AEP_KEY)/.test(name),
  );
  const home = join(readConfiguration(environment).home, 'demo');
  const anyPort = { CHATLIO_AEP_TEMPORAL_PORT: '0', CHATLIO_AEP_TEMPORAL_UI_PORT: '0', RECEIVER_PORT: '0' };
  const more = { CHATLIO_AEP_POSTGRES_PORT: '0', CHATLIO_AEP_SIMULATOR_PORT: '0', CHATLIO_AEP_HOME: home };
  const window = { ADOBE_CONSISTENCY_WINDOW_MS: String(CONSISTENCY_WINDOW_MS) };
  return { ...Object.fromEntries(kept), ...anyPort, ...more, ...window };
}

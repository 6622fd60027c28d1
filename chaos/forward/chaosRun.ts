/** One run: provisions, posts, kills and stops, waits until all is decided, and compares. */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { createTemporalSources } from '../../src/temporal/sources/temporalSources.js';
import { readConfiguration } from '../../src/configuration.js';
import { openDatabase } from '../../src/store/connection/database.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { connectClient } from '../../src/temporal/connection.js';
import { runClient } from '../stack/commandLine.js';
import { createSimulatorAdmin } from '../stack/simulatorAdmin.js';
import { DEV_SERVER, type On } from '../stack/temporal.js';
import { type Disrupted, carryOut } from './faults/disruptions.js';
import { canariesOf, readAccepted } from './records/canaries.js';
import { type Comparison, compare } from './records/compare.js';
import { watchHolds } from './faults/holds.js';
import { type Load, startLoad } from './load/load.js';
import { planOf } from './plan.js';
import { createPlatform } from './platform.js';
import { countSent, leaksOf } from './records/leaks.js';
import { STUCK_AFTER_MS, waitUntilDecided } from './records/decided.js';
import { type Backlog, readBacklog, readPlatform, readStore } from './records/records.js';
import { noteWhatIsSent, readMarkedRows, readSent } from './records/sent.js';
import { provisionSource } from './source.js';
import { type ForwardStack, lakeDatabaseOf, startForwardStack } from './stack.js';
import { LEAVING, tearDownUnderTraffic } from './teardown.js';
import { startFaultSchedule, type FaultSchedule } from './faults/faultSchedule.js';
import { postsOf } from './load/webhooks.js';
import { LAKE_LATENCY_MS } from './times.js';

export interface ForwardRun {
  readonly comparison: Comparison;
  readonly disrupted: Disrupted;
  /** Requests that the inlet accepted, by what the event was taken as and the version of the mapping. */
  readonly sent: ReadonlyMap<string, number>;
  /** Kinds of which, after an update, a second event was sent. */
  readonly canaries: number;
  readonly posts: number;
  /** Requests to the receivers that were not answered with 2xx. */
  readonly failedPosts: number;
  readonly faultHits: number;
  readonly placed: ReadonlyMap<string, number>;
  readonly unexpectedEnds: readonly string[];
  /** Why the forwarder was held: nothing in a run needs a person. */
  readonly holds: readonly string[];
  /** What the product's own audit says is wrong. */
  readonly audit: readonly string[];
  /** What did not come to its end, when it did not. */
  readonly stuck?: Backlog;
  readonly loadMs: number;
  readonly decidedMs: number;
  /** Left for a look when something is wrong. */
  readonly home: string;
}

export interface ForwardRunOptions {
  readonly seed: number;
  readonly events: number;
  readonly kills: number;
  /** Default: the development server. */
  readonly on?: On;
  /** Takes one line for a person. */
  readonly log: (line: string) => void;
}

export function isWithoutFault({ comparison, stuck, audit, holds, unexpectedEnds, disrupted }: ForwardRun): boolean {
  const wrong = [comparison.differences, audit, holds, unexpectedEnds, disrupted.failures];
  return wrong.every(({ length }) => length === 0) && stuck === undefined;
}

export async function runForwardChaos(options: ForwardRunOptions): Promise<ForwardRun> {
  const stack = await startForwardStack(options.on ?? DEV_SERVER, options.log);
  let isWell = false;
  try {
    const run = await runOn(stack, options);
    isWell = isWithoutFault(run);
    return run;
  } finally {
    await stack.stop(!isWell);
  }
}

async function runOn(stack: ForwardStack, { seed, events, kills, on, log }: ForwardRunOptions): Promise<ForwardRun> {
  const silent = pino({ level: 'silent' });
  const temporal = await connectClient(readConfiguration(stack.environment));
  const database = openDatabase({ url: stack.databaseUrl, applicationName: 'chaos', log: silent });
  const keyRing = await openKeyRing(stack.configuration.keyFile);
  const lakeUrl = lakeDatabaseOf(stack);
  try {
    const sources = createTemporalSources(temporal);
    const deps = { stack, client: temporal.client, sources, database, keyRing, seed };
    const source = await provisionSource({ ...deps, name: NAME, widget: WIDGET });
    await source.startForwarder();
    const simulator = createSimulatorAdmin(stack.simulatorUrl, stack.environment);
    const platform = createPlatform(stack.simulatorUrl, stack.environment);
    await platform.lookAtRuns(source.flowId);
    await noteWhatIsSent(lakeUrl);

    const posts = postsOf(seed, events);
    const plan = planOf(seed, posts.length, kills, on);
    const startedAt = performance.now();
    const load = startLoad({
      seed,
      posts,
      receiverUrls: stack.receiverUrls,
      pathOf: (kind) => source.webhookPath(kind),
    });
    const faultSchedule = startFaultSchedule(seed, simulator);
    const holds = watchHolds(source);
    const progress = watchProgress({ stack, lakeUrl, load, total: posts.length, faultSchedule, log });
    const disrupting = carryOut({ stack, database, platform, source, load, progress, log }, plan, posts.length);
    const disrupted = await Promise.race([disrupting, progress.stuck]);
    await Promise.race([load.finished, progress.stuck]);
    // The faults last as long as there is something to hit.
    await Promise.race([caughtUp(progress), progress.stuck]);
    await faultSchedule.end();
    const loadMs = performance.now() - startedAt;
    log(`all ${posts.length} posts are answered; waiting until all is decided`);
    progress.end();
    const stuck = await waitUntilDecided({ stack, lakeUrl, taken: load.taken().size, log });
    log('a source is torn down under traffic, and its name taken again');
    const takenByLeaving = await tearDownUnderTraffic(deps);
    const taken = new Map([...load.taken(), ...takenByLeaving]);
    const stuckAfterwards = stuck ?? (await waitUntilDecided({ stack, lakeUrl, taken: taken.size, log }));
    await holds.end();
    const store = await readStore(stack.databaseUrl);
    const sent = await readSent(lakeUrl);
    const leaving = disrupted.updates.map(async ({ update: { keptBack }, mapping }) => ({
      mapping,
      rows: await platform.mappingRows(mapping),
      keptBack,
    }));
    const canaries = canariesOf({
      accepted: await readAccepted(stack.databaseUrl, lakeUrl),
      updatedTo: disrupted.updates.map(({ mapping }) => mapping),
      lakeLatencyMs: LAKE_LATENCY_MS,
      lostCommits: disrupted.lostCommits,
    });
    const comparison = compare({
      taken,
      contradictions: load.contradictions(),
      platform: await readPlatform(lakeUrl),
      store,
      quietTimes: disrupted.quietTimes,
      inRequests: [
        ...leaksOf({ sent, markedRows: await readMarkedRows(lakeUrl), store, leaving: await Promise.all(leaving) }),
        ...canaries.differences,
      ],
    });
    return {
      comparison,
      disrupted,
      sent: countSent(sent, store),
      canaries: canaries.followed,
      posts: posts.length,
      failedPosts: load.failed(),
      faultHits: faultSchedule.hits(),
      placed: faultSchedule.placed,
      unexpectedEnds: stack.unexpectedEnds,
      holds: [...holds.reasons],
      audit: [...(await runClient(stack, ['audit', source.name])), ...(await runClient(stack, ['audit', LEAVING]))],
      ...(stuckAfterwards === undefined ? {} : { stuck: stuckAfterwards }),
      loadMs,
      decidedMs: performance.now() - startedAt - loadMs,
      home: stack.home,
    };
  } finally {
    await temporal.close();
    await database.close();
  }
}

const NAME = 'chat-forward';
const WIDGET = 'main-site';

async function caughtUp(progress: Pick<Progress, 'waiting'>): Promise<void> {
  do await delay(LOOK_EVERY_MS);
  while (progress.waiting() > 0);
}

const LOOK_EVERY_MS = 2_000;
const TELL_EVERY_LOOKS = 5;

interface Progress {
  /** Events that waited when it was last looked. */
  waiting(): number;
  /** Rejects when neither the load nor the delivery moves any more. */
  readonly stuck: Promise<never>;
  end(): void;
}

function watchProgress(deps: {
  readonly stack: ForwardStack;
  readonly lakeUrl: string;
  readonly load: Load;
  readonly total: number;
  readonly faultSchedule: FaultSchedule;
  readonly log: (line: string) => void;
}): Progress {
  const { stack, lakeUrl, load, total, faultSchedule, log } = deps;
  const ending = new AbortController();
  let last: Backlog | undefined;
  let seen = '';
  let movedAt = performance.now();

  async function watch(): Promise<never> {
    for (let looks = 1; ; looks += 1) {
      await delay(LOOK_EVERY_MS, undefined, { signal: ending.signal });
      // A database that is away says nothing.
      last = await readBacklog(stack.databaseUrl, lakeUrl).catch(() => last);
      const now = JSON.stringify([load.answered(), last]);
      if (now !== seen) movedAt = performance.now();
      seen = now;
      if (performance.now() - movedAt > STUCK_AFTER_MS)
        throw new Error(`nothing moves any more: ${now}; ${stack.home}`);
      if (looks % TELL_EVERY_LOOKS !== 0 || last === undefined) continue;
      log(
        `${load.answered()} of ${total} posts answered (${load.failed()} times not), ${last.waiting} events wait, ` +
          `${last.undecided + last.moving} under way, ${faultSchedule.hits()} faults met`,
      );
    }
  }

  const stuck = watch();
  // Its end is asked for.
  stuck.catch(() => undefined);
  return { waiting: () => last?.waiting ?? 0, stuck, end: () => ending.abort() };
}

/**
 * One run: to builds, over two of them, to one that does not fit and back, and away from builds again, while events come in as
 * fast as they are taken, a source is held from before the first deploy until after the last but one, and others are being made.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { readConfiguration } from '../../src/configuration.js';
import { forwarderWorkflowId } from '../../src/domain/source/source.js';
import { openDatabase } from '../../src/store/connection/database.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { connectClient } from '../../src/temporal/connection.js';
import type { Sources } from '../../src/temporal/sources/port.js';
import { createTemporalSources } from '../../src/temporal/sources/temporalSources.js';
import { type Load, startLoad } from '../forward/load/load.js';
import { postsOf } from '../forward/load/webhooks.js';
import { createPlatform } from '../forward/platform.js';
import { type Comparison, compare } from '../forward/records/compare.js';
import { waitUntilDecided } from '../forward/records/decided.js';
import { type Backlog, readPlatform, readStore } from '../forward/records/records.js';
import { documentOfRun, manifestOf, provisionSource, waitUntilLive } from '../forward/source.js';
import { lakeDatabaseOf, SANDBOX } from '../forward/stack.js';
import { runClient } from '../stack/commandLine.js';
import type { KeptProcess } from '../stack/keptProcess.js';
import { createSimulatorAdmin, type SimulatorAdmin } from '../stack/simulatorAdmin.js';
import { makeBrokenBuild } from './builds.js';
import { type FailedTask, readFailedTasks } from './failedTasks.js';
import { type Deploy, longestGap } from './gaps.js';
import { type DeployStack, startDeployStack } from './stack.js';

export interface DeployRun {
  readonly comparison: Comparison;
  /** Without a gap: the load was over before, so that it would say nothing. */
  readonly deploys: readonly (Deploy & { readonly longestGapMs: number | undefined })[];
  /** Of workflows on the broken build, which is what it is for. */
  readonly failedInBroken: number;
  /** All others. */
  readonly failedElsewhere: readonly FailedTask[];
  /** What commands did not do or say, and what else is not as it should be. */
  readonly faults: readonly string[];
  readonly unexpectedEnds: readonly string[];
  readonly failedPosts: number;
  readonly stuck?: Backlog;
  readonly loadMs: number;
  readonly home: string;
}

export interface DeployRunOptions {
  readonly seed: number;
  readonly events: number;
  /** Posts that begin in a second: the forwarder always has something to send, and the load outlasts the deploys. */
  readonly rate: number;
  /** Takes one line for a person. */
  readonly log: (line: string) => void;
}

export function isWithoutFault(run: DeployRun): boolean {
  const wrong = [run.comparison.differences, run.failedElsewhere, run.faults, run.unexpectedEnds];
  return wrong.every(({ length }) => length === 0) && run.failedInBroken > 0 && run.stuck === undefined;
}

export async function runDeployChaos(options: DeployRunOptions): Promise<DeployRun> {
  const stack = await startDeployStack(options.log);
  let isWell = false;
  try {
    const run = await runOn(stack, options);
    isWell = isWithoutFault(run);
    return run;
  } finally {
    await stack.stop(!isWell);
  }
}

const NAME = 'chat-deployed';
const HELD = 'chat-held';
const HOLD = 'hold';
/** Each create of a source that is being made takes so long: it is still being made when the build changes. */
const SLOW_CREATE_MS = 1_500;
const LIVE_WITHIN_MS = 180_000;
const STUCK_WITHIN_MS = 180_000;
const POLL_MS = 500;

async function runOn(stack: DeployStack, { seed, events, rate, log }: DeployRunOptions): Promise<DeployRun> {
  const temporal = await connectClient(readConfiguration(stack.environment));
  const database = openDatabase({
    url: stack.databaseUrl,
    applicationName: 'chaos',
    log: pino({ level: 'silent' }),
  });
  const lakeUrl = lakeDatabaseOf(stack);
  const faults: string[] = [];
  const command = async (...args: string[]) => void faults.push(...(await runClient(stack, args)));
  try {
    const sources = createTemporalSources(temporal);
    const keyRing = await openKeyRing(stack.configuration.keyFile);
    const simulator = createSimulatorAdmin(stack.simulatorUrl, stack.environment);
    const rollout = createRollout(stack, log);
    await rollout.begin();
    const deps = { client: temporal.client, sources, database, keyRing };
    const source = await provisionSource({ ...deps, name: NAME, widget: 'main-site' });
    await source.startForwarder();
    await createPlatform(stack.simulatorUrl, stack.environment).lookAtRuns(source.flowId);
    await hold(sources, simulator);

    const posts = postsOf(seed, events);
    const load = startLoad({
      seed,
      posts,
      receiverUrls: stack.receiverUrls,
      pathOf: (kind) => source.webhookPath(kind),
    });
    const startedAt = performance.now();
    const pace = startPace(load, posts.length, rate);

    await rollout.to('a');
    const first = await beginMoving(sources, simulator, 1);
    await rollout.to('b');
    const second = await beginMoving(sources, simulator, 2);
    await rollout.to('c');
    // Live before a build comes that can begin no forwarder that others go on with.
    faults.push(...(await faultsOfMoving(sources, simulator, [first, second])));
    await rollout.toBroken('broken', async () => {
      faults.push(...(await faultsOfStuck(sources, stack)));
    });
    // Held over all of these; the build on which it was held is long gone.
    await simulator.remove(HOLD);
    await command('resume', HELD);
    await waitUntilLive(sources, HELD).catch((error: unknown) => faults.push(String(error)));
    await rollout.to(undefined);
    const lastedUntilMs = pace.end();
    await load.finished;
    const loadMs = performance.now() - startedAt;
    log(`all ${posts.length} posts are answered; waiting until all is decided`);

    const stuck = await waitUntilDecided({ stack, lakeUrl, taken: load.taken().size, log });
    const platform = await readPlatform(lakeUrl);
    const comparison = compare({
      taken: load.taken(),
      contradictions: load.contradictions(),
      platform,
      store: await readStore(stack.databaseUrl),
      quietTimes: [],
      inRequests: [],
    });
    await command('audit', NAME);
    const acceptedAtMs = [...platform.values()].flatMap((event) => event.acceptedAtMs);
    const broken = rollout.deploys.find(({ isBroken }) => isBroken === true);
    const failed = await readFailedTasks(temporal.client);
    const isOfBroken = ({ at, isNondeterminism }: FailedTask): boolean =>
      broken !== undefined && isNondeterminism && at >= broken.fromMs && at <= broken.toMs;
    return {
      comparison,
      deploys: rollout.deploys.map((deploy) => ({
        ...deploy,
        longestGapMs: deploy.toMs > lastedUntilMs ? undefined : longestGap(deploy, acceptedAtMs),
      })),
      failedInBroken: failed.filter(isOfBroken).length,
      failedElsewhere: failed.filter((one) => !isOfBroken(one)),
      faults,
      unexpectedEnds: stack.unexpectedEnds,
      failedPosts: load.failed(),
      ...(stuck === undefined ? {} : { stuck }),
      loadMs,
      home: stack.home,
    };
  } finally {
    await temporal.close();
    await database.close();
  }
}

const TICK_MS = 100;

function startPace(load: Load, posts: number, rate: number) {
  let allowed = 0;
  let exhaustedAtMs: number | undefined;
  const tick = setInterval(() => {
    allowed += (rate * TICK_MS) / 1_000;
    load.allow(Math.floor(allowed));
    if (allowed >= posts) exhaustedAtMs ??= Date.now();
  }, TICK_MS);
  return {
    /** All that is left, as fast as it is taken. @returns until when there was something to post */
    end(): number {
      clearInterval(tick);
      load.allow(posts);
      return exhaustedAtMs ?? Date.now();
    },
  };
}

const TYPED_AT_MOST = 5;

function createRollout(stack: DeployStack, log: (line: string) => void) {
  const deploys: Deploy[] = [];
  let current: string | undefined;
  let serving: KeptProcess | undefined;
  const nameOf = (build: string | undefined): string => build ?? 'no build';
  /** A busy server may take longer over it than the command waits: then it is typed again. Without it there would be no deploy. */
  async function promote(build: string | undefined): Promise<void> {
    for (let typed = 1; ; typed += 1) {
      const said = await runClient(stack, ['deploy', 'promote', build ?? '--unversioned']);
      if (said.length === 0) return;
      if (typed === TYPED_AT_MOST) throw new Error(said.join(' '));
      log(`typed again, as ${said.join(' ')}`);
    }
  }
  return {
    deploys,
    async begin(): Promise<void> {
      serving = stack.worker(undefined);
      await serving.start();
    },
    /** Start the new ones, promote them, end the old ones. */
    async to(build: string | undefined): Promise<void> {
      const fromMs = Date.now();
      const next = stack.worker(build);
      await next.start();
      await promote(build);
      await serving?.stop();
      deploys.push({ name: `${nameOf(current)} → ${nameOf(build)}`, fromMs, toMs: Date.now() });
      [current, serving] = [build, next];
      log(`deployed ${nameOf(build)}`);
    },
    /** And back, once `seen` has seen what it does. The workers before it go on running, as the page says. */
    async toBroken(build: string, seen: () => Promise<void>): Promise<void> {
      const fromMs = Date.now();
      const broken = stack.worker(build, makeBrokenBuild());
      await broken.start();
      await promote(build);
      await seen();
      await promote(current);
      await broken.stop();
      deploys.push({
        name: `${nameOf(current)} → ${build} → ${nameOf(current)}`,
        fromMs,
        toMs: Date.now(),
        isBroken: true,
      });
      log('rolled back');
    },
  };
}

/** A source that waits for a person, because its dataset is refused. */
async function hold(sources: Sources, simulator: SimulatorAdmin): Promise<void> {
  await simulator.place(HOLD, {
    match: { sandbox: SANDBOX, route: 'catalog.dataSets.create', bodyIncludes: HELD },
    fault: { kind: 'status', status: 403 },
    times: 0,
  });
  await start(sources, HELD);
  const deadline = performance.now() + LIVE_WITHIN_MS;
  while ((await sources.describe(HELD))?.phase !== 'held') {
    if (performance.now() > deadline) throw new Error(`${HELD} is not held`);
    await delay(POLL_MS);
  }
}

async function start(sources: Sources, name: string): Promise<void> {
  const manifest = manifestOf(documentOfRun(name, `${name}-site`));
  await sources.start({ v: 1, uid: randomUUID(), manifest });
}

/** Resolves when it is being made. @returns its name */
async function beginMoving(sources: Sources, simulator: SimulatorAdmin, number: number): Promise<string> {
  const name = `chat-moving-${number}`;
  await simulator.place(name, {
    match: { sandbox: SANDBOX, method: 'POST', bodyIncludes: name },
    fault: { kind: 'slow', ms: SLOW_CREATE_MS, when: 'before-effect' },
    times: 0,
  });
  await start(sources, name);
  const deadline = performance.now() + LIVE_WITHIN_MS;
  while ((await sources.describe(name))?.phase !== 'provisioning') {
    if (performance.now() > deadline) throw new Error(`${name} is not being made`);
    await delay(POLL_MS);
  }
  return name;
}

/** Each is live, and there is nothing twice. */
async function faultsOfMoving(
  sources: Sources,
  simulator: SimulatorAdmin,
  names: readonly string[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const name of names) {
    await waitUntilLive(sources, name).catch((error: unknown) => faults.push(String(error)));
    const own = (await simulator.objects(SANDBOX)).filter((row) => row.name.includes(name));
    const titles = own.map(({ kind, name: title }) => `${kind} ${title}`);
    if (own.length < 5) faults.push(`of ${name} there is only: ${titles.join(', ')}`);
    faults.push(...titles.filter((title, index) => titles.indexOf(title) !== index).map((title) => `twice: ${title}`));
  }
  return faults;
}

/** The forwarder no longer goes on, and every command that is asked says so, with the build and the way back. */
async function faultsOfStuck(sources: Sources, stack: DeployStack): Promise<string[]> {
  const deadline = performance.now() + STUCK_WITHIN_MS;
  const workflow = forwarderWorkflowId(NAME);
  for (;;) {
    const { stuck } = await sources.stuckWorkflows();
    const found = stuck.find(({ fields }) => fields['workflow'] === workflow);
    if (found !== undefined) {
      const told = `${found.code} ${found.fields['code']} ${found.fields['lastBuild']}`;
      const expected = 'CAEP_WORKFLOW_NONDETERMINISTIC the build broken c';
      const faults = told === expected ? [] : [`stuck as ${told}, expected ${expected}`];
      // It fails, because something is wrong, and says what.
      const [doctor = 'doctor finds nothing'] = await runClient(stack, ['--output', 'json', 'doctor']);
      const isNamed = doctor.includes('CAEP_WORKFLOW_NONDETERMINISTIC') && /deploy promote c\b/.test(doctor);
      return isNamed ? faults : [...faults, `doctor does not name it: ${doctor}`];
    }
    if (performance.now() > deadline) return [`${workflow} goes on with a build that does not fit`];
    await delay(POLL_MS);
  }
}

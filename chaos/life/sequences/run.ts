/** Random sequences of operations, one per source, with events flowing all the while; then every event is looked for. */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { readConfiguration } from '../../../src/configuration.js';
import type { Kind } from '../../../src/domain/events/kinds.js';
import { openDatabase } from '../../../src/store/connection/database.js';
import { openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createProvisioningStore } from '../../../src/store/sources/provisioning.js';
import { type Comparison, compare } from '../../forward/records/compare.js';
import { type AtPlatform, readStore } from '../../forward/records/records.js';
import { KILL_TIMES } from '../../stack/kills/killPoints.js';
import { newSource } from '../../stack/product/sourceUnderTest.js';
import { type ChaosStack, resultOfProcesses, startChaosStack } from '../../stack/product/stack.js';
import { createRandom } from '../../stack/random.js';
import type { Report } from '../../stack/result.js';
import type { On } from '../../stack/temporal.js';
import { startChats } from './chats.js';
import { sequenceOf } from './moves.js';
import { walk } from './walk.js';

const MOVES = 12;
const MOST_SHOWN = 5;
/** Of a second, as the manifest says one: what the platform really needs is less than what the product waits. */
const POLICY = ['settleWindowMs=500', 'lakeDelayMs=500'];
const DELIVERY = { lakeLatency: '5s', lease: '3s', requestTimeout: '5s' };

export interface SequencesOptions {
  readonly seed: number;
  readonly sources: number;
  readonly on: On;
  readonly log: (line: string) => void;
}

export async function runSequences({ seed, sources, on, log }: SequencesOptions, report: Report): Promise<void> {
  const startedAt = performance.now();
  const stack = await startChaosStack({
    times: KILL_TIMES,
    sandboxCount: sources,
    log,
    on,
    withReceiver: true,
    policy: POLICY,
  });
  try {
    const walked = await Promise.all(
      stack.sandboxes.map((sandbox, index) => walkUnderTraffic(stack, sandbox, seed * 1_000 + index, log)),
    );
    for (const { moves: _, refusals: __, taken: ___, answers: ____, ...result } of walked) {
      report({ what: 'a random sequence, with events flowing', operation: 'all', ...result });
    }
    const taken = new Map(walked.flatMap((one) => [...one.taken]));
    // Of one that has stopped where it should not nothing is expected any more.
    const stopped = walked.filter(({ faults }) => faults.length > 0);
    const notJudged = new Set(stopped.flatMap((one) => [...one.taken.values()].map(({ eventId }) => eventId)));
    const { differences, delivered, open } = await comparedAtEnd(stack, taken, notJudged);
    const sum = (count: (one: (typeof walked)[number]) => number) => walked.reduce((all, one) => all + count(one), 0);
    const answered = [...new Set(walked.flatMap(({ answers }) => [...answers.keys()]))].toSorted((x, y) => x - y);
    log(
      [
        `${sum(({ moves }) => moves)} moves, of which ${sum(({ refusals }) => refusals)} were refused`,
        `posts by status: ${answered.map((status) => `${status} ${sum(({ answers }) => answers.get(status) ?? 0)}`).join(', ')}`,
        `${taken.size} events taken, ${delivered} accepted exactly once, open: ${JSON.stringify([...open])}`,
      ].join('; '),
    );
    report({
      what: 'every event that was taken is delivered once, or held',
      operation: 'all',
      name: `${taken.size - notJudged.size} events`,
      faults: [
        ...(taken.size === 0 ? ['no event was taken'] : []),
        ...differences
          .slice(0, MOST_SHOWN)
          .map(({ wrong, eventId, detail }) => `${wrong} ${eventId.slice(0, 16)}: ${detail}`),
        ...(differences.length > MOST_SHOWN ? [`and ${differences.length - MOST_SHOWN} more`] : []),
      ],
      durationMs: performance.now() - startedAt,
    });
    report(resultOfProcesses(stack, startedAt));
  } finally {
    await stack.stop();
  }
}

async function walkUnderTraffic(stack: ChaosStack, sandbox: string, seed: number, log: (line: string) => void) {
  const startedAt = performance.now();
  const source = await newSource(stack, sandbox, { delivery: DELIVERY });
  const readPaths = () => webhookPathsOf(stack, source.name);
  const chats = startChats({ receiverUrl: stack.receiverUrl, seed, readPaths });
  const sequence = sequenceOf(createRandom(seed), MOVES);
  const walker = { stack, source, typedAgain: [] };
  const { faults, ...walked } = await walk(walker, sequence, { chats, log });
  await chats.end();
  return {
    name: `sequence ${seed}`,
    ...walked,
    faults: [...faults, ...chats.faults.slice(0, MOST_SHOWN)],
    taken: chats.taken,
    answers: chats.answers,
    typedAgain: walker.typedAgain,
    durationMs: performance.now() - startedAt,
  };
}

async function webhookPathsOf(stack: ChaosStack, name: string): Promise<ReadonlyMap<Kind, string>> {
  const silent = pino({ level: 'silent' });
  const { keyFile } = readConfiguration(stack.environment);
  const database = openDatabase({ url: stack.databaseUrl, applicationName: 'chaos', log: silent });
  try {
    const urls = await createProvisioningStore(database, await openKeyRing(keyFile)).sourceUrls(name, '');
    const webhooks = urls?.webhooks ?? [];
    return new Map(webhooks.map(({ kind, url }): [Kind, string] => [kind as Kind, url]));
  } finally {
    await database.close();
  }
}

/** Of what was thrown away that is found out after four times as long as the lake may take. */
const DECIDED_WITHIN_MS = 120_000;
const POLL_MS = 2_000;

/** Sending takes its time, and so does the lake: compared again until nothing is missing. */
async function comparedAtEnd(
  stack: ChaosStack,
  taken: Parameters<typeof compare>[0]['taken'],
  notJudged: ReadonlySet<string>,
): Promise<Comparison> {
  const deadline = performance.now() + DECIDED_WITHIN_MS;
  for (;;) {
    const store = await readStore(stack.databaseUrl);
    const platform = platformOf(await stack.simulator.truth());
    const found = compare({
      taken,
      contradictions: [],
      platform,
      store,
      quietTimes: [],
      inRequests: [],
      mayBeThrownAway: true,
    });
    const differences = found.differences.filter(({ eventId }) => !notJudged.has(eventId));
    if (differences.length === 0 || performance.now() > deadline) return { ...found, differences };
    await delay(POLL_MS);
  }
}

function platformOf(truth: Awaited<ReturnType<ChaosStack['simulator']['truth']>>): ReadonlyMap<string, AtPlatform> {
  return new Map(
    truth.map(({ eventId, acceptances, rows }) => [
      eventId ?? '(without id)',
      {
        acceptances: acceptances.length,
        dropped: acceptances.filter(({ fate }) => fate !== 'land').length,
        rows,
        acceptedAtMs: acceptances.map(({ receivedMs }) => receivedMs),
      },
    ]),
  );
}

/** One source that a cell provisions, in a sandbox that no other cell uses at the same time. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SourceRun } from '../../../src/temporal/sources/port.js';
import type { Manifest } from '../../../src/domain/source/manifest.js';
import {
  forwarderWorkflowId,
  SOURCE_MESSAGES,
  sourceWorkflowId,
  type SourceState,
} from '../../../src/domain/source/source.js';
import { parseManifest } from '../../../src/manifest/read.js';
import { patiently } from '../patience.js';
import { toldOf } from './objects.js';
import type { ChaosStack } from './stack.js';

/** As soon as this is a dead worker noticed; its heartbeats come every second. */
const HEARTBEAT_TIMEOUT_MS = 2_500;
/** Each look costs the Temporal server as much as a step does. */
const POLL_MS = 400;

export interface SourceUnderTest {
  readonly name: string;
  readonly uid: string;
  readonly sandbox: string;
  /** The manifest as a person writes it, before it is parsed. */
  readonly document: Readonly<Record<string, unknown>>;
  /** How soon a dead worker is noticed. */
  readonly heartbeatTimeoutMs: number;
  /** Ids of what stood in the sandbox before. */
  readonly before: ReadonlySet<string>;
  /** Starts its workflow, also again after it has ended; always with the same uid. */
  start(): Promise<void>;
  describe(): Promise<SourceRun>;
  state(): Promise<SourceState>;
  resume(): Promise<void>;
  abort(): Promise<void>;
  cancel(): Promise<void>;
  terminate(): Promise<void>;
  /**
   * Ends its workflows without a trace at Adobe, so that they load nobody any more.
   *
   * @param effectsWithinMs for so long what they have asked for may still take effect: of one that was not brought to its end
   */
  forget(effectsWithinMs?: number): Promise<void>;
}

export interface SourceOptions {
  readonly name?: string;
  readonly uid?: string;
  /** `delivery` of the manifest, beside what all have. */
  readonly delivery?: Readonly<Record<string, unknown>>;
  /** How soon a dead worker is noticed. */
  readonly heartbeatTimeoutMs?: number;
}

export async function newSource(
  stack: ChaosStack,
  sandbox: string,
  options: SourceOptions = {},
): Promise<SourceUnderTest> {
  const { sources, client } = stack;
  const {
    name = `chat-${randomUUID().slice(0, 8)}`,
    uid = randomUUID(),
    heartbeatTimeoutMs = HEARTBEAT_TIMEOUT_MS,
  } = options;
  const document = manifestDocument(name, sandbox, options.delivery);
  const manifest = manifestFrom(document);
  const before = await countAgain(stack, sandbox);
  const handle = () => client.workflow.getHandle(sourceWorkflowId(name));
  const describe = async (): Promise<SourceRun> => {
    const run = await sources.describe(name);
    if (run === undefined) throw new Error(`${name} is not known to Temporal`);
    return run;
  };
  return {
    name,
    uid,
    sandbox,
    document,
    heartbeatTimeoutMs,
    before,
    // What a person does is done once: whoever has to type it again has found a fault.
    start: async () => void (await sources.start({ v: 1, uid, manifest, heartbeatTimeoutMs })),
    describe: () => patiently(describe),
    state: () => patiently(() => sources.state(name)),
    // As the Temporal UI sends it: the update by its name, with the JSON that a person types.
    resume: async () => void (await handle().executeUpdate(SOURCE_MESSAGES.resume, { args: [{}] })),
    abort: async () => void (await handle().executeUpdate(SOURCE_MESSAGES.abort, { args: [{}] })),
    cancel: async () => void (await handle().cancel()),
    terminate: async () => void (await handle().terminate('by the chaos run')),
    async forget(effectsWithinMs = 0) {
      for (const id of [sourceWorkflowId(name), forwarderWorkflowId(name)]) {
        // Ended already, or never started: as good.
        await client.workflow
          .getHandle(id)
          .terminate('the chaos run is done with it')
          .catch(() => undefined);
      }
      await delay(effectsWithinMs);
      stack.counted.set(sandbox, await idsIn(stack, sandbox));
    },
  };
}

/** What stands in a sandbox, which nobody has used since it was counted last. */
async function countAgain(stack: ChaosStack, sandbox: string): Promise<ReadonlySet<string>> {
  const rows = await stack.simulator.objects(sandbox);
  const before = stack.counted.get(sandbox);
  const late = before === undefined ? [] : rows.filter(({ id }) => !before.has(id));
  for (const row of late) {
    stack.lateObjects.push(`came to light later in ${sandbox}: ${await toldOf(stack, sandbox, row)}`);
  }
  return new Set(rows.map(({ id }) => id));
}

async function idsIn({ simulator }: ChaosStack, sandbox: string): Promise<ReadonlySet<string>> {
  return new Set((await simulator.objects(sandbox)).map(({ id }) => id));
}

function manifestDocument(
  name: string,
  sandbox: string,
  delivery: SourceOptions['delivery'] = {},
): Readonly<Record<string, unknown>> {
  return {
    version: 1,
    name,
    sandbox,
    chatlio: { widgets: [{ key: 'main-site' }] },
    dataset: { name: `Chatlio ${name}` },
    identity: { field: 'visitorEmail', namespace: 'Email' },
    delivery: { settleWindow: '1s', schemaSettleWindow: '1s', partitions: 1, ...delivery },
  };
}

export function manifestFrom(document: unknown): Manifest {
  const result = parseManifest(document);
  if (!result.ok) throw new Error(`not a valid manifest: ${JSON.stringify(result.problems)}`);
  return result.manifest;
}

/** Where a source has come to: a phase while its workflow runs, or how it ended. */
export function standOf(run: SourceRun): string {
  return run.open ? (run.phase ?? 'starting') : run.status.toLowerCase();
}

/**
 * Waits until the source stands at one of these.
 *
 * @param stands phases of a running workflow, or how it ended: `failed`, `cancelled`, `terminated`
 * @returns which one
 * @throws Error when it has come to an end of another kind, or when the time is over
 */
export async function waitForStand(
  source: SourceUnderTest,
  stands: readonly string[],
  timeoutMs: number,
  pollMs = POLL_MS,
): Promise<string> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const run = await source.describe();
    const stand = standOf(run);
    if (stands.includes(stand)) return stand;
    if (!run.open || performance.now() > deadline) {
      throw new Error(`${source.name} is ${stand}, expected ${stands.join(' or ')}${await reasonOf(source, run)}`);
    }
    await delay(pollMs);
  }
}

async function reasonOf(source: SourceUnderTest, run: SourceRun): Promise<string> {
  const pending = run.pending.map(({ name, attempt, lastFailure }) => `${name} #${attempt}: ${lastFailure ?? 'runs'}`);
  const hold = await source.state().then(
    (state) => (state.hold === undefined ? [] : [`held at ${state.hold.step}: ${JSON.stringify(state.hold.error)}`]),
    () => [],
  );
  const reasons = [...pending, ...hold];
  return reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
}

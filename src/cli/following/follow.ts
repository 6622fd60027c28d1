/** Follows a source until it comes to an end that the command waits for. By name, so over continue-as-new and restarts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, type CatalogueError } from '../../domain/errors.js';
import type { Context } from '../ports.js';
import type { SourceRun, Sources } from '../../temporal/sources/port.js';
import { type Counting, startCounting } from './counting.js';
import { createProgress } from './progress.js';
import type { Snapshot } from './snapshot.js';

/** `closed`: the workflow ended without having undone or torn down anything, as when somebody terminated it. */
type Ending = 'live' | 'held' | 'aborted' | 'torn-down' | 'closed';

/** `interrupted`: the person left; the run goes on. */
export type Followed =
  | { readonly ending: Ending; readonly snapshot: Snapshot }
  | { readonly ending: 'interrupted'; readonly snapshot?: Snapshot };

export interface FollowOptions {
  /** Ends that end the following; a closed workflow always does. */
  readonly until: readonly Ending[];
  /** Look at the forwarder too, once the source is live. */
  readonly withForwarder?: boolean;
  /** Called with each snapshot that differs from the one before. */
  readonly onChange?: (snapshot: Snapshot) => void;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 500;

function endingOf({ run, state }: Snapshot): Ending | undefined {
  const phase = state?.phase ?? run.phase;
  if (!run.open) return phase === 'aborted' || phase === 'torn-down' ? phase : 'closed';
  // One that is being torn down is live until nothing is waited for any more.
  if (phase === 'live' && state?.teardown !== undefined) return undefined;
  return phase === 'live' || phase === 'held' ? phase : undefined;
}

export async function follow(
  context: Context,
  sources: Sources,
  name: string,
  options: FollowOptions,
): Promise<Followed> {
  const progress = createProgress(context, name);
  const interruption = context.interruption();
  let snapshot: Snapshot | undefined;
  let counting: Counting | undefined;
  try {
    for (;;) {
      const looked = await look(sources, name, options, snapshot, (trouble) => progress.trouble(trouble));
      if (looked?.forwarder !== undefined) counting ??= startCounting(context, sources, name);
      const next = looked && { ...looked, intake: counting?.latest() };
      if (next !== undefined) {
        if (whatChanges(next) !== (snapshot && whatChanges(snapshot))) options.onChange?.(next);
        snapshot = next;
        progress.show(next);
        const ending = endingOf(next);
        if (ending !== undefined && (ending === 'closed' || !next.run.open || options.until.includes(ending))) {
          return { ending, snapshot: next };
        }
      }
      const goesOn = await sleep(options.intervalMs ?? INTERVAL_MS, true, { signal: interruption.signal }).catch(
        () => false,
      );
      if (!goesOn) return { ending: 'interrupted', snapshot };
    }
  } finally {
    counting?.end();
    progress.end();
    interruption.release();
  }
}

/** Without what only grows older. */
function whatChanges({ forwarder, intake, ...rest }: Snapshot): string {
  const { counters: _counters, surveyedAt: _surveyedAt, ...report } = forwarder ?? {};
  const { counted, gate, silent = [] } = intake ?? {};
  return JSON.stringify([rest, report, counted?.mark, gate?.open, gate?.opensAt, silent.map(({ kind }) => kind)]);
}

/** A server or worker that is away for a while does not end the following: the run goes on without us. */
async function look(
  sources: Sources,
  name: string,
  { withForwarder }: FollowOptions,
  before: Snapshot | undefined,
  trouble: (error: CatalogueError | undefined) => void,
): Promise<Snapshot | undefined> {
  let run: SourceRun | undefined = before?.run;
  try {
    run = (await sources.describe(name)) ?? run;
    if (run === undefined) throw new CodedError({ code: 'CAEP_SOURCE_UNKNOWN', fields: { name } });
    const state = await sources.state(name);
    const forwarder = withForwarder === true && state.phase === 'live' ? await sources.forwarderState(name) : undefined;
    trouble(undefined);
    return { run, state, forwarder };
  } catch (error) {
    if (!(error instanceof CodedError) || !TRANSIENT.has(error.error.code)) throw error;
    trouble(error.error);
    return run === undefined ? undefined : { ...before, run };
  }
}

const TRANSIENT: ReadonlySet<string> = new Set([
  'CAEP_NO_WORKER',
  'CAEP_BUILD_WITHOUT_TASKS',
  'CAEP_TEMPORAL_UNREACHABLE',
  'CAEP_TEMPORAL_FAILED',
  'CAEP_WORKFLOW_STUCK',
  'CAEP_WORKFLOW_NONDETERMINISTIC',
]);

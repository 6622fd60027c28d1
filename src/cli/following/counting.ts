/** Keeps asking how many events there are, beside whatever else is looked at, until it is ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '../../domain/errors.js';
import type { IntakeReport } from '../../domain/events/shownEvents.js';
import type { Context } from '../ports.js';
import type { Sources } from '../../temporal/sources/port.js';
import { type Rates, ratesBetween } from '../render/rates.js';

/** An answer, and when it came. */
export interface SeenIntake extends Omit<IntakeReport, 'v'> {
  /** By the clock of this process. */
  readonly seenAt: number;
  readonly rates?: Rates;
}

export interface Counting {
  /** The newest answer. @throws what no later question would mend */
  latest(): SeenIntake | undefined;
  end(): void;
}

/** As long as the worker waits for something to change before it answers that nothing has. */
const WAIT_MS = 15_000;
/** Between two questions: each costs Temporal some writes. */
const PAUSE_MS = 1_000;

export function startCounting({ now }: Pick<Context, 'now'>, sources: Sources, name: string): Counting {
  const ended = new AbortController();
  let seen: SeenIntake | undefined;
  let failure: unknown;
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        const after = seen?.counted === undefined ? {} : { unlike: seen.counted.mark, waitMs: WAIT_MS };
        const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'intake', name, ...after }, ended.signal);
        seen = { ...report, seenAt: now(), rates: ratesBetween(seen?.counted, report.counted) };
      } catch (error) {
        // A worker or a database that is away is told by what else is looked at; the numbers age meanwhile.
        if (!(error instanceof CodedError)) throw error;
      }
      await sleep(PAUSE_MS, undefined, { signal: ended.signal });
    }
  };
  run().catch((error: unknown) => {
    if (!ended.signal.aborted) failure = error;
  });
  return {
    latest() {
      if (failure !== undefined) throw failure;
      return seen;
    },
    end: () => ended.abort(),
  };
}

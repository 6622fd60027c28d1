/**
 * The kill matrix of a source's life: {worker, Temporal's server, PostgreSQL} × {before each request, in each request with an
 * effect, at random moments} × each operation. It must end as without the kill, and nobody resumes anything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError, type ErrorCode } from '../../../src/domain/errors.js';
import { waitForHit } from '../../stack/kills/hits.js';
import { type KillPoint, killRule, parkRule, SLOW_MS } from '../../stack/kills/killPoints.js';
import { type InWave, runWave } from '../../stack/product/killWave.js';
import { newSource } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack, Victim } from '../../stack/product/stack.js';
import { shuffled } from '../../stack/random.js';
import type { CellResult } from '../../stack/result.js';
import { ASKED_BY, type Subject } from '../operations.js';
import { AGAIN_AT_MOST, isUnderWay, saysAgain } from '../typed.js';
import { differencesAtEnd, waitUntilOver } from '../state/ending.js';
import { makeLive } from '../state/live.js';
import { type LifePoint, nameInPaths, type Undisturbed } from './undisturbed.js';

export interface LifeKill {
  readonly name: string;
  readonly what: string;
  readonly victim: Victim;
  readonly of: Undisturbed;
  readonly moment: LifePoint | { readonly afterMs: number };
}

const RANDOM_MOMENTS = 4;
const LONGEST_OPERATION_MS = 4_000;

export function lifeKills(all: readonly Undisturbed[], victims: readonly Victim[], random: () => number): LifeKill[] {
  return victims.flatMap((victim) =>
    all.flatMap((of) => {
      const kill = (what: string, name: string, moment: LifeKill['moment']): LifeKill => ({
        name: `kill ${victim} / ${of.operation.name} / ${name}`,
        what: `kill ${victim} ${what}`,
        victim,
        of,
        moment,
      });
      return [
        ...of.points.map((point) => kill(point.what, point.name, point)),
        ...Array.from({ length: RANDOM_MOMENTS }, () => Math.round(random() * LONGEST_OPERATION_MS)).map((afterMs) =>
          kill('at a random moment', `after ${afterMs} ms`, { afterMs }),
        ),
      ];
    }),
  );
}

/** Kills of one victim at a time, in a random order. */
export function wavesOf(kills: readonly LifeKill[], size: number, random: () => number): LifeKill[][] {
  return [...new Set(kills.map(({ victim }) => victim))].flatMap((victim) =>
    // A random moment is waited for, and what is held in a request must not be answered meanwhile.
    [true, false].flatMap((isAtRandom) => {
      const mixed = shuffled(
        kills.filter((kill) => kill.victim === victim && 'afterMs' in kill.moment === isAtRandom),
        random,
      );
      return Array.from({ length: Math.ceil(mixed.length / size) }, (_, wave) =>
        mixed.slice(wave * size, (wave + 1) * size),
      );
    }),
  );
}

/**
 * @param kills of one victim, at most one per sandbox
 * @param options.tell called when the wave is over
 */
export async function runLifeWave(
  stack: ChaosStack,
  kills: readonly LifeKill[],
  options: Parameters<typeof runWave>[3],
): Promise<CellResult[]> {
  const victim = kills[0]?.victim;
  if (victim === undefined) return [];
  const subjects = await Promise.all(
    kills.map(async (_, index) => ({ stack, source: await newSource(stack, stack.sandboxes[index] ?? '') })),
  );
  const wave = kills.flatMap((kill, index) => {
    const subject = subjects[index];
    return subject === undefined ? [] : [memberOf(subject, kill)];
  });
  const results = await runWave(stack, victim, wave, options);
  await Promise.all(subjects.map(({ source }) => source.forget()));
  return kills.map(({ name, what, of }, index) => ({
    what,
    operation: of.operation.name,
    name,
    typedAgain: wave[index]?.typedAgain,
    ...(results[index] ?? { faults: ['not tried'], durationMs: 0 }),
  }));
}

interface Member extends InWave {
  /** Answers because of which a command was typed once more; absent where it is typed once. */
  readonly typedAgain?: readonly string[];
}

const NEAR_WITHIN_MS = 60_000;
const THERE_WITHIN_MS = 30_000;

function memberOf(subject: Subject, { of: { operation, end }, moment }: LifeKill): Member {
  const { stack, source } = subject;
  const ask = async () => void (await operation.ask(subject, ASKED_BY));
  if ('afterMs' in moment) return atRandom(subject, { operation, end }, moment.afterMs);
  const ruleId = `${source.name}-kill`;
  let point: KillPoint = moment;
  let hitAt = 0;
  let clearedAt = 0;
  return {
    aftermathMs: 2 * SLOW_MS,
    begin: () => makeLive(subject, operation),
    async approach() {
      const { of } = moment;
      if (of !== undefined) point = { ...moment, path: nameInPaths((await source.state()).resources[of]) };
      await stack.simulator.place(ruleId, parkRule(source.sandbox, point));
      await ask();
      await waitForHit(stack.simulator, ruleId, NEAR_WITHIN_MS);
    },
    async arrive() {
      // Replaced at once, so that no request slips through in between.
      await stack.simulator.place(ruleId, killRule(source.sandbox, point));
      await waitForHit(stack.simulator, ruleId, THERE_WITHIN_MS);
      hitAt = performance.now();
    },
    clear() {
      clearedAt = performance.now();
      return stack.simulator.remove(ruleId);
    },
    end: () => waitUntilOver(subject, operation),
    async verify() {
      // The others of the wave have taken too long: the answer came before the kill, and this was no kill in a request.
      if (moment.fault.kind === 'slow' && clearedAt - hitAt > SLOW_MS) return ['the request was over before the kill'];
      return differencesAtEnd(subject, end);
    },
  };
}

/** Whose command has lost its server before it was told anything types it once more: that is all that anybody does. */
function atRandom(
  subject: Subject,
  { operation, end }: Pick<Undisturbed, 'operation' | 'end'>,
  afterMs: number,
): Member {
  const ask = async (): Promise<unknown> =>
    operation.ask(subject, ASKED_BY).then(
      () => undefined,
      (failure: unknown) => failure,
    );
  let asked: Promise<unknown> = Promise.resolve();
  const typedAgain: string[] = [];
  return {
    typedAgain,
    aftermathMs: 0,
    begin: () => makeLive(subject, operation),
    approach: async () => undefined,
    async arrive() {
      // All times of a wave end together.
      await delay(LONGEST_OPERATION_MS - afterMs);
      asked = ask();
      await delay(afterMs);
    },
    clear: async () => undefined,
    async end() {
      for (let failure = await asked; failure !== undefined; failure = await ask()) {
        // Refused where the one before was taken after all.
        if (typedAgain.length > 0 && isTakenAlready(failure)) break;
        if (!saysAgain(failure) || typedAgain.length === AGAIN_AT_MOST) throw failure;
        typedAgain.push(failure.error.code);
      }
      await waitUntilOver(subject, operation);
    },
    verify: () => differencesAtEnd(subject, end, { askedTwice: typedAgain.length > 0 }),
  };
}

/** It is under way, or is over, and the source with it. */
function isTakenAlready(refusal: unknown): boolean {
  return isUnderWay(refusal) || (refusal instanceof CodedError && OVER.has(refusal.error.code));
}

const OVER: ReadonlySet<ErrorCode> = new Set(['CAEP_NOT_LIVE', 'CAEP_SOURCE_UNKNOWN']);

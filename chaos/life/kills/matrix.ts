/**
 * The kill matrix of a source's life: {worker, Temporal's server, PostgreSQL} × {before each request, in each request with an
 * effect, at random moments} × each operation. It must end as without the kill, and nobody resumes anything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { waitForHit } from '../../stack/kills/hits.js';
import { type KillPoint, killRule, parkRule, SLOW_MS } from '../../stack/kills/killPoints.js';
import { type InWave, runWave } from '../../stack/product/killWave.js';
import { newSource } from '../../stack/product/sourceUnderTest.js';
import { type ChaosStack, type Victim, VICTIMS } from '../../stack/product/stack.js';
import { shuffled } from '../../stack/random.js';
import type { CellResult } from '../../stack/result.js';
import { ASKED_BY, type Subject } from '../operations.js';
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

export function lifeKills(all: readonly Undisturbed[], random: () => number): LifeKill[] {
  return VICTIMS.flatMap((victim) =>
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
  return VICTIMS.flatMap((victim) =>
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

/** @param kills of one victim, at most one per sandbox */
export async function runLifeWave(
  stack: ChaosStack,
  kills: readonly LifeKill[],
  random: () => number,
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
  const results = await runWave(stack, victim, wave, random);
  await Promise.all(subjects.map(({ source }) => source.forget()));
  return kills.map(({ name, what, of }, index) => ({
    what,
    operation: of.operation.name,
    name,
    ...(results[index] ?? { faults: ['not tried'], durationMs: 0 }),
  }));
}

const NEAR_WITHIN_MS = 60_000;
const THERE_WITHIN_MS = 30_000;

function memberOf(subject: Subject, { of: { operation, end }, moment }: LifeKill): InWave {
  const { stack, source } = subject;
  const ask = async () => void (await operation.ask(subject, ASKED_BY));
  if ('afterMs' in moment) return atRandom(subject, { operation, end }, moment.afterMs);
  const ruleId = `${source.name}-kill`;
  let point: KillPoint = moment;
  let hitAt = 0;
  let clearedAt = 0;
  return {
    aftermathMs: 2 * SLOW_MS,
    async approach() {
      await makeLive(subject, operation);
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
      if (clearedAt - hitAt > SLOW_MS) return ['the request was over before the kill'];
      return differencesAtEnd(subject, end);
    },
  };
}

/** Whose command has lost its server before it was told anything types it once more: that is all that anybody does. */
function atRandom(
  subject: Subject,
  { operation, end }: Pick<Undisturbed, 'operation' | 'end'>,
  afterMs: number,
): InWave {
  const ask = () => operation.ask(subject, ASKED_BY).then(() => true);
  let asked: Promise<boolean> | undefined;
  let askedTwice = false;
  return {
    aftermathMs: 0,
    approach: () => makeLive(subject, operation),
    async arrive() {
      // All times of a wave end together.
      await delay(LONGEST_OPERATION_MS - afterMs);
      asked = ask().catch(() => false);
      await delay(afterMs);
    },
    clear: async () => undefined,
    async end() {
      // Refused where the first one was taken after all.
      askedTwice = (await asked) !== true;
      if (askedTwice) await ask().catch(() => false);
      await waitUntilOver(subject, operation);
    },
    verify: () => differencesAtEnd(subject, end, { askedTwice }),
  };
}

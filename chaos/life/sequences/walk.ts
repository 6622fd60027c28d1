/** One source goes through its sequence; after each move what is there is compared with the model. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../src/domain/messageOf.js';
import type { Chats } from './chats.js';
import { COMMANDS, requireRefusal, type Walker } from './commands.js';
import { AT_FIRST, isLive, type Model } from './model.js';
import { afterMove, type PlannedMove } from './moves.js';
import { unlikeInTime } from './seen.js';

export interface Walked {
  readonly moves: number;
  readonly refusals: number;
  readonly faults: readonly string[];
}

const PAUSE_MS = 1_500;

/** @param options.chats is told when the source has new webhook URLs, and when they are taken no more */
export async function walk(
  walker: Walker,
  sequence: readonly PlannedMove[],
  options: { readonly chats: Pick<Chats, 'change'>; readonly log: (line: string) => void },
): Promise<Walked> {
  const { chats, log } = options;
  let model = AT_FIRST;
  let refusals = 0;
  const told: string[] = [];
  for (const planned of sequence) {
    const { move, refusedWith } = planned;
    told.push(refusedWith === undefined ? move.name : `(${move.name})`);
    try {
      const next = move.after(model);
      if (refusedWith === undefined) await make(walker, { name: move.name, before: model, next }, chats);
      else await requireRefusal(walker, move.name, next, refusedWith);
      refusals += refusedWith === undefined ? 0 : 1;
      model = afterMove(planned, model);
      const wrong = await unlikeInTime(walker, model);
      if (wrong.length > 0)
        return { moves: told.length, refusals, faults: [`${told.join(' → ')}: ${wrong.join('; ')}`] };
    } catch (error) {
      return { moves: told.length, refusals, faults: [`${told.join(' → ')}: ${messageOf(error)}`] };
    }
    await delay(PAUSE_MS);
  }
  log(`${walker.source.name}: ${told.join(' → ')}`);
  return { moves: told.length, refusals, faults: [] };
}

async function make(
  walker: Walker,
  { name, before, next }: { readonly name: PlannedMove['move']['name']; readonly before: Model; readonly next: Model },
  chats: Pick<Chats, 'change'>,
): Promise<void> {
  const [wasLive, becomesLive] = [isLive(before), isLive(next)];
  if (wasLive && !becomesLive) await chats.change('ending');
  await COMMANDS[name](walker, next);
  if (wasLive !== becomesLive) await chats.change(becomesLive ? 'live' : 'over');
}

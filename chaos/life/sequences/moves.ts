/** What people do to a source and to its objects, and what is so afterwards. Pure: a new move is a row. */
import type { ErrorCode } from '../../../src/domain/errors.js';
import {
  AT_FIRST,
  adopted,
  cutOff,
  drifted,
  flowInUse,
  isDrifted,
  isLive,
  isMadeByHand,
  isSending,
  isTorn,
  isUsingTheirFlow,
  type Model,
  provisioned,
  repaired,
  switched,
  tornDown,
  without,
} from './model.js';

export interface Move {
  readonly name: MoveName;
  readonly weight: number;
  /** Otherwise it changes nothing, and is made less often. */
  readonly isOfUse?: (model: Model) => boolean;
  readonly isAllowed: (model: Model) => boolean;
  readonly after: (model: Model) => Model;
  /** Where it is refused: with what. Undefined: nobody can say what happens, so nobody tries it. */
  readonly refusedWith?: (model: Model) => ErrorCode | undefined;
  /** Where it keeps what it has done. Absent: nothing changes. */
  readonly afterRefusal?: (model: Model) => Model;
}

export type MoveName =
  | 'provision'
  | 'adopt'
  | 'update'
  | 'pause'
  | 'pause with the flow'
  | 'unpause'
  | 'repair'
  | 'repair without loss'
  | 'teardown'
  | 'teardown without waiting'
  | 'teardown, discarding'
  | 'teardown with what was adopted'
  | `somebody ${
      | 'disables the flow'
      | 'enables the flow'
      | 'describes the flow'
      | 'changes the mapping'
      | 'renames the dataset'
      | 'deletes the flow'
      | 'deletes the flow and its source connection'
      | 'deletes the flow and its target connection'}`;

const EDITIONS = 4;
const ADOPTED_EDITIONS = 2;

/** As the command line says it. */
function notLive({ phase }: Model): ErrorCode | undefined {
  if (phase === 'live') return undefined;
  return phase === 'never made' ? 'CAEP_SOURCE_UNKNOWN' : 'CAEP_NOT_LIVE';
}

const isWhole = (model: Model): boolean => isLive(model) && !isTorn(model);
const refusedWherePaused = (model: Model): ErrorCode | undefined =>
  notLive(model) ?? (model.paused === 'no' ? undefined : 'CAEP_TEARDOWN_PAUSED');
/** The flow that was somebody's is not given back as somebody else has left it. */
const leavesAsFound = (model: Model): boolean => !isUsingTheirFlow(model) || model.drift.length === 0;

export const MOVES: readonly Move[] = [
  { name: 'provision', weight: 4, isAllowed: (model) => !isLive(model), after: provisioned },
  {
    name: 'adopt',
    weight: 3,
    // Of one that was taken apart nothing is left to be taken over.
    isAllowed: (model) => !isLive(model) && (model.objects.theirs.length === 0 || isMadeByHand(model)),
    after: adopted,
  },
  {
    name: 'update',
    weight: 4,
    // A flow that somebody has disabled is waited for.
    isAllowed: (model) => isWhole(model) && (model.paused !== 'no' || flowInUse(model) === 'enabled'),
    after: (model) => ({
      ...without(model, 'flow changed'),
      // The first one of ours has no contents; a source that has them keeps them.
      edition: model.of === 'theirs' ? (model.edition + 1) % ADOPTED_EDITIONS : (model.edition % (EDITIONS - 1)) + 1,
    }),
    refusedWith: notLive,
  },
  {
    name: 'pause',
    weight: 2,
    isOfUse: ({ paused }) => paused === 'no',
    isAllowed: isLive,
    after: (model) => (model.paused === 'no' ? { ...model, paused: 'yes' } : model),
    refusedWith: notLive,
  },
  {
    name: 'pause with the flow',
    weight: 2,
    isAllowed: isWhole,
    after: (model) => without(switched({ ...model, paused: 'with the flow' }, 'disabled'), 'flow disabled'),
    refusedWith: (model) => notLive(model) ?? 'CAEP_FLOW_GONE',
    // The gate is closed before the flow is asked for.
    afterRefusal: (model) => (isLive(model) && model.paused === 'no' ? { ...model, paused: 'yes' } : model),
  },
  {
    name: 'unpause',
    weight: 4,
    isOfUse: (model) => !isSending(model),
    isAllowed: isWhole,
    after: (model) => without(switched({ ...model, paused: 'no' }, 'enabled'), 'flow disabled'),
    refusedWith: (model) => notLive(model) ?? 'CAEP_FLOW_GONE',
  },
  { name: 'repair', weight: 4, isOfUse: isDrifted, isAllowed: isLive, after: repaired, refusedWith: notLive },
  {
    name: 'repair without loss',
    weight: 2,
    isOfUse: isDrifted,
    isAllowed: isWhole,
    after: repaired,
    refusedWith: (model) => (isLive(model) ? 'CAEP_REPAIR_LOSES' : undefined),
  },
  {
    name: 'teardown',
    weight: 2,
    isAllowed: (model) => isSending(model) && !model.mayHaveLost && leavesAsFound(model),
    after: tornDown,
    refusedWith: refusedWherePaused,
  },
  {
    name: 'teardown without waiting',
    weight: 1,
    isAllowed: (model) => isSending(model) && leavesAsFound(model),
    after: tornDown,
    refusedWith: refusedWherePaused,
  },
  {
    name: 'teardown, discarding',
    weight: 1,
    isAllowed: (model) => isLive(model) && leavesAsFound(model),
    after: tornDown,
    refusedWith: notLive,
  },
  {
    name: 'teardown with what was adopted',
    weight: 1,
    isAllowed: (model) => isSending(model) && model.of === 'theirs',
    after: (model) => tornDown(model, { includeAdopted: true }),
    refusedWith: refusedWherePaused,
  },
  {
    name: 'somebody disables the flow',
    weight: 2,
    isAllowed: (model) => isWhole(model) && flowInUse(model) === 'enabled',
    // A pause that meant to have it disabled finds that it is.
    after: (model) => switched(drifted(model, ...(model.paused === 'with the flow' ? [] : DISABLED)), 'disabled'),
  },
  {
    name: 'somebody enables the flow',
    weight: 1,
    isAllowed: (model) => isWhole(model) && flowInUse(model) === 'disabled',
    after: (model) => without(switched(model, 'enabled'), 'flow disabled'),
  },
  {
    name: 'somebody describes the flow',
    weight: 1,
    isAllowed: (model) => isWhole(model) && !isUsingTheirFlow(model),
    after: (model) => drifted(model, 'flow changed'),
  },
  {
    name: 'somebody changes the mapping',
    weight: 1,
    isAllowed: isWhole,
    after: (model) => drifted(model, 'flow changed'),
  },
  {
    name: 'somebody renames the dataset',
    weight: 1,
    // That of somebody else is left as it is, which is no repair.
    isAllowed: (model) => isLive(model) && model.of === 'ours',
    after: (model) => ({ ...model, isRenamed: true }),
  },
  { name: 'somebody deletes the flow', weight: 1, isAllowed: isWhole, after: (model) => cutOff(model) },
  {
    name: 'somebody deletes the flow and its source connection',
    weight: 1,
    isAllowed: isWhole,
    after: (model) => cutOff(model, 'source-connection'),
  },
  {
    name: 'somebody deletes the flow and its target connection',
    weight: 1,
    isAllowed: isWhole,
    after: (model) => cutOff(model, 'target-connection'),
  },
];

const DISABLED = ['flow disabled'] as const;
const REFUSED_SHARE = 0.15;

export interface PlannedMove {
  readonly move: Move;
  /** With what it is refused. */
  readonly refusedWith?: ErrorCode;
}

/** @returns what should be afterwards */
export function afterMove({ move, refusedWith }: PlannedMove, model: Model): Model {
  if (refusedWith === undefined) return move.after(model);
  return move.afterRefusal?.(model) ?? model;
}

/** From the draws alone. It ends live, whole and unpaused, so that what waits is sent. */
export function sequenceOf(random: () => number, length: number): PlannedMove[] {
  const planned: PlannedMove[] = [];
  let model: Model = AT_FIRST;
  const add = (move: Move | undefined): void => {
    if (move === undefined) return;
    planned.push({ move });
    model = afterMove({ move }, model);
  };
  while (planned.length < length) {
    const refused = MOVES.flatMap((move) => {
      const refusedWith = move.isAllowed(model) ? undefined : move.refusedWith?.(model);
      return refusedWith === undefined ? [] : [{ move, refusedWith }];
    });
    if (random() < REFUSED_SHARE && refused.length > 0) {
      const one = drawn(refused, model, random);
      planned.push(one);
      model = afterMove(one, model);
    } else {
      const possible = MOVES.filter((move) => move.isAllowed(model)).map((move) => ({ move }));
      add(drawn(possible, model, random).move);
    }
  }
  if (!isLive(model)) add(named('provision'));
  if (isDrifted(model)) add(named('repair'));
  if (model.paused !== 'no') add(named('unpause'));
  return planned;
}

function named(name: MoveName): Move | undefined {
  return MOVES.find((move) => move.name === name);
}

const WITHOUT_USE = 0.25;

function drawn<T extends PlannedMove>(from: readonly T[], model: Model, random: () => number): T {
  const weightOf = ({ move: { weight, isOfUse } }: T): number =>
    isOfUse?.(model) === false ? weight * WITHOUT_USE : weight;
  let left = random() * from.reduce((sum, one) => sum + weightOf(one), 0);
  return from.find((one) => (left -= weightOf(one)) < 0) ?? (from[0] as T);
}

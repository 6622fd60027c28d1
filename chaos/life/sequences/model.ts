/** What should be, after each move of a random sequence: small enough to be true by looking at it. Pure. */
import { ADOBE_STEPS } from '../../stack/product/stepRequests.js';

export interface Model {
  readonly phase: 'never made' | 'live' | 'torn down';
  /** Sending is paused. */
  readonly paused: boolean;
  readonly flow: 'enabled' | 'disabled';
  /** Which of the manifests it was given last. */
  readonly edition: number;
}

export const AT_FIRST: Model = { phase: 'never made', paused: false, flow: 'enabled', edition: 0 };

interface Move {
  readonly name: MoveName;
  readonly weight: number;
  /** Otherwise it is refused, and nothing changes. */
  readonly isAllowed: (model: Model) => boolean;
  readonly after: (model: Model) => Model;
}

export type MoveName =
  | 'provision'
  | 'update'
  | 'pause'
  | 'pause with the flow'
  | 'unpause'
  | 'somebody disables the flow'
  | 'somebody enables the flow'
  | 'teardown'
  | 'teardown, discarding';

const EDITIONS = 4;

const isLive = ({ phase }: Model): boolean => phase === 'live';

const MOVES: readonly Move[] = [
  {
    name: 'provision',
    weight: 4,
    isAllowed: (model) => !isLive(model),
    after: (model) => ({ ...model, phase: 'live', paused: false, flow: 'enabled' }),
  },
  {
    name: 'update',
    weight: 4,
    isAllowed: isLive,
    // The first one has no contents; a source that has them keeps them.
    after: (model) => ({ ...model, edition: (model.edition % (EDITIONS - 1)) + 1 }),
  },
  { name: 'pause', weight: 2, isAllowed: isLive, after: (model) => ({ ...model, paused: true }) },
  {
    name: 'pause with the flow',
    weight: 2,
    isAllowed: isLive,
    after: (model) => ({ ...model, paused: true, flow: 'disabled' }),
  },
  {
    name: 'unpause',
    weight: 4,
    isAllowed: isLive,
    after: (model) => ({ ...model, paused: false, flow: 'enabled' }),
  },
  // What is sent to a flow that is disabled is lost, whoever sends it: so only where nothing is sent.
  {
    name: 'somebody disables the flow',
    weight: 2,
    isAllowed: ({ phase, paused, flow }) => phase === 'live' && paused && flow === 'enabled',
    after: (model) => ({ ...model, flow: 'disabled' }),
  },
  {
    name: 'somebody enables the flow',
    weight: 1,
    isAllowed: ({ phase, paused, flow }) => phase === 'live' && paused && flow === 'disabled',
    after: (model) => ({ ...model, flow: 'enabled' }),
  },
  {
    name: 'teardown',
    weight: 2,
    isAllowed: (model) => isLive(model) && !model.paused,
    after: (model) => ({ ...model, phase: 'torn down' }),
  },
  {
    name: 'teardown, discarding',
    weight: 1,
    isAllowed: isLive,
    after: (model) => ({ ...model, phase: 'torn down' }),
  },
];

/** What a person types where it cannot be done. */
const REFUSED: ReadonlySet<MoveName> = new Set(['update', 'pause', 'unpause', 'teardown']);
const REFUSED_SHARE = 0.15;

export interface PlannedMove {
  readonly move: Move;
  readonly isRefused: boolean;
}

/** From the draws alone. It begins with a provision, and ends live and unpaused, so that what waits is sent. */
export function sequenceOf(random: () => number, length: number): PlannedMove[] {
  const planned: PlannedMove[] = [];
  let model = AT_FIRST;
  const add = (move: Move | undefined, isRefused = false): void => {
    if (move === undefined) return;
    planned.push({ move, isRefused });
    if (!isRefused) model = move.after(model);
  };
  add(named('provision'));
  while (planned.length < length) {
    const isRefused = random() < REFUSED_SHARE;
    const possible = MOVES.filter((move) =>
      isRefused ? REFUSED.has(move.name) && !move.isAllowed(model) : move.isAllowed(model),
    );
    add(drawn(possible, random), isRefused);
  }
  if (model.phase !== 'live') add(named('provision'));
  if (model.paused) add(named('unpause'));
  return planned;
}

function named(name: MoveName): Move | undefined {
  return MOVES.find((move) => move.name === name);
}

function drawn(moves: readonly Move[], random: () => number): Move | undefined {
  let left = random() * moves.reduce((sum, { weight }) => sum + weight, 0);
  return moves.find(({ weight }) => (left -= weight) < 0);
}

export interface Seen {
  /** Which of the manifests the workflow has. */
  readonly edition: number;
  readonly steps: readonly string[];
  readonly flow?: string;
  readonly gateOpen?: boolean;
  readonly routes: number;
}

/** What holds data or says what it means stays, and the mapping set. */
const STAYS = ['field-group', 'schema', 'identity-descriptor', 'dataset', 'mapping-set'];
const KINDS = 5;

/** @returns in what the things that are there are not as they should be */
export function unlike(model: Model, seen: Seen): string[] {
  const live = isLive(model);
  const steps = live ? ADOBE_STEPS : STAYS;
  const expected: Seen = {
    edition: model.edition,
    steps: steps.toSorted(),
    ...(live ? { flow: model.flow } : {}),
    gateOpen: live && !model.paused,
    routes: live ? KINDS : 0,
  };
  return (['edition', 'steps', 'flow', 'gateOpen', 'routes'] as const)
    .filter((what) => String(seen[what]) !== String(expected[what]))
    .map((what) => `${what}: ${String(seen[what])}, expected ${String(expected[what])}`);
}

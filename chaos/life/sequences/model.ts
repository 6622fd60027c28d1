/** What should be, after each move of a random sequence: small enough to be true by looking at it. Pure. */
import { ADOBE_STEPS, type AdobeStep } from '../../stack/product/stepRequests.js';

type Owner = 'ours' | 'theirs';
type FlowState = 'enabled' | 'disabled';
type Connection = 'source-connection' | 'target-connection';

/** As `drift` names it: of which object what. */
type Drift = 'flow disabled' | 'flow changed' | 'flow gone' | `${Connection} gone`;

export interface Model {
  readonly phase: 'never made' | 'live' | 'torn down';
  /** Whose objects the source was given last: it was provisioned, or somebody has made them by hand and it was adopted. */
  readonly of: Owner;
  /** What exists, but for flows. */
  readonly objects: Readonly<Record<Owner, readonly AdobeStep[]>>;
  readonly flows: Readonly<Partial<Record<Owner, FlowState>>>;
  readonly paused: 'no' | 'yes' | 'with the flow';
  /** What somebody has changed, and nobody has brought back; but for the dataset, which stays as it is over a teardown. */
  readonly drift: readonly Drift[];
  /** Somebody has renamed our dataset. */
  readonly isRenamed: boolean;
  /** Which of the manifests it was given last. */
  readonly edition: number;
  /** Adobe may have taken events and thrown them away: they are held, and a person has to decide. */
  readonly mayHaveLost: boolean;
}

export const AT_FIRST: Model = {
  phase: 'never made',
  of: 'ours',
  objects: { ours: [], theirs: [] },
  flows: {},
  paused: 'no',
  drift: [],
  isRenamed: false,
  edition: 0,
  mayHaveLost: false,
};

/** What holds data or says what it means stays, and the mapping set. */
const STAYS: readonly AdobeStep[] = ['field-group', 'schema', 'identity-descriptor', 'dataset', 'mapping-set'];
const OURS = ADOBE_STEPS.filter((step) => step !== 'flow');
/** The tutorial has no identity. */
const MADE_BY_HAND = OURS.filter((step) => step !== 'identity-descriptor');

const KINDS = 5;

export const isLive = ({ phase }: Model): boolean => phase === 'live';

/** One that an adopted source has lost is made anew by us. */
export function flowInUse({ of, flows }: Model): FlowState | undefined {
  return of === 'theirs' ? (flows.theirs ?? flows.ours) : flows.ours;
}

/** Events are sent. */
export function isSending(model: Model): boolean {
  return isLive(model) && model.paused === 'no' && flowInUse(model) === 'enabled' && !isTorn(model);
}

/** Something that events go through was deleted. */
export function isTorn({ drift }: Model): boolean {
  return drift.some((one) => one.endsWith(' gone'));
}

export function isUsingTheirFlow({ of, flows }: Model): boolean {
  return of === 'theirs' && flows.theirs !== undefined;
}

/** Whole, so that it can be taken over once more. */
export function isMadeByHand({ objects, flows }: Model): boolean {
  return flows.theirs === 'enabled' && MADE_BY_HAND.every((step) => objects.theirs.includes(step));
}

export function provisioned(model: Model): Model {
  const { objects, flows, of, edition } = model;
  return {
    ...model,
    phase: 'live',
    of: 'ours',
    objects: { ...objects, ours: OURS },
    flows: { ...flows, ours: 'enabled' },
    paused: 'no',
    // Whole chats, which an adopted source keeps, are not cut again.
    edition: of === 'theirs' ? 1 : edition,
  };
}

export function adopted(model: Model): Model {
  const { objects, flows } = model;
  return {
    ...model,
    phase: 'live',
    of: 'theirs',
    objects: { ...objects, theirs: MADE_BY_HAND },
    flows: { ...flows, theirs: 'enabled' },
    paused: 'no',
    edition: 0,
  };
}

export function tornDown(model: Model, { includeAdopted = false } = {}): Model {
  const { of, objects, flows } = model;
  const takesTheirs = includeAdopted && of === 'theirs';
  return {
    ...model,
    phase: 'torn down',
    drift: [],
    objects: {
      ours: objects.ours.filter((step) => STAYS.includes(step)),
      theirs: takesTheirs ? objects.theirs.filter((step) => STAYS.includes(step)) : objects.theirs,
    },
    // What was adopted is given back as it was found.
    flows: flows.theirs === undefined || takesTheirs ? {} : { theirs: 'enabled' },
  };
}

/** Everything is as it was, or there is another one in its place. */
export function repaired(model: Model): Model {
  const { drift, objects, paused, of, isRenamed } = model;
  const gone = OURS.filter((step) => drift.some((one) => one === `${step} gone`));
  const isNew = drift.includes('flow gone');
  const next: Model = {
    ...model,
    objects: { ...objects, ours: [...objects.ours, ...gone] },
    drift: [],
    isRenamed: of === 'theirs' && isRenamed,
    // A pause had disabled the one before.
    paused: isNew && paused === 'with the flow' ? 'yes' : paused,
  };
  if (isNew) return { ...next, flows: { ...next.flows, ours: 'enabled' } };
  return drift.includes('flow disabled') ? switched(next, 'enabled') : next;
}

/** The flow in use. */
export function switched(model: Model, to: FlowState): Model {
  const { flows } = model;
  return { ...model, flows: { ...flows, [isUsingTheirFlow(model) ? 'theirs' : 'ours']: to } };
}

/** Somebody deletes the flow in use, and perhaps a connection of it. */
export function cutOff(model: Model, connection?: Connection): Model {
  const { flows, objects, drift } = model;
  const left: Partial<Record<Owner, FlowState>> = { ...flows };
  delete left[isUsingTheirFlow(model) ? 'theirs' : 'ours'];
  const owner: Owner = model.of === 'theirs' && objects.theirs.includes(connection ?? 'schema') ? 'theirs' : 'ours';
  return {
    ...model,
    flows: left,
    objects: { ...objects, [owner]: objects[owner].filter((step) => step !== connection) },
    drift: [
      ...drift.filter((one) => !one.startsWith('flow ')),
      'flow gone',
      ...(connection === undefined ? [] : [`${connection} gone` as const]),
    ],
    mayHaveLost: model.mayHaveLost || isSending(model),
  };
}

export function drifted(model: Model, ...what: readonly Drift[]): Model {
  return {
    ...model,
    drift: [...new Set([...model.drift, ...what])],
    mayHaveLost: model.mayHaveLost || (isSending(model) && what.some((one) => one.startsWith('flow '))),
  };
}

function isDatasetDrifted({ of, isRenamed }: Model): boolean {
  return of === 'ours' && isRenamed;
}

/** There is something to be brought back. */
export function isDrifted(model: Model): boolean {
  return model.drift.length > 0 || isDatasetDrifted(model);
}

export function without(model: Model, ...what: readonly Drift[]): Model {
  return { ...model, drift: model.drift.filter((one) => !what.includes(one)) };
}

export interface Seen {
  /** Which of the manifests the workflow has. */
  readonly edition: number;
  /** Of every object that exists. */
  readonly steps: readonly string[];
  /** `ours enabled`, `theirs disabled`. */
  readonly flows: readonly string[];
  readonly gateOpen?: boolean;
  readonly routes: number;
}

/** @returns in what the things that are there are not as they should be */
export function unlike(model: Model, seen: Seen): string[] {
  const live = isLive(model);
  const { objects, flows, edition } = model;
  const existing = Object.entries(flows).map(([owner, state]) => `${owner} ${state}`);
  const expected: Seen = {
    edition,
    steps: [...objects.ours, ...objects.theirs, ...existing.map(() => 'flow')].toSorted(),
    flows: existing.toSorted(),
    // Whether it is closed for what was deleted depends on whether an event was accepted just before.
    gateOpen: isTorn(model) && live && model.paused === 'no' ? seen.gateOpen : isSending(model),
    routes: live ? KINDS : 0,
  };
  return (['edition', 'steps', 'flows', 'gateOpen', 'routes'] as const)
    .filter((what) => String(seen[what]) !== String(expected[what]))
    .map((what) => `${what}: ${String(seen[what])}, expected ${String(expected[what])}`);
}

/** @param found as `drift` tells it @returns what is told without being so, or is so without being told */
export function unlikeDrift(model: Model, found: readonly string[]): string[] {
  const told = [...new Set(found)].toSorted().join(', ');
  const so = [...model.drift, ...(isDatasetDrifted(model) ? ['dataset changed'] : [])].toSorted().join(', ');
  return told === so ? [] : [`drift tells: ${told || 'nothing'}; it should be: ${so || 'nothing'}`];
}

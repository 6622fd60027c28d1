/** Step activities that keep their objects in memory and fail as a test tells them to. */
import { ApplicationFailure } from '@temporalio/common';
import type { CatalogueError } from '../../src/domain/errors.js';
import type { Delivery } from '../../src/domain/source/manifest.js';
import type { DriftLook } from '../../src/domain/drift/drift.js';
import type { GateOpening, OperationInput } from '../../src/domain/delivery/pause.js';
import type { RecordedOperation, RecordInput } from '../../src/domain/history.js';
import {
  undoActivityName,
  type SourceActivities,
  type StepFailureDetails,
  type StepInput,
  type StepResult,
  type UndoInput,
  type UndoResult,
} from '../../src/domain/source/provisioning.js';
import type { FlowOutstanding } from '../../src/domain/source/updating/replacing.js';
import { type Marker, STEP_NAMES, type StepName } from '../../src/domain/source/steps.js';
import {
  changeActivityName,
  type ChangeInput,
  type ChangeResult,
  type PreparedUpdate,
} from '../../src/domain/source/update.js';

/** When the gate opens after `openGate`. */
export const OPENED_AT = '2026-02-02T00:05:00.000Z';

/** When the URLs were revoked. */
const REVOKED_AT = '2026-02-02T00:01:00.000Z';

/** What a look finds where nothing has drifted. */
const IN_ORDER: DriftLook = { v: 1, drifted: [], more: 0, searchable: true };

export interface FakeSteps {
  readonly activities: SourceActivities;
  /** `field-group`, `undo-flow`, `startForwarder`: in the order of the calls. */
  readonly calls: string[];
  readonly inputs: Map<StepName, StepInput[]>;
  readonly undoInputs: Map<StepName, UndoInput>;
  /** Settings that the forwarder was given. */
  readonly configured: Delivery[];
  /** Of each undo of an object beside those that the source uses. */
  readonly removed: string[];
  /** Of each `change-…`. */
  readonly changes: (ChangeInput & { readonly step: StepName })[];
  /** How much had drifted, each time that it was written down. */
  readonly noted: number[];
  /** Of each `applyUpdate`. */
  readonly applied: OperationInput[];
  /** For which the gate was closed. */
  readonly reasons: string[];
  /** What was written down, in the order in which it was. */
  readonly recorded: RecordedOperation[];
  /** What each step (`schema`) or undo (`undo-schema`) does instead of succeeding, taken from the front. */
  readonly script: Map<string, (() => unknown)[]>;
}

export function refusal(error: CatalogueError, ambiguousSince?: number): ApplicationFailure {
  const details: StepFailureDetails = { error, ambiguousSince };
  return ApplicationFailure.create({ message: error.code, type: error.code, nonRetryable: true, details: [details] });
}

export function createFakeSteps(): FakeSteps {
  const fake: Omit<FakeSteps, 'activities'> = {
    calls: [],
    inputs: new Map(),
    undoInputs: new Map(),
    configured: [],
    removed: [],
    changes: [],
    noted: [],
    applied: [],
    reasons: [],
    recorded: [],
    script: new Map(),
  };

  async function scripted<T>(name: string, otherwise: () => T): Promise<T> {
    fake.calls.push(name);
    const next = fake.script.get(name)?.shift();
    const result = (await next?.()) as T | undefined;
    return result ?? otherwise();
  }

  const perform = (step: StepName) => (input: StepInput) => {
    fake.inputs.set(step, [...(fake.inputs.get(step) ?? []), input]);
    return scripted<StepResult>(step, () => ({
      resource: { kind: step, id: idOf(step, input.marker), ...generationOf(input.marker), origin: 'created' },
      found: false,
      ...(step === 'inlet' ? { opensAt: '2026-01-01T00:05:00.000Z' } : {}),
    }));
  };
  const generationOf = ({ generation }: Marker) => (generation === undefined ? {} : { generation });
  const idOf = (step: StepName, { generation }: Marker) =>
    `${step}-id${generation === undefined ? '' : `-g${generation}`}`;
  const undo = (step: StepName) => (input: UndoInput) => {
    fake.undoInputs.set(step, input);
    if (input.entry.generation !== undefined) fake.removed.push(input.entry.resource?.id ?? step);
    return scripted<UndoResult>(undoActivityName(step), () => ({ outcome: 'undone' }));
  };
  const change = (step: StepName) => (input: ChangeInput) => {
    fake.changes.push({ step, ...input });
    return scripted<ChangeResult>(changeActivityName(step), () => ({
      resource: input.resources[step] ?? { kind: step, id: `${step}-id`, origin: 'created' },
    }));
  };
  const activities = {
    ...Object.fromEntries(STEP_NAMES.map((step) => [step, perform(step)])),
    ...Object.fromEntries(STEP_NAMES.map((step) => [undoActivityName(step), undo(step)])),
    ...Object.fromEntries(STEP_NAMES.map((step) => [changeActivityName(step), change(step)])),
    closeGate: (input: OperationInput & { readonly reason: string }) => {
      fake.reasons.push(input.reason);
      return scripted('closeGate', () => undefined);
    },
    disableFlow: () => scripted('disableFlow', () => undefined),
    openGate: () => scripted<GateOpening>('openGate', () => ({ opened: true, opensAt: OPENED_AT })),
    checkPlan: () => scripted('checkPlan', () => undefined),
    prepareUpdate: ({ resources }: OperationInput) =>
      scripted<PreparedUpdate>('prepareUpdate', () => ({
        resources: {
          ...resources,
          'mapping-set': { kind: 'mapping-set', id: 'mapping-set-id', version: 1, origin: 'created' },
        },
        fields: ['messages'],
      })),
    applyUpdate: (input: OperationInput) => {
      fake.applied.push(input);
      return scripted('applyUpdate', () => ({ opensAt: OPENED_AT }));
    },
    recordOperation: async ({ operation }: RecordInput) => {
      await fake.script.get('recordOperation')?.shift()?.();
      fake.recorded.push(operation);
    },
    startForwarder: () => scripted('startForwarder', () => undefined),
    configureForwarder: (input: OperationInput) => {
      fake.configured.push(input.manifest.delivery);
      return scripted('configureForwarder', () => undefined);
    },
    stopForwarder: () => scripted('stopForwarder', () => undefined),
    revokeRoutes: () => scripted('revokeRoutes', () => ({ revoked: 5, revokedAt: REVOKED_AT })),
    restoreRoutes: () => scripted('restoreRoutes', () => undefined),
    readSpools: () => scripted('readSpools', () => []),
    countUnsent: () => scripted('countUnsent', () => ({ count: 0 })),
    countUnconfirmed: () => scripted('countUnconfirmed', () => ({ count: 0, held: 0 })),
    readMissing: ({ receivers }: { readonly receivers: readonly string[] }) =>
      scripted('readMissing', () => receivers.map((receiver) => ({ receiver, spooled: 2, known: 1, events: ['ab'] }))),
    lookForDrift: () => scripted<DriftLook>('lookForDrift', () => IN_ORDER),
    noteDrift: ({ count }: { readonly count: number }) => {
      fake.noted.push(count);
      return scripted('noteDrift', () => undefined);
    },
    enableFlow: () => scripted('enableFlow', () => undefined),
    removeReplaced: () => scripted('removeReplaced', () => ({ left: [] })),
    countOfFlow: () => scripted<FlowOutstanding>('countOfFlow', () => ({ count: 0, held: 0, used: true })),
    holdUnsent: () => scripted('holdUnsent', () => ({ v: 1, held: 0 })),
  } as unknown as SourceActivities;
  return { ...fake, activities };
}

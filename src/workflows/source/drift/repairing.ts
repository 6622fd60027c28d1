import { ActivityFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import type { OperationInput } from '../../../domain/delivery/pause.js';
import {
  recreated,
  type RepairInput,
  repairPlan,
  type RepairPlan,
  type RepairResult,
} from '../../../domain/drift/repair.js';
import { SOURCE_MESSAGES } from '../../../domain/source/source.js';
import { STEPS } from '../../../domain/source/steps.js';
import { REPAIR_INPUT } from '../../../domain/source/updateInputs.js';
import { refuse, requireShape } from '../../refuse.js';
import type { Changing } from '../changing.js';
import type { DriftWatch } from './drifting.js';
import { createRepair, RepairAborted } from './repair.js';

const repairUpdate = defineUpdate<RepairResult, [RepairInput?]>(SOURCE_MESSAGES.repair);

/**
 * Registers the update `repair`. To be called before the first await of the workflow.
 *
 * It looks anew first, and makes only those objects anew of which the caller was told what is lost. What fails holds, with the gate
 * closed where events go through what is repaired: `resume` goes on from there, `abort` undoes what was made.
 */
export function handleRepairing(changing: Changing, drift: DriftWatch): void {
  const { operations, removing } = changing;

  const repair = ({ recreate = [], by }: RepairInput = {}): Promise<RepairResult> =>
    operations.operate('repair', 'repair', (before) => run(before, recreate, by), {
      by,
      input: recreate.length === 0 ? undefined : { recreate },
    });

  async function run(
    before: OperationInput,
    recreate: NonNullable<RepairInput['recreate']>,
    by: string | undefined,
  ): Promise<RepairResult> {
    const { name } = before.marker;
    // One that began before this operation has seen the world before it.
    const seen = (await drift.look()) ?? (await drift.look());
    if (seen === undefined) return refuse({ code: 'CAEP_OPERATION_RUNNING', fields: { name, operation: 'drift' } });
    const plan = repairPlan(seen.drifted, before.resources);
    const untold = recreated(plan).filter((step) => !recreate.includes(step));
    if (untold.length > 0) {
      const resources = untold.map((step) => STEPS[step].title).join(', ');
      return refuse({ code: 'CAEP_REPAIR_LOSES', fields: { name, resources } });
    }
    if (plan.actions.length === 0) return { v: 1, changed: false, actions: [], left: seen.drifted };
    // What it makes is marked as what may wait to be removed.
    await removing.suspend();
    const opensAt = await carryOut(before, plan, by);
    const after = await drift.look().catch((failure: unknown) => {
      // What it has failed of stands in the state; the repair is done.
      if (!(failure instanceof ActivityFailure)) throw failure;
      return undefined;
    });
    removing.begin();
    return { v: 1, changed: true, actions: plan.actions, left: after?.drifted ?? plan.left, opensAt };
  }

  async function carryOut(
    before: OperationInput,
    plan: RepairPlan,
    by: string | undefined,
  ): Promise<string | undefined> {
    const repairing = createRepair(changing, { before, plan, by });
    try {
      return await repairing.run();
    } catch (aborted) {
      if (!(aborted instanceof RepairAborted)) throw aborted;
      await repairing.takeBack();
      const { name } = before.marker;
      return refuse({ code: 'CAEP_ABORTED', fields: { name, reason: aborted.message } });
    }
  }

  setHandler(repairUpdate, repair, {
    description:
      'Bring back what others have changed in Adobe: {} changes objects in place; {"recreate": ["flow"]} also makes anew what was deleted',
    validator: (input: RepairInput = {}) => {
      requireShape(REPAIR_INPUT, input);
      operations.requireIdle();
    },
  });
}

/** Flow Service: `/data/foundation/flowservice`. */
import type { Context, DataPlane } from '../context.js';
import { registerConnections } from './connections/connections.js';
import { registerFlows } from './flows/flows.js';
import { registerRuns } from './flows/runs.js';
import { registerSpecs } from './specs.js';

export function registerFlowService(context: Context, dataPlane: DataPlane): void {
  registerSpecs(context);
  registerConnections(context, 'connections');
  registerConnections(context, 'sourceConnections');
  registerConnections(context, 'targetConnections');
  registerFlows(context);
  registerRuns(context, dataPlane);
}

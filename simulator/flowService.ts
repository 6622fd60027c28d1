/** Flow Service: `/data/foundation/flowservice`. */
import type { Context, DataPlane } from './context.js';
import { registerConnections } from './flowService/connections.js';
import { registerFlows } from './flowService/flows.js';
import { registerRuns } from './flowService/runs.js';
import { registerSpecs } from './flowService/specs.js';

export function registerFlowService(context: Context, dataPlane: DataPlane): void {
  registerSpecs(context);
  registerConnections(context, 'connections');
  registerConnections(context, 'sourceConnections');
  registerConnections(context, 'targetConnections');
  registerFlows(context);
  registerRuns(context, dataPlane);
}

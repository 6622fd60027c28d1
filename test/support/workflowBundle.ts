import { DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import * as product from '../../src/temporal/workflowBundle.js';

/** Made once per test file, as it takes a second. */
export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return product.bundleWorkflows({ logger: new DefaultLogger('ERROR') });
}

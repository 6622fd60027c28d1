/** The workflow code as workers run it, made from its sources by exactly the SDK that will run it. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

interface BundleOptions {
  readonly logger?: Logger;
  /** Test hook: other workflows, run as the product's are. */
  readonly workflowsPath?: string;
}

export function bundleWorkflows(options: BundleOptions = {}): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: options.workflowsPath ?? fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    workflowInterceptorModules: [fileURLToPath(new URL('../workflows/queryGuard.ts', import.meta.url))],
    logger: options.logger,
  });
}

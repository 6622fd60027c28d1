/** Completes a build: the workflow bundle (made by exactly the SDK that will run it) and the files that tsc does not copy. */
import { cpSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const { code } = await bundleWorkflowCode({ workflowsPath: path('dist/src/workflows/index.js') });
writeFileSync(path('dist/src/workflows/bundle.js'), code);
cpSync(path('src/store/migrations'), path('dist/src/store/migrations'), { recursive: true });
